"""Printed codes: who gets one, what it says and for how long, what of it is kept, and how one is taken back."""

from dataclasses import replace
from typing import Any

import pytest

from certs import qr
from certs.catalogue import CATALOGUE, DocumentType
from certs.formats import Expected, Verified, cwt
from certs.keys import MemorySigner
from certs.status import Status, StatusLists, read_cwt
from idp.issuance import documents, printing
from idp.issuance.entitlement import Refusal
from idp.issuance.printing import MOST, Print
from idp.issuance.publication import STATUS_CWT
from idp.issuance.signers import Signers, SigningUnavailable
from idp.model import PRINTED
from tests.idp.issuance.office import ISSUER, Office

DAY = 86_400


def citizen(office: Office, document: str = "licence-1", view: str = "licence", **changed: Any) -> Print | Refusal:
    asked = {"account_id": "account-1", "document_id": document, "view": view, "signers": office.signers, **changed}
    with office.storage.transaction() as ports:
        return printing.for_citizen(ports, issuer=ISSUER, now=office.now, **asked)


def officer(office: Office, document: str = "licence-2", view: str | None = None) -> Print | Refusal:
    with office.storage.transaction() as ports:
        return printing.for_officer(
            ports, document_id=document, view=view, by="officer", issuer=ISSUER, signers=office.signers, now=office.now
        )


def printed(answer: Print | Refusal) -> Print:
    assert isinstance(answer, Print), answer
    return answer


def code(answer: object) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.code


def listed(office: Office, made: Print) -> Status:
    contents = cwt.peek(qr.from_text(made.text))
    number = int(contents.status_uri.rpartition("/")[2])
    published = office.publisher.status_list(number, STATUS_CWT, now=office.now)
    read = read_cwt(published.body, uri=contents.status_uri, anchors=(office.root,), now=office.now)
    return Status(read.get(contents.status_index))


def verified(office: Office, made: Print, **expected: Any) -> Verified:
    contents = cwt.peek(qr.from_text(made.text))
    number = int(contents.status_uri.rpartition("/")[2])
    published = office.publisher.status_list(number, STATUS_CWT, now=office.now)
    read = read_cwt(published.body, uri=contents.status_uri, anchors=(office.root,), now=office.now)
    statuses = StatusLists((read,))
    return cwt.verify(
        qr.from_text(made.text), trust=office.trust, statuses=statuses, now=office.now, expected=Expected(**expected)
    )


def test_a_print_from_the_register_to_the_verdict(office: Office) -> None:
    made = printed(citizen(office))
    told = verified(office, made, printed=True)
    assert (told.printed, told.holder_bound, told.document, told.view) == (True, False, "driving_licence", "licence")
    assert told.claims["full_name"] == made.name == "Nguyễn Thị Hoà"
    assert told.expires == made.expires == office.now + 365 * DAY
    assert office.kinds()[-2:] == ["print_intended", "document_printed"]  # the intent first
    with office.storage.reading() as ports:
        (kept,) = ports.documents.issued("licence-1")
        (event,) = ports.journal.read(kind="document_printed")
    assert (kept.credential_id, kept.holder_thumbprint) == (made.number, PRINTED)
    assert (event.account_id, event.details["by"], event.details["view"]) == ("account-1", "citizen", "licence")
    assert "Nguyễn" not in str(event.details) and made.text not in str(event.details)


def test_it_outlives_neither_document_nor_certificate(office: Office) -> None:
    with office.storage.transaction() as ports:
        held = ports.documents.get("licence-1")
        assert held is not None
        ports.documents.add([replace(held, document_id="soon", valid_until="2026-10-01")])
    assert printed(citizen(office, "soon")).expires < office.now + 12 * DAY
    office.now += 500 * DAY  # the signer's certificate has 730 days
    ends = int(office.signers.of("public-security").certificate.not_valid_after_utc.timestamp())
    assert printed(citizen(office)).expires == ends < office.now + 365 * DAY


def test_each_print_has_an_index_of_its_own(office: Office) -> None:
    made = [printed(citizen(office)) for _ in range(3)]
    indexes = {cwt.peek(qr.from_text(each.text)).status_index for each in made}
    assert len(indexes) == len({each.number for each in made}) == 3


