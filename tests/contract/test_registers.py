"""The population register and the sectors' documents.

Spec: Law 26/2023/QH15 Art. 12; Decree 70/2024/NĐ-CP Art. 11.
"""

import pytest

from idp.model import PRINTED, Address, CancelledPid, Document, DocumentState, Standing
from idp.ports import Storage
from idp.storage.errors import Conflict
from tests.contract.rows import ACCOUNT, DOCUMENT, ISSUED, NOW, PERSON, another

SECOND = another(
    PERSON,
    person_id="person-2",
    pid="999058000001",
    name="H'Hen Niê",
    birth_date="1958",
    phone=None,
    email=None,
    locked=True,
    deceased_on="2025-02-01",
)


def test_people_come_back_as_they_were(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.population.add(iter([PERSON, SECOND])) == 2
    with storage.reading() as ports:
        assert ports.population.get("person-1") == PERSON
        assert ports.population.by_pid("999058000001") == SECOND
        assert ports.population.get("nobody") is None
        assert ports.population.by_pid("999000000000") is None
        assert ports.population.count() == 2
        assert list(ports.population.each()) == [PERSON, SECOND]


def test_more_people_than_one_chunk(storage: Storage) -> None:
    people = (
        another(PERSON, person_id=f"p{number:05}", pid=f"999196{number:06}", phone=None) for number in range(2_345)
    )
    with storage.transaction() as ports:
        assert ports.population.add(people) == 2_345
    with storage.reading() as ports:
        assert [person.person_id for person in ports.population.each()] == [f"p{number:05}" for number in range(2_345)]


@pytest.mark.parametrize("same", ["person_id", "pid"])
def test_a_person_and_a_number_are_one(storage: Storage, same: str) -> None:
    with storage.transaction() as ports:
        ports.population.add([PERSON])
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.population.add([another(SECOND, **{same: getattr(PERSON, same)})])
    with storage.reading() as ports:
        assert ports.population.count() == 1


def test_a_number_is_set_anew_and_the_old_one_is_nobody_s(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.population.add([PERSON, SECOND])
        ports.population.reset_pid("person-1", "999196000999", on="2024-08-01", reason="birth year corrected")
        ports.population.reset_pid("person-1", "999196000777", on="2025-08-01", reason="entry error")
    with storage.reading() as ports:
        assert ports.population.by_pid(PERSON.pid) is None
        assert ports.population.by_pid("999196000777") == another(PERSON, pid="999196000777")
        assert ports.population.get("person-1") == another(PERSON, pid="999196000777")
        assert ports.population.cancelled("person-1") == (
            CancelledPid(PERSON.pid, "person-1", "2024-08-01", "birth year corrected"),
            CancelledPid("999196000999", "person-1", "2025-08-01", "entry error"),
        )
        assert ports.population.cancelled("person-2") == ()
        assert ports.population.count() == 2


def test_a_cancelled_number_is_never_given_again(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.population.add([PERSON, SECOND])
        ports.population.reset_pid("person-1", "999196000999", on="2024-08-01", reason="x")
    third = another(PERSON, person_id="person-3", pid=PERSON.pid)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.population.add([third])
    for person_id in ("person-2", "person-1"):  # not even to whom it belonged
        with pytest.raises(Conflict), storage.transaction() as ports:
            ports.population.reset_pid(person_id, PERSON.pid, on="2025-01-01", reason="x")
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.population.reset_pid("person-2", "999196000999", on="2025-01-01", reason="in force")
    with storage.reading() as ports:
        assert ports.population.by_pid(SECOND.pid) == SECOND


def test_reset_of_nobody_s_number(storage: Storage) -> None:
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.population.reset_pid("nobody", "999196000999", on="2025-01-01", reason="x")


@pytest.mark.parametrize("how", [{}, {"hold": True}, {"to_change": True}])
def test_many_are_found_by_every_number_they_had(storage: Storage, how: dict[str, bool]) -> None:
    with storage.transaction() as ports:
        ports.population.add([PERSON, SECOND])
        ports.population.reset_pid("person-2", "999158000002", on="2026-01-02", reason="sex")
        now = another(SECOND, pid="999158000002")
        asked = ["999196000346", "999058000001", "999158000002", "999000000000"]
        assert ports.population.known(asked, **how) == {asked[0]: PERSON, asked[1]: now, asked[2]: now}
        assert ports.population.known([], **how) == {}
        assert ports.population.known([f"{number:012}" for number in range(5_000)], **how) == {}


def test_documents_of_many_people(storage: Storage) -> None:
    second = another(DOCUMENT, document_id="document-2", person_id="person-2")
    other = another(DOCUMENT, document_id="document-3", type="health_record")
    with storage.transaction() as ports:
        third = another(DOCUMENT, document_id="document-4")
        ports.documents.add([DOCUMENT, second, other, third])
    with storage.reading() as ports:
        found = ports.documents.of_people(["person-1", "person-2", "person-3"], DOCUMENT.type)
        assert found == {"person-1": (DOCUMENT, third), "person-2": (second,)}
        assert ports.documents.of_people(["person-3"], DOCUMENT.type) == {}
        assert ports.documents.of_people([], DOCUMENT.type) == {}


def test_documents_that_name_a_spouse(storage: Storage) -> None:
    married = another(DOCUMENT, document_id="document-2", type="marriage_certificate", record=_spouse("999158000002"))
    with storage.transaction() as ports:
        ports.documents.add([DOCUMENT, married])
    with storage.transaction() as ports:
        assert ports.documents.naming_spouse("999158000002") == (married,)
        ports.documents.set_record("document-2", _spouse("999158000009"), valid_until=None)
        assert ports.documents.naming_spouse("999158000002") == ()
        assert [one.document_id for one in ports.documents.naming_spouse("999158000009")] == ["document-2"]


def _spouse(pid: str) -> dict[str, str]:
    return {"spouse_identification_number": pid}


def test_update_changes_all_but_the_number(storage: Storage) -> None:
    moved = another(PERSON, residence=Address("Thôn 2", "Xã Ea Kao", "Đắk Lắk"), locked=True, deceased_on="2026-01-01")
    with storage.transaction() as ports:
        ports.population.add([PERSON])
        assert ports.population.update(moved)
        assert not ports.population.update(SECOND)
        assert ports.population.get("person-1") == moved
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.population.update(another(moved, pid="999196000999"))


def test_documents(storage: Storage) -> None:
    card = Document("a-card", "person-1", "health_record", {"allergies": ["phấn hoa"]}, valid_until="2030-01-01")
    with storage.transaction() as ports:
        assert ports.documents.add([DOCUMENT, card]) == 2
        ports.documents.add([another(DOCUMENT, document_id="document-9", person_id="person-9")])
    with storage.reading() as ports:
        assert ports.documents.get("document-1") == DOCUMENT
        assert ports.documents.get("nothing") is None
        assert ports.documents.of_person("person-1") == (card, DOCUMENT)
        assert ports.documents.of_person("nobody") == ()


def test_a_document_is_suspended_and_reinstated_but_revoked_for_good(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.documents.add([DOCUMENT])
        for state in (DocumentState.SUSPENDED, DocumentState.VALID, DocumentState.REVOKED, DocumentState.REVOKED):
            assert ports.documents.set_state("document-1", state)
        assert not ports.documents.set_state("document-1", DocumentState.VALID)
        assert not ports.documents.set_state("document-1", DocumentState.SUSPENDED)
        assert not ports.documents.set_state("nothing", DocumentState.REVOKED)
        assert ports.documents.get("document-1") == another(DOCUMENT, state=DocumentState.REVOKED)


def test_a_record_is_written_anew_but_not_what_was_revoked(storage: Storage) -> None:
    record = {"points": 8, "classes": [{"class": "B", "expires": None}], "residence": "Buôn Kao, Đắk Lắk"}
    with storage.transaction() as ports:
        ports.documents.add([DOCUMENT])
        assert ports.documents.set_record("document-1", record, valid_until="2031-05-01")
        assert not ports.documents.set_record("nothing", record, valid_until=None)
    with storage.transaction() as ports:
        assert ports.documents.get("document-1") == another(DOCUMENT, record=record, valid_until="2031-05-01")
        ports.documents.set_state("document-1", DocumentState.SUSPENDED)
        assert ports.documents.set_record("document-1", DOCUMENT.record, valid_until=None)
        ports.documents.set_state("document-1", DocumentState.REVOKED)
        assert not ports.documents.set_record("document-1", record, valid_until="2031-05-01")
        assert ports.documents.get("document-1") == another(DOCUMENT, state=DocumentState.REVOKED)


def test_what_was_issued_is_remembered(storage: Storage) -> None:
    later = another(ISSUED, credential_id="credential-0", status_index=8, issued_at=NOW + 5)
    with storage.transaction() as ports:
        ports.documents.add([DOCUMENT])
        ports.documents.record_issue(later)
        ports.documents.record_issue(ISSUED)
        assert ports.documents.issued("document-1") == (ISSUED, later)
        assert ports.documents.issued("document-2") == ()
    for spoilt in (
        another(ISSUED, credential_id="credential-2"),  # the same place in the status list
        another(ISSUED, status_index=9),  # the same credential
        another(ISSUED, credential_id="credential-3", status_index=10, document_id="nothing"),
    ):
        with pytest.raises(Conflict), storage.transaction() as ports:
            ports.documents.record_issue(spoilt)


def test_what_a_wallet_holds_is_locked_once_and_for_good(storage: Storage) -> None:
    mine = another(ISSUED, wallet="w-1", client_id="wallet", device="Chrome, Android")
    second = another(mine, credential_id="credential-2", status_index=8, document_id="document-2")
    elsewhere = another(mine, credential_id="credential-3", status_index=9, wallet="w-2")
    printed = another(mine, credential_id="credential-4", status_index=10, holder_thumbprint=PRINTED)
    theirs = another(mine, credential_id="credential-5", status_index=11, document_id="document-9")
    with storage.transaction() as ports:
        ports.documents.add(
            [
                DOCUMENT,
                another(DOCUMENT, document_id="document-2"),
                another(DOCUMENT, document_id="document-9", person_id="person-9"),
            ]
        )
        for one in (mine, second, elsewhere, printed, theirs):
            ports.documents.record_issue(one)
        assert ports.documents.lock_issued("person-1", "nothing") == ()
        assert ports.documents.lock_issued("nobody", "w-1") == ()
    with storage.transaction() as ports:
        locked = ports.documents.lock_issued("person-1", "w-1")
        assert locked == (another(mine, locked=True), another(second, locked=True))
        assert ports.documents.lock_issued("person-1", "w-1") == ()
    with storage.reading() as ports:
        assert ports.documents.issued("document-1") == (another(mine, locked=True), elsewhere, printed)
        assert ports.documents.issued("document-2") == (another(second, locked=True),)
        assert ports.documents.issued("document-9") == (theirs,)


def test_a_standing_is_read_at_once(storage: Storage) -> None:
    card = another(DOCUMENT, document_id="card-1", type="citizen_identity", valid_until="2030-01-01")
    older = another(card, document_id="card-0", state=DocumentState.REVOKED)
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        assert ports.standings.read("account-1", card="citizen_identity") == Standing(ACCOUNT, None, ())
        ports.population.add([PERSON, SECOND])
        assert ports.standings.read("account-1", card="citizen_identity") == Standing(ACCOUNT, PERSON, ())
        of_another = another(card, document_id="card-2", person_id="person-2")
        ports.documents.add([card, older, DOCUMENT, of_another])
        ports.population.reset_pid("person-1", "999196000999", on="2026-05-01", reason="wrong sex")
    with storage.reading() as ports:
        found = ports.standings.read("account-1", card="citizen_identity")
        assert found == Standing(ACCOUNT, another(PERSON, pid="999196000999"), (older, card))
        assert ports.standings.read("person-1", card="citizen_identity") is None
