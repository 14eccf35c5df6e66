"""Rows of the population register: what a person's row must say, whether it may come in, and whether it is there already.

Spec: Law 26/2023/QH15 Art. 9, 12; Civil Code 91/2015/QH13 Art. 26(3) (names); Decree 70/2024/NĐ-CP Art. 11 (numbers)
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from certs.catalogue import DocumentType, Fault, Field, Kind, Text, faults
from idp.accounts import phones
from idp.accounts.personal_id import disagreements
from idp.model import Address, Person
from idp.ports import Ports
from idp.registries.importing import numbers
from idp.registries.importing.register import (
    CANCELLED,
    THERE,
    WRITTEN,
    Candidate,
    Judged,
    Register,
    Settled,
    in_turn,
    refused,
)
from idp.registries.importing.seen import Seen

_SEXES = {"choices": ("male", "female"), "words": (Text("Nam", "Male"), Text("Nữ", "Female"))}


def _field(name: str, vi: str, en: str, kind: Kind = Kind.TEXT, **more: Any) -> Field:
    return Field(name, 0, kind, Text(vi, en), **more)


PEOPLE = DocumentType(
    "people",
    0,
    Text("Cơ sở dữ liệu dân cư", "Population register"),
    fields=(
        _field("pid", "Số định danh cá nhân", "Personal identification number", Kind.DIGITS, width=12),
        _field("name", "Họ, chữ đệm và tên", "Full name", form="person_name"),
        _field("birth_date", "Ngày, tháng, năm sinh", "Date of birth", Kind.DATE),
        _field("sex", "Giới tính", "Sex", Kind.CHOICE, **_SEXES),
        _field("nationality", "Quốc tịch", "Nationality", form="/[A-Z]{2}/"),
        _field("residence_detail", "Số nhà, đường, thôn", "House, street, hamlet", required=False),
        _field("residence_commune", "Xã, phường", "Commune"),
        _field("residence_province", "Tỉnh, thành phố", "Province"),
        _field("place_of_birth", "Nơi đăng ký khai sinh", "Place of birth registration"),
        _field("phone", "Số điện thoại", "Telephone", form="phone", required=False),
        _field("email", "Thư điện tử", "Email", form=r"/[^@\s]{1,64}@[^@\s]{1,255}/", required=False),
        _field("deceased_on", "Ngày mất", "Date of death", Kind.DATE, required=False),
    ),
    views=(),
    issuers=(),
    credential_days=0,
    order=(("birth_date", "deceased_on"),),
)
ALIASES = {"pid": ("personal_identification_number",), "name": ("full_name", "Họ và tên", "Họ tên", "Name")}

_FUTURE = Text("Ngày còn ở tương lai.", "The day is in the future.")
_WHOLE = Text("Cần đủ ngày, tháng, năm.", "Day, month and year are needed.")
_DIFFERS = Text(
    "Cơ sở dữ liệu ghi khác; thay đổi bằng lệnh people rename, move, death.",
    "The register says otherwise; change it with the commands people rename, move, death.",
)
_AT_ODDS = {
    "birth_year": (
        "birth_date",
        "number_disagrees",
        Text("Năm sinh khác với năm trong số định danh.", "The year of birth is not the one in the number."),
    ),
    "sex": (
        "sex",
        "number_disagrees",
        Text("Giới tính khác với giới tính trong số định danh.", "The sex is not the one in the number."),
    ),
}


def register(*, new_id: Callable[[], str], today: date, simulation: bool, dry_run: bool) -> Register:
    return Register(
        kind=PEOPLE,
        number="pid",
        event="people_imported",
        judge=partial(_judge, today=today, simulation=simulation),
        settle=partial(_settle, new_id=new_id, dry_run=dry_run),
        tidy=tidied,
        writes=not dry_run,
        aliases=ALIASES,
    )


def tidied(record: dict[str, Any]) -> dict[str, Any]:
    """The telephone as E.164 and the country in capitals, where they can be read so."""
    if isinstance(phone := record.get("phone"), str):
        record["phone"] = phones.normalise(phone) or phone
    if isinstance(country := record.get("nationality"), str) and len(country) == 2:
        record["nationality"] = country.upper()
    return record


def _judge(record: Mapping[str, Any], *, today: date, simulation: bool) -> Judged:
    found = [*faults(PEOPLE, record)]
    broken = {fault.field for fault in found}
    noted: list[Fault] = []
    for name in ("birth_date", "deceased_on"):
        if name in record and name not in broken and record[name] > today.isoformat():
            found.append(Fault(name, "future", _FUTURE))
    if "deceased_on" in record and "deceased_on" not in broken and len(record["deceased_on"]) < len("2026-11-22"):
        found.append(Fault("deceased_on", "form", _WHOLE))
    if "pid" not in broken:
        number = numbers.judged(record["pid"], where="pid", year=today.year, simulation=simulation)
        if isinstance(number, Fault):
            found.append(number)
        elif not broken & {"birth_date", "sex"}:
            at_odds = disagreements(number, birth_date=record["birth_date"], sex=record["sex"])
            noted += [Fault(*_AT_ODDS[name]) for name in at_odds]
    return Judged(tuple(found), tuple(noted))


def _settle(
    ports: Ports, batch: Sequence[Candidate], seen: Seen, *, new_id: Callable[[], str], dry_run: bool
) -> list[Settled]:
    held = ports.population.known({candidate.pid for candidate in batch})
    new: list[Person] = []

    def decide(candidate: Candidate) -> Settled:
        person = held.get(candidate.pid)
        if person is None:
            new.append(_person(candidate.record, new_id()))
            return WRITTEN
        if person.pid != candidate.pid:
            return refused("pid", "cancelled", CANCELLED)
        if differing := _differing(person, candidate.record):
            return refused("; ".join(differing), "differs", _DIFFERS)
        return THERE

    settled = in_turn(batch, "pid", seen, decide)
    if not dry_run:
        # In the order of their numbers: two who import the same people wait for one another, and not in a ring.
        ports.population.add(sorted(new, key=lambda person: person.pid))
    return settled


def _person(record: Mapping[str, Any], person_id: str) -> Person:
    return Person(
        person_id=person_id,
        pid=record["pid"],
        name=record["name"],
        birth_date=record["birth_date"],
        sex=record["sex"],
        nationality=record["nationality"],
        residence=Address(
            record.get("residence_detail", ""), record["residence_commune"], record["residence_province"]
        ),
        place_of_birth=record["place_of_birth"],
        phone=record.get("phone"),
        email=record.get("email"),
        deceased_on=record.get("deceased_on"),
    )


def _differing(person: Person, record: Mapping[str, Any]) -> list[str]:
    """The fields in which the file contradicts the register; where it is silent it contradicts nothing."""
    home = {f"residence_{part}": getattr(person.residence, part) for part in ("detail", "commune", "province")}
    return [name for name, value in record.items() if value != (home[name] if name in home else getattr(person, name))]
