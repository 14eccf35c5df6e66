"""What changes in the registers: the records that follow, the copies that no longer hold, who is told; each walked to the verdict.

Spec: Law 26/2023/QH15 Art. 11(4); Decree 70/2024/NĐ-CP Art. 11; Decree 69/2024/NĐ-CP Art. 15
"""

from dataclasses import replace
from datetime import date

import pytest

from certs.catalogue import CATALOGUE, faults
from certs.status import Status
from idp.accounts.locks import Ground
from idp.issuance import documents, offer
from idp.issuance.entitlement import Refusal
from idp.login.standing import obstacle
from idp.model import AccountState, Address, DocumentState
from idp.registries import changes
from idp.storage.errors import Conflict
from tests.idp.issuance.office import Office
from tests.idp.registries.civil import (
    BY,
    HAN,
    HOME,
    SON,
    act,
    done,
    fetch,
    papers,
    person_of,
    refused,
    verdict,
)

IDENTITY, MARRIAGE, TAX = "citizen_identity.identity", "marriage_certificate.marriage", "tax_registration.registration"
NEW_HOME = Address("Thôn 2", "Xã Ea Kao", "Đắk Lắk")


def _events(office: Office, kind: str) -> list[dict[str, object]]:
    with office.storage.reading() as ports:
        return [dict(event.details) | {"account": event.account_id} for event in ports.journal.read(kind=kind)]


def _messages(office: Office, phone: str | None) -> list[str]:
    with office.storage.reading() as ports:
        return [message.text.en for message in ports.messages.recent(now=office.now, phone=phone)]


def _sound(office: Office) -> None:
    for person in (HAN, SON):
        for one in papers(office, person).values():
            assert faults(CATALOGUE[one.type], one.record) == ()


def test_a_new_name_is_in_every_record_and_old_copies_are_refused(office: Office) -> None:
    mine, of_son, elsewhere = (
        fetch(office, IDENTITY),
        fetch(office, MARRIAGE, "a-son"),
        fetch(office, IDENTITY, "a-son"),
    )
    assert [verdict(office, held) for held in (mine, of_son, elsewhere)] == ["accepted"] * 3
    office.now += 1
    answer = done(office, "rename", name="Trần Thị Ngọc Hân")
    assert answer.person == person_of(office) and answer.person.name == "Trần Thị Ngọc Hân"
    assert answer.credentials == 2 and len(answer.documents) == 6
    assert {one.record["full_name"] for one in papers(office).values()} == {"Trần Thị Ngọc Hân"}
    assert papers(office, SON)["marriage_certificate"].record["spouse_name"] == "Trần Thị Ngọc Hân"
    assert papers(office)["residence_registration"].record["household_head"] == SON.name
    assert [verdict(office, held) for held in (mine, of_son)] == ["revoked", "revoked"]
    assert verdict(office, elsewhere) == "accepted"
    assert verdict(office, fetch(office, IDENTITY)) == verdict(office, fetch(office, MARRIAGE, "a-son")) == "accepted"
    _sound(office)


def test_each_is_told_of_their_own_documents(office: Office) -> None:
    done(office, "rename", name="Trần Thị Ngọc Hân")
    (mine,), (his,) = _messages(office, HAN.phone), _messages(office, SON.phone)
    assert "Electronic identity" in mine and "My documents" in mine
    assert "Marriage certificate" in his and "identity" not in his.lower()
    told = {event["account"]: event["types"] for event in _events(office, "documents_reissued")}
    assert told["a-son"] == ["marriage_certificate"] and len(told["a-han"]) == 5  # type: ignore[arg-type]
    (event,) = _events(office, "person_renamed")
    assert event["account"] == "a-han" and event["by"] == "officer"
    assert "Ngọc Hân" not in repr(_events(office, "person_renamed"))


def test_an_old_copy_stays_invalid_whatever_follows(office: Office) -> None:
    """Locking and unlocking, suspending and reinstating write the status of every copy of a document anew."""
    old = fetch(office, IDENTITY)
    done(office, "rename", name="Trần Thị Ngọc Hân")
    fresh = fetch(office, IDENTITY)
    with office.storage.transaction() as ports:
        for locked in (True, False):
            documents.set_lock(ports, person_id=HAN.person_id, locked=locked, by="officer", now=office.now)
        for verb in (documents.suspend, documents.reinstate):
            verb(ports, document_id=f"{HAN.person_id}.citizen_identity", by="officer", now=office.now)
    assert (verdict(office, old), verdict(office, fresh)) == ("revoked", "accepted")


