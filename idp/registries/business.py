"""The business register, simulated: the certificate that names an organisation's legal representative, who holds it.

Spec: Law on Enterprises 59/2020/QH14 Art. 12, 28; Decree 168/2025/NĐ-CP; Circular 86/2024/TT-BTC Art. 5 (a business household
has its owner's number as tax code); Decision 20/2020/QĐ-TTg Art. 4 (a business has its registration code as identifier)
"""

from collections.abc import Iterator
from datetime import date
from random import Random

from certs.catalogue import CATALOGUE
from idp.accounts.ages import years_later
from idp.model import Document, DocumentState, Person
from idp.registries import places
from idp.registries.naming import document_id
from idp.registries.source import Source, Subject, day_between, some_birthday

TYPE = "organisation_certificate"
SINCE = date(2001, 1, 1)
PROVINCE = "99"  # no tax office has it: these codes are nobody's
HOUSEHOLD = "business_household"

# Form, how its name begins, how it is named abroad, what its representative is.
FORMS = {
    "limited_liability": ("Công ty TNHH", "Company Limited", "Giám đốc"),
    "joint_stock": ("Công ty Cổ phần", "Joint Stock Company", "Tổng giám đốc"),
    "partnership": ("Công ty Hợp danh", "Partnership", "Thành viên hợp danh"),
    "private_enterprise": ("Doanh nghiệp tư nhân", "Private Enterprise", "Chủ doanh nghiệp"),
    "cooperative": ("Hợp tác xã", "Cooperative", "Giám đốc"),
    HOUSEHOLD: ("Hộ kinh doanh", "", "Chủ hộ kinh doanh"),
}
_OFTEN = (
    *(HOUSEHOLD,) * 9,
    *("limited_liability",) * 6,
    "joint_stock",
    "joint_stock",
    "private_enterprise",
    "cooperative",
)
TRADES = (
    ("Vận tải", "Transport"),
    ("Cà phê", "Coffee"),
    ("Nông sản", "Farm Products"),
    ("May mặc", "Garments"),
    ("Xây dựng", "Construction"),
    ("Thủy sản", "Seafood"),
    ("Phần mềm", "Software"),
)
CALLED = (("Bình Minh", "Binh Minh"), ("Sao Mai", "Sao Mai"), ("Tân Lập", "Tan Lap"), ("Hoa Sen", "Hoa Sen"))


def certificate(
    person: Person,
    *,
    form: str,
    trade: tuple[str, str],
    called: tuple[str, str],
    number: str,
    founded_on: date,
    head_office: str,
    state: DocumentState = DocumentState.VALID,
) -> Document:
    begins, abroad, role = FORMS[form]
    record = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "organisation_number": number,
        "organisation_name": f"{begins} {trade[0]} {called[0]}",
        "legal_form": form,
        "founded_on": founded_on.isoformat(),
        "head_office": head_office,
        "tax_code": person.pid if form == HOUSEHOLD else number,
        "role": role,
    }
    if abroad:
        record["international_name"] = f"{called[1]} {trade[1]} {abroad}"
        record["short_name"] = f"{called[1]} {trade[1]}"
    return Document(document_id(person.person_id, CATALOGUE[TYPE], record), person.person_id, TYPE, record, state)


def _records(subject: Subject, dice: Random, *, today: date) -> Iterator[Document]:
    person = subject.person
    if not subject.holds(TYPE, dice, 0.035 if 20 <= subject.years < 76 else 0.0):
        return
    home = person.residence
    yield certificate(
        person,
        form="limited_liability" if subject.story else dice.choice(_OFTEN),
        trade=TRADES[0] if subject.story else dice.choice(TRADES),
        called=CALLED[0] if subject.story else dice.choice(CALLED),
        number=f"{PROVINCE}{dice.randrange(10**8):08}",
        founded_on=day_between(dice, max(SINCE, years_later(some_birthday(person), 19)), today),
        head_office=f"Số {dice.randint(1, 320)} {dice.choice(places.STREETS)}, {home.commune}, {home.province}",
    )


SOURCE = Source("business", (TYPE,), _records)