def test_taken_back_alone_and_for_good(office: Office) -> None:
    lost, kept = printed(citizen(office)), printed(citizen(office))
    with office.storage.transaction() as ports:
        answer = printing.take_back(ports, number=lost.number, person_id="person-1", by="citizen", now=office.now)
    assert not isinstance(answer, Refusal)
    assert (listed(office, lost), listed(office, kept)) == (Status.INVALID, Status.VALID)
    for change in (documents.suspend, documents.reinstate):  # what is done to the document brings it not back
        with office.storage.transaction() as ports:
            change(ports, document_id="licence-1", by="test", now=office.now)
    assert (listed(office, lost), listed(office, kept)) == (Status.INVALID, Status.VALID)
    with office.storage.transaction() as ports:
        again = printing.take_back(ports, number=lost.number, person_id="person-1", by="citizen", now=office.now)
        states = {each.number: each.state for each in printing.made(ports, "person-1", now=office.now)}
        (event,) = ports.journal.read(kind="print_taken_back")
    assert code(again) == "taken_back"
    assert states == {lost.number: Status.INVALID, kept.number: Status.VALID}
    assert (event.account_id, event.details["credential_id"]) == ("account-1", lost.number)


def test_nobody_takes_back_another_persons_print_or_a_wallets_copy(office: Office) -> None:
    made = printed(citizen(office))
    office.receive(MemorySigner.generate())
    with office.storage.transaction() as ports:
        wallets = next(
            each for each in ports.documents.issued("licence-1") if each.holder_thumbprint != PRINTED
        ).credential_id
        for number, person in ((made.number, "person-3"), (wallets, "person-1"), ("", "person-1")):
            assert (
                code(printing.take_back(ports, number=number, person_id=person, by="x", now=office.now)) == "no_print"
            )
        assert [each.number for each in printing.made(ports, "person-1", now=office.now)] == [made.number]
        assert printing.made(ports, "person-1", now=made.expires) == ()


def test_what_happens_to_the_document_reaches_its_prints(office: Office) -> None:
    made = printed(citizen(office))
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id="licence-1", by="test", now=office.now)
    assert listed(office, made) is Status.SUSPENDED
    with office.storage.transaction() as ports:
        documents.set_lock(ports, person_id="person-1", locked=True, by="test", now=office.now)
    assert listed(office, made) is Status.HOLDER_LOCKED


def test_who_gets_none(office: Office) -> None:
    assert code(citizen(office, "licence-3")) == "no_document"  # somebody else's
    assert code(citizen(office, "nothing")) == "no_document"
    assert code(citizen(office, "licence-2", account_id="account-2")) == "account_level"
    assert code(citizen(office, account_id="nobody")) == "account_unusable"
    for view in ("", "nothing", "portraits"):
        assert code(citizen(office, view=view)) == "not_printed"
    assert code(citizen(office, "health-1", "full")) == "not_printed"  # too large for a code
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id="licence-1", by="test", now=office.now)
    assert code(citizen(office)) == "document_suspended"
    with office.storage.reading() as ports:
        assert len(ports.journal.read(kind="print_refused")) == 9
        assert not ports.journal.read(kind="document_printed")


def test_at_an_office_nobody_needs_an_account_of_level_two(office: Office) -> None:
    made = printed(officer(office))
    assert made.view.name == "licence"  # the first one
    assert verified(office, made, printed=True).claims["points"] == 12
    assert code(officer(office, "nothing")) == "no_document"
    with office.storage.transaction() as ports:
        documents.set_lock(ports, person_id="person-2", locked=True, by="test", now=office.now)
    assert code(officer(office)) == "person_unusable"


def test_a_person_keeps_few_prints_of_a_document(office: Office) -> None:
    made = [printed(citizen(office)) for _ in range(MOST)]
    assert code(citizen(office)) == "too_many_prints"
    printed(citizen(office, "health-1", "summary"))  # of each document
    with office.storage.transaction() as ports:
        printing.take_back(ports, number=made[0].number, person_id="person-1", by="citizen", now=office.now)
    printed(citizen(office))


def test_without_the_key_nothing_stays(office: Office) -> None:
    with pytest.raises(SigningUnavailable):
        citizen(office, signers=Signers({}))
    with office.storage.reading() as ports:
        assert not ports.documents.issued("licence-1") and not ports.journal.read(kind="print_intended")


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=list(CATALOGUE))
def test_what_goes_on_paper_fits_a_code(kind: DocumentType) -> None:
    assert 0 <= kind.printed_days <= 3653
    assert {view.name for view in printing.choices(kind)} <= {view.name for view in kind.views if view.qr}
    assert printing.choices(kind) == () or kind.printed_days


def test_a_kind_that_is_never_printed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = replace(CATALOGUE["driving_licence"], printed_days=0)
    monkeypatch.setattr(printing, "CATALOGUE", {**CATALOGUE, kind.name: kind})
    assert code(citizen(office)) == "not_printed"