def test_a_move_reaches_what_tells_of_the_home_and_nothing_else(office: Office) -> None:
    card, taxes = fetch(office, IDENTITY), fetch(office, TAX)
    answer = done(office, "move", home=NEW_HOME)
    assert {one.rpartition(".")[2] for one in answer.documents} == {"citizen_identity", "residence_registration"}
    assert (verdict(office, card), verdict(office, taxes)) == ("revoked", "accepted")
    record = papers(office)["residence_registration"].record
    assert record["permanent_address"] == "Thôn 2, Xã Ea Kao, Đắk Lắk" and record["permanent_since"] == "2026-09-21"
    assert papers(office)["citizen_identity"].record["residence"] == "Thôn 2, Xã Ea Kao, Đắk Lắk"
    _sound(office)


def test_a_corrected_birth_date_moves_the_end_of_the_card(office: Office) -> None:
    assert papers(office)["citizen_identity"].valid_until == "2030-05-01"
    answer = done(office, "correct", birth_date="1989-06-02")
    card = papers(office)["citizen_identity"]
    assert card.valid_until == card.record["valid_until"] == "2029-06-02" and card.record["age_over_18"] is True
    assert papers(office, SON)["marriage_certificate"].record["spouse_birth_date"] == "1989-06-02"
    assert answer.person.pid == HAN.pid  # the number stays until it is reset
    _sound(office)


def test_a_birth_date_that_no_certificate_could_bear(office: Office) -> None:
    assert refused(office, "correct", birth_date="2020-01-01") == "record_unfit"
    assert person_of(office) == HAN


def test_another_number_goes_into_every_record(office: Office) -> None:
    card, of_son = fetch(office, IDENTITY), fetch(office, MARRIAGE, "a-son")
    done(office, "renumber", pid="999190000777", reason="Sai năm sinh")
    held = papers(office)
    assert {one.record["personal_identification_number"] for one in held.values()} == {"999190000777"}
    assert held["tax_registration"].record["tax_code"] == "999190000777"
    assert held["organisation_certificate"].record["tax_code"] == "999190000777"  # a business household's
    spouse = papers(office, SON)["marriage_certificate"].record["spouse_identification_number"]
    assert spouse == "999190000777"
    assert [verdict(office, one) for one in (card, of_son)] == ["revoked", "revoked"]
    with office.storage.reading() as ports:
        (cancelled,) = ports.population.cancelled(HAN.person_id)
        assert (cancelled.pid, cancelled.reason) == (HAN.pid, "Sai năm sinh")
        assert ports.grants.live("t-han", "access", now=office.now) is None
    done(office, "rename", SON, name="Lê Văn Sơn Ca")  # the certificates find each other by the new number
    assert papers(office)["marriage_certificate"].record["spouse_name"] == "Lê Văn Sơn Ca"


@pytest.mark.parametrize(
    ("pid", "code"),
    [
        ("99919000050", "number_form"),
        ("999990000501", "number_form"),
        ("999090000501", "number_disagrees"),  # a man's
        ("999191000501", "number_disagrees"),  # another year's
        (HAN.pid, "unchanged"),
    ],
)
def test_a_number_that_cannot_be_hers(office: Office, pid: str, code: str) -> None:
    assert refused(office, "renumber", pid=pid, reason="x") == code
    assert person_of(office) == HAN and _events(office, "register_change_refused")[0]["code"] == code


def test_a_number_that_somebody_ever_had(office: Office) -> None:
    done(office, "renumber", pid="999190000777", reason="x")
    with pytest.raises(Conflict):
        act(office, "renumber", pid=HAN.pid, reason="back")
    assert person_of(office).pid == "999190000777"


def test_a_death_ends_everything(office: Office) -> None:
    held = [fetch(office, name) for name in (IDENTITY, TAX, MARRIAGE)]
    of_son, his_card = fetch(office, MARRIAGE, "a-son"), fetch(office, IDENTITY, "a-son")
    made = offer_of(office)
    answer = done(office, "die", on=date(2026, 9, 20))
    assert person_of(office).deceased_on == "2026-09-20" and answer.credentials == 4
    assert {one.state for one in papers(office).values()} == {DocumentState.REVOKED}
    assert {type_ for type_, one in papers(office, SON).items() if one.state is DocumentState.REVOKED} == {
        "marriage_certificate"
    }
    assert [verdict(office, one) for one in (*held, of_son, his_card)] == [*["revoked"] * 4, "accepted"]
    with office.storage.reading() as ports:
        account = ports.accounts.get("a-han")
        assert account is not None and account.state is AccountState.LOCKED
        assert obstacle(ports, account, now=office.now) in (Ground.DECEASED, Ground.ACCOUNT_LOCKED)
        assert ports.sessions.find("s-han", now=office.now) is None
        assert ports.grants.live("t-han", "access", now=office.now) is None
    assert office.redeem(offer.code_of(made.offer_id), made.tx_code).status == 400
    assert not _messages(office, HAN.phone) and "no longer in force" in _messages(office, SON.phone)[0]
    for verb, what in (("rename", {"name": "Ai"}), ("die", {"on": date(2026, 9, 21)})):
        assert refused(office, verb, **what) == "deceased"


