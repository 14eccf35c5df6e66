"""A couple with an account each and documents of every kind that says their names, beside the small issuing state of the tests."""

from datetime import date
from typing import Any

from certs import bundle as bundles
from certs import qr
from certs.formats import cwt
from certs.keys import MemorySigner
from idp.issuance.entitlement import Refusal
from idp.model import Account, Address, Document, Grant, Person, Session, Token
from idp.registries import business, changes, civil_status, population, tax
from idp.registries.changes import By, Done
from tests.idp.issuance.office import NOW, Office
from verifier import Verifier

HOME = Address("12 Lê Lợi", "Phường Bến Thành", "Hồ Chí Minh")
HAN = Person("p-han", "999190000501", "Trần Thị Hân", "1990-05-01", "female", "VN", HOME, "Huế", "+84300000501")
SON = Person("p-son", "999088000502", "Lê Văn Sơn", "1988-11-03", "male", "VN", HOME, "Hà Nội", "+84300000502")
TODAY = date(2026, 9, 21)
BY = By("officer", NOW, simulation=True)
WEDDING = date(2015, 6, 6)


def settle(office: Office) -> None:
    """The couple moves in."""
    with office.storage.transaction() as ports:
        ports.population.add([HAN, SON])
        for person, spouse, key in ((HAN, SON, "han"), (SON, HAN, "son")):
            assert person.phone is not None
            ports.accounts.add(Account(f"a-{key}", person.person_id, 2, person.phone, None, "no password"))
            ports.documents.add(
                [
                    population.identity(person, issued_on=date(2024, 8, 1), today=TODAY),
                    population.residence_registration(
                        person, since=date(2016, 1, 1), head=SON.name, relation="head" if person is SON else "spouse"
                    ),
                    tax.registration(person, office="Thuế (mô phỏng)", registered_on=date(2025, 7, 1)),
                    civil_status.marriage(person, spouse, married_on=WEDDING, registered_at="UBND (mô phỏng)", entry=7),
                ]
            )
        ports.documents.add(
            [
                business.certificate(
                    HAN,
                    form=business.HOUSEHOLD,
                    trade=("Cà phê", "Coffee"),
                    called=("Hoa Sen", "Hoa Sen"),
                    number="9900000001",
                    founded_on=date(2020, 2, 2),
                    head_office="1 Lê Lợi",
                )
            ]
        )
        ports.sessions.add(Session("s-han", "a-han", "sid", NOW, "LoA2", ("pwd",), NOW + 600, NOW + 600, NOW))
        grant = Grant("g-han", "a-han", "bank", ("openid",), "openid", NOW, NOW + 3600)
        ports.grants.open(grant, [Token("t-han", "g-han", "access", NOW + 3600)])


def act(office: Office, verb: str, person: Person = HAN, **what: Any) -> Done | Refusal:
    with office.storage.transaction() as ports:
        answer: Done | Refusal = getattr(changes, verb)(ports, person_id=person.person_id, by=BY, **what)
        return answer


def done(office: Office, verb: str, person: Person = HAN, **what: Any) -> Done:
    answer = act(office, verb, person, **what)
    assert isinstance(answer, Done), answer
    return answer


def refused(office: Office, verb: str, person: Person = HAN, **what: Any) -> str:
    answer = act(office, verb, person, **what)
    assert isinstance(answer, Refusal), answer
    return answer.code


def papers(office: Office, person: Person = HAN) -> dict[str, Document]:
    with office.storage.reading() as ports:
        return {one.type: one for one in ports.documents.of_person(person.person_id)}


def person_of(office: Office, person: Person = HAN) -> Person:
    with office.storage.reading() as ports:
        found = ports.population.get(person.person_id)
    assert found is not None
    return found


def fetch(office: Office, configuration: str, account: str = "a-han") -> tuple[MemorySigner, bytes]:
    """A copy in a wallet: its key, and what was signed for it."""
    key = MemorySigner.generate()
    token = office.token(configuration.partition(".")[0], account)
    return key, office.receive(key, configuration, token)


def verdict(office: Office, held: tuple[MemorySigner, bytes]) -> str:
    """What a counter says that has fetched the bundle of this moment: `accepted`, or the code of its refusal."""
    key, credential = held
    bundle = bundles.read(office.publisher.bundle(now=office.now).body, now=office.now)
    verifier = Verifier(bundle, clock=lambda: office.now)
    shown = qr.to_text(cwt.present(credential, key, now=office.now, audience=None, challenge=None))
    report = verifier.inspect(shown)
    return "accepted" if report.verified is not None else report.code
