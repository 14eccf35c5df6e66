"""The register of vehicles, simulated; kept by public security.

Spec: Law on Road Traffic Order and Safety 36/2024/QH15 Art. 36–39 (registration), 40 (years of use); Circular 79/2024/TT-BCA

The first two digits of a plate name a province, and none has 10: these plates are nobody's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from certs.catalogue import CATALOGUE
from idp.accounts.ages import years_later
from idp.model import Document, DocumentState, Person
from idp.registries.naming import document_id
from idp.registries.source import Source, Subject, day_between, some_birthday

TYPE = "vehicle_registration"
PROVINCE = "10"
SINCE = date(2016, 1, 1)  # older ones have papers of another form
OWNER_FROM, OWNER_TO = 18, 85
# Art. 40: a lorry is used for 25 years, a bus for 20; the others without end.
YEARS_OF_USE = {"truck": 25, "bus": 20}


@dataclass(frozen=True, slots=True)
class Model:
    type: str
    series: str  # of its plates
    brand: str
    name: str
    seats: int | None
    payload_kg: int | None = None


# Nobody makes these.
MODELS = (
    *(Model("motorcycle", "B1", "Sao Mai", "SM 110", 2),) * 5,
    *(Model("motorcycle", "C1", "Hải Âu", "Lướt 125", 2),) * 4,
    *(Model("moped", "AA", "Ve Vàng", "Điện 3", 2),) * 2,
    *(Model("car", "A", "Trường Sơn", "TS5", 5),) * 3,
    *(Model("car", "A", "Cửu Long", "Mekong 7", 7),) * 2,
    Model("truck", "C", "Trường Sơn", "Tải 3.5", 3, 3_490),
    Model("bus", "B", "Cửu Long", "Khách 29", 29),
    Model("trailer", "R", "Tân Thịnh", "Moóc 15", None, 15_000),
)
COLOURS = ("Trắng", "Đen", "Bạc", "Đỏ", "Xanh", "Xám", "Vàng cát")
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"  # a chassis number has no I, O and Q (ISO 3779)


def registration(
    person: Person,
    model: Model,
    *,
    plate: str,
    colour: str,
    chassis: str,
    engine: str,
    registered: date,
    issued_on: date,
    state: DocumentState = DocumentState.VALID,
) -> Document:
    record: dict[str, object] = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "plate": plate,
        "vehicle_type": model.type,
        "brand": model.brand,
        "model": model.name,
        "colour": colour,
        "chassis_number": chassis,
        "engine_number": engine,
        "first_registered": registered.isoformat(),
        "issued_on": issued_on.isoformat(),
    }
    if model.seats is not None:
        record["seats"] = model.seats
    if model.payload_kg is not None:
        record["payload_kg"] = model.payload_kg
    ends = years_later(registered, YEARS_OF_USE[model.type]).isoformat() if model.type in YEARS_OF_USE else None
    if ends is not None:
        record["valid_until"] = ends
    return Document(document_id(person.person_id, CATALOGUE[TYPE], record), person.person_id, TYPE, record, state, ends)


def _records(subject: Subject, dice: Random, *, today: date) -> Iterator[Document]:
    person = subject.person
    if not subject.holds(TYPE, dice, 0.6 if OWNER_FROM <= subject.years < OWNER_TO else 0.0):
        return
    wanted = subject.story.vehicle if subject.story else None
    model = next(one for one in MODELS if one.type == wanted) if wanted else dice.choice(MODELS)
    registered = day_between(dice, max(SINCE, years_later(some_birthday(person), OWNER_FROM + 1)), today)
    number = dice.randrange(100_000)
    yield registration(
        person,
        model,
        plate=f"{PROVINCE}{model.series}-{number // 100:03}.{number % 100:02}",
        colour=dice.choice(COLOURS),
        chassis="RSM" + "".join(dice.choices(_LETTERS, k=14)),
        engine=f"SM{dice.randrange(10**8):08}",
        registered=registered,
        issued_on=registered if dice.random() < 0.8 else day_between(dice, registered, today),
    )


SOURCE = Source("vehicles", (TYPE,), _records)