def offer_of(office: Office) -> offer.Offer:
    with office.storage.transaction() as ports:
        made = offer.create(ports, account_id="a-han", kind="tax_registration", now=office.now)
    assert isinstance(made, offer.Offer)
    return made


@pytest.mark.parametrize("on", [date(2026, 9, 22), date(1990, 4, 30)])
def test_a_death_in_the_future_or_before_the_birth(office: Office, on: date) -> None:
    assert refused(office, "die", on=on) == "death_date"
    assert person_of(office) == HAN


def test_where_nothing_changes_nothing_happens(office: Office) -> None:
    held = fetch(office, IDENTITY)
    before = office.kinds()
    for verb, what in (
        ("rename", {"name": HAN.name}),
        ("move", {"home": HOME}),
        ("correct", {"birth_date": HAN.birth_date}),
    ):
        assert refused(office, verb, **what) == "unchanged"
    assert office.kinds()[len(before) :] == ["register_change_refused"] * 3
    assert verdict(office, held) == "accepted" and not _messages(office, HAN.phone)


def test_what_stands_in_no_record_reaches_no_copy(office: Office) -> None:
    """The tax register knows no sex: where it alone is held, nothing is to be fetched again."""
    held = fetch(office, TAX)
    done(office, "correct", sex="male")
    assert verdict(office, held) == "accepted"


def test_somebody_unknown(office: Office) -> None:
    with office.storage.transaction() as ports:
        from_nobody = documents.set_lock(ports, person_id="nobody", locked=True, by="officer", now=office.now)
    assert isinstance(from_nobody, Refusal)
    assert refused(office, "rename", replace(HAN, person_id="nobody"), name="Ai Đó") == "person_unknown"


def test_a_suspended_document_is_written_anew_and_stays_suspended(office: Office) -> None:
    held = fetch(office, IDENTITY)
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id=f"{HAN.person_id}.citizen_identity", by="officer", now=office.now)
    done(office, "rename", name="Trần Thị Ngọc Hân")
    card = papers(office)["citizen_identity"]
    assert card.state is DocumentState.SUSPENDED and card.record["full_name"] == "Trần Thị Ngọc Hân"
    assert verdict(office, held) == "revoked"


def test_a_revoked_document_is_left_as_it_was(office: Office) -> None:
    with office.storage.transaction() as ports:
        documents.revoke(ports, document_id=f"{HAN.person_id}.tax_registration", by="officer", now=office.now)
    done(office, "rename", name="Trần Thị Ngọc Hân")
    assert papers(office)["tax_registration"].record["full_name"] == HAN.name


def test_the_status_of_every_copy_in_the_lists(office: Office) -> None:
    fetch(office, IDENTITY)
    done(office, "rename", name="Trần Thị Ngọc Hân")
    fetch(office, IDENTITY)
    with office.storage.reading() as ports:
        copies = ports.documents.issued(f"{HAN.person_id}.citizen_identity")
        found = [ports.statuses.read(one.status_list)[2].get(one.status_index, Status.VALID) for one in copies]
    assert sorted(found) == [Status.VALID, Status.INVALID]


def test_without_a_simulation_no_message_is_made(office: Office) -> None:
    with office.storage.transaction() as ports:
        changes.rename(ports, person_id=HAN.person_id, name="Trần Hân", by=replace(BY, simulation=False))
    assert not _messages(office, HAN.phone) and _events(office, "documents_reissued")


@pytest.mark.parametrize("verb", ["rename", "die"])
def test_a_marriage_of_which_the_register_has_one_certificate(office: Office, verb: str) -> None:
    """Hers alone was brought in: what happens to him is found in it all the same."""
    of_son = papers(office, SON)["marriage_certificate"]
    with office.storage.transaction() as ports:
        ports.documents.set_record(
            of_son.document_id,
            {**of_son.record, "spouse_identification_number": "999000000000"},
            valid_until=of_son.valid_until,
        )
    held = fetch(office, MARRIAGE)
    assert verdict(office, held) == "accepted"
    what = {"name": "Lê Văn Sơn Hải"} if verb == "rename" else {"on": date(2026, 9, 20)}
    done(office, verb, SON, **what)
    assert verdict(office, held) == "revoked"
    if verb == "rename":
        assert papers(office)["marriage_certificate"].record["spouse_name"] == "Lê Văn Sơn Hải"
    else:
        assert papers(office)["marriage_certificate"].state is DocumentState.REVOKED
