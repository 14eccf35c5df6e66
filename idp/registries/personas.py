"""About ten people with names and stories, for the demonstration and the tests: data, always the same.

Their numbers begin with 999, their telephones with 030: neither is given to anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from certs.catalogue import Text
from idp.model import Account, AccountState, Address, DocumentState, Person
from idp.registries.licence_classes import LicenceClass

IDENTITY, LICENCE, HEALTH = "citizen_identity", "driving_licence", "health_record"
INSURANCE, TAX = "health_insurance_card", "tax_registration"
VEHICLE, ACCOUNT, RESIDENCE = "vehicle_registration", "social_security_account", "residence_registration"
BIRTH, MARRIAGE, COMPANY = "birth_certificate", "marriage_certificate", "organisation_certificate"
_ALL = (IDENTITY, LICENCE, HEALTH, INSURANCE, TAX, VEHICLE, ACCOUNT, RESIDENCE, MARRIAGE)


@dataclass(frozen=True, slots=True)
class PidReset:
    """That a number was cancelled and another one given (Decree 70/2024/NĐ-CP Art. 11)."""

    person_id: str
    pid: str
    on: str
    reason: str


@dataclass(frozen=True, slots=True)
class Marriage:
    spouse: str  # the other's key
    on: date


@dataclass(frozen=True, slots=True)
class Persona:
    key: str
    about: Text
    person: Person  # as first registered: before a reset of the number
    password: str = field(repr=False)
    level: int
    holds: tuple[str, ...] = ()
    classes: tuple[LicenceClass, ...] = ()
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # what a record says, where that is told
    states: Mapping[str, DocumentState] = field(default_factory=dict)
    account_state: AccountState = AccountState.ACTIVE
    reset: PidReset | None = None
    vehicle: str = ""  # its type
    marriage: Marriage | None = None

    @property
    def pid(self) -> str:
        """The number in force."""
        return self.reset.pid if self.reset else self.person.pid


def _person(number: int, pid: str, name: str, born: str, sex: str, home: Address, **more: Any) -> Person:
    return Person(
        person_id=f"person-{number:07}",
        pid=pid,
        name=name,
        birth_date=born,
        sex=sex,
        residence=home,
        phone=f"+8430{number + 1:07}",
        **{"nationality": "VN", "place_of_birth": home.province, **more},
    )


_CAR_AND_MOTORBIKE = (LicenceClass("A1", date(2016, 6, 20)), LicenceClass("B", date(2025, 6, 10)))
_WEDDING = date(2022, 10, 15)
_LORRY = (LicenceClass("B", date(2025, 5, 6)), LicenceClass("C", date(2026, 3, 2)))

PERSONAS: tuple[Persona, ...] = (
    Persona(
        "minh-anh",
        Text("Người lớn, có giấy phép lái xe và sổ sức khỏe", "An adult with a driving licence and a health book"),
        _person(
            0,
            "999196000346",
            "Nguyễn Thị Minh Anh",
            "1996-04-12",
            "female",
            Address("Số 5, ngõ 12 phố Đội Cấn", "Phường Ngọc Hà", "Hà Nội"),
            email="minh.anh@nguoidan.example",
        ),
        "Hoa-sen-2026",
        2,
        (*_ALL, BIRTH),
        _CAR_AND_MOTORBIKE,
        {
            LICENCE: {"points": 12},
            HEALTH: {
                "blood_group": "O+",
                "occupation": "Giáo viên",
                "allergies": ["Penicillin: nổi mề đay"],
                "conditions": ["Viêm mũi dị ứng"],
                "vaccinations": ["COVID-19 (3 liều)", "Viêm gan B (3 liều)", "Uốn ván (2025)"],
            },
        },
        vehicle="motorcycle",
        marriage=Marriage("van-binh", _WEDDING),
    ),
    Persona(
        "van-binh",
        Text(
            "Người lớn, giấy phép hạng C còn 8 điểm, đại diện một công ty",
            "An adult; licence of class C with 8 points left; represents a company",
        ),
        _person(
            1,
            "999088000125",
            "Trần Văn Bình",
            "1988-11-03",
            "male",
            Address("27 Nguyễn Trãi", "Phường Bến Thành", "Hồ Chí Minh"),
            email="van.binh@nguoidan.example",
        ),
        "Xe-tai-so-9",
        2,
        (*_ALL, COMPANY),
        _LORRY,
        {LICENCE: {"points": 8}, HEALTH: {"occupation": "Lái xe"}},
        vehicle="truck",
        marriage=Marriage("minh-anh", _WEDDING),
    ),
    Persona(
        "gia-han",
        Text("Chưa đủ 18 tuổi", "A minor of fourteen or more"),
        _person(
            2, "999312000207", "Phạm Gia Hân", "2012-05-19", "female", Address("Thôn Đông", "Xã Nam Đàn", "Nghệ An")
        ),
        "Truong-hoc-12",
        2,
        (IDENTITY, HEALTH, INSURANCE, RESIDENCE, BIRTH),
    ),
    Persona(
        "anne-marie",
        Text("Người nước ngoài thường trú", "A foreigner with permanent residence"),
        _person(
            3,
            "999185000418",
            "Anne-Marie Lefèvre",
            "1985-02-28",
            "female",
            Address("14 Lê Lợi", "Phường Hội An", "Đà Nẵng"),
            nationality="FR",
            place_of_birth="Pháp",
        ),
        "Pont-neuf-1607",
        2,
        (LICENCE, HEALTH, INSURANCE, TAX, RESIDENCE),
        (LicenceClass("B", date(2025, 9, 1)),),
    ),
    Persona(
        "quoc-khoa",
        Text("Căn cước điện tử đang bị khóa", "The electronic identity is locked"),
        _person(
            4,
            "999079000533",
            "Lê Quốc Khoa",
            "1979-07-07",
            "male",
            Address("Tổ dân phố 7", "Phường Lê Chân", "Hải Phòng"),
            locked=True,
        ),
        "Khoa-va-mo-1",
        2,
        (IDENTITY, LICENCE, VEHICLE, RESIDENCE),
        (LicenceClass("B2", date(2023, 1, 9)),),
        account_state=AccountState.LOCKED,
        vehicle="car",
    ),
    Persona(
        "huu-phuc",
        Text("Đã mất", "Deceased"),
        _person(
            5,
            "999051000661",
            "Đỗ Hữu Phúc",
            "1951-01-30",
            "male",
            Address("Ấp Bình An", "Xã Đất Mũi", "Cà Mau"),
            deceased_on="2026-02-14",
        ),
        "Nguoi-xua-51",
        2,
        (IDENTITY, INSURANCE),
        states=MappingProxyType({IDENTITY: DocumentState.REVOKED, INSURANCE: DocumentState.REVOKED}),
    ),
    Persona(
        "h-lim",
        Text("Chỉ biết năm sinh; tên có dấu nháy", "Born in a year known without day; a name with an apostrophe"),
        _person(6, "999158000774", "H'Lim Ayŭn", "1958", "female", Address("Buôn Kao", "Xã Ea Kao", "Đắk Lắk")),
        "Ca-phe-nguon-2",
        2,
        (IDENTITY, HEALTH, INSURANCE, ACCOUNT, RESIDENCE),
    ),
    Persona(
        "thanh-truc",
        Text("Đã được xác lập lại số định danh", "The personal identification number was set anew"),
        _person(
            7, "999190000812", "Võ Thanh Trúc", "1991-12-24", "female", Address("Ấp 3", "Phường Ninh Kiều", "Cần Thơ")
        ),
        "So-moi-nam-91",
        2,
        (IDENTITY, LICENCE, TAX, RESIDENCE, BIRTH),
        (LicenceClass("A1", date(2014, 8, 15)),),
        reset=PidReset("person-0000007", "999191000812", "2025-08-18", "Cải chính năm sinh"),
    ),
    Persona(
        "duc-hoa",
        Text("Tài khoản mức 1: chưa có giấy tờ trong ví", "Account of level 1: no documents in the wallet yet"),
        _person(
            8,
            "999201000906",
            "Hoàng Đức Hoà",
            "2001-09-02",
            "male",
            Address("9 Hai Bà Trưng", "Phường Hạ Long", "Quảng Ninh"),
        ),
        "Muc-mot-2001",
        1,
        (IDENTITY, LICENCE, HEALTH, RESIDENCE),
        (LicenceClass("A1", date(2020, 1, 15)),),
    ),
    Persona(
        "ngoc-diep",
        Text("Giấy phép lái xe đang bị tạm giữ", "The driving licence is suspended"),
        _person(
            9, "999193001010", "Bùi Ngọc Diệp", "1993-03-08", "female", Address("Thôn 2", "Xã Đức Trọng", "Lâm Đồng")
        ),
        "Nga-tu-den-do",
        2,
        (IDENTITY, LICENCE, HEALTH, INSURANCE, TAX, VEHICLE, RESIDENCE),
        (LicenceClass("B", date(2025, 4, 4)),),
        {LICENCE: {"points": 2}},
        MappingProxyType({LICENCE: DocumentState.SUSPENDED}),
        vehicle="moped",
    ),
)


def persona(key: str) -> Persona:
    """Raises KeyError."""
    return {one.key: one for one in PERSONAS}[key]


def account(one: Persona, *, password_hash: str, created_at: int) -> Account:
    """The persona's account; the hash is made by the caller, outside of a transaction."""
    assert one.person.phone is not None  # noqa: S101 - every persona has one; for the type checker
    return Account(
        account_id=f"account-{one.key}",
        person_id=one.person.person_id,
        level=one.level,
        phone=one.person.phone,
        email=one.person.email,
        password_hash=password_hash,
        state=one.account_state,
        created_at=created_at,
    )
