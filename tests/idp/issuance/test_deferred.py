"""What cannot be signed yet: a promise, waiting, copies for the keys that were proven then, and every way in which it ends."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from certs.catalogue import CATALOGUE
from certs.encoding import b64url_decode
from certs.errors import CertsError
from certs.formats import cwt
from certs.keys import MemorySigner
from idp.issuance import deferred, documents, holds, pre_authorized
from idp.issuance.holds import INTERVALS
from idp.issuance.offer import code_of
from idp.issuance.signers import Signers
from idp.model import Ground, Hold
from idp.storage import place
from tests.databases import Postgres, fresh_name
from tests.idp.issuance.office import NOW, Office, body, build

LICENCE = CATALOGUE["driving_licence"]


def hold(office: Office, ground: Ground = Ground.REVIEW) -> None:
    with office.storage.transaction() as ports:
        if ground is Ground.REVIEW:
            done = holds.review(ports, document_id="licence-1", by="officer", now=office.now)
        else:
            done = holds.register_away(ports, kind=LICENCE, by="operator", now=office.now)
    assert isinstance(done, Hold)


def release(office: Office) -> None:
    with office.storage.transaction() as ports:
        assert isinstance(holds.release(ports, document_id="licence-1", by="officer", now=office.now), Hold)


def promised(office: Office, *keys: MemorySigner) -> tuple[str, str]:
    """A token, and the transaction that it got."""
    token, value = office.token(), office.nonce()
    made = keys or (MemorySigner.generate(),)
    answer = office.ask(token, office.request(*(office.proof(key=key, value=value) for key in made)))
    assert answer.status == 202, answer.body
    return token, str(body(answer)["transaction_id"])


@pytest.mark.parametrize("ground", list(Ground))
def test_a_promise_says_how_long_to_wait_and_gives_nothing(office: Office, ground: Ground) -> None:
    hold(office, ground)
    answer = office.ask(office.token(), office.request(office.proof()))
    assert answer.status == 202 and set(body(answer)) == {"transaction_id", "interval"}
    assert body(answer)["interval"] == INTERVALS[ground] > 0
    with office.storage.reading() as ports:
        assert ports.documents.issued("licence-1") == ()
        (event,) = ports.journal.read(kind="credential_deferred")
    assert event.details == {
        "document_id": "licence-1",
        "view": "driving_licence.licence",
        "copies": 1,
        "ground": ground.value,
    }


def test_it_is_kept_for_the_keys_that_were_proven(office: Office) -> None:
    hold(office)
    keys = [MemorySigner.generate() for _ in range(3)]
    token, transaction = promised(office, *keys)
    waiting = office.deferred(token, transaction)
    assert waiting.status == 202 and body(waiting) == {"transaction_id": transaction, "interval": 600}
    release(office)
    answer = office.deferred(token, transaction)
    assert answer.status == 200 and set(body(answer)) == {"credentials", "notification_id"}
    raws = [b64url_decode(each["credential"]) for each in body(answer)["credentials"]]
    read = [cwt.verify_issued(raw, trust=office.trust, now=office.now) for raw in raws]
    assert [one.holder_thumbprint for one in read] == [key.public.thumbprint() for key in keys]
    again = office.deferred(token, transaction)
    assert (again.status, body(again)["error"]) == (400, "invalid_transaction_id")
    with office.storage.reading() as ports:
        assert len(ports.documents.issued("licence-1")) == 3


def test_a_register_that_answers_again(office: Office) -> None:
    hold(office, Ground.REGISTER)
    token, transaction = promised(office)
    with office.storage.transaction() as ports:
        holds.register_back(ports, kind=LICENCE, by="operator", now=office.now)
    assert office.deferred(token, transaction).status == 200


def test_another_kind_is_not_waited_for(office: Office) -> None:
    hold(office, Ground.REGISTER)
    assert office.copies([MemorySigner.generate()], "health_record.summary")


def test_of_two_grounds_the_longer_one(office: Office) -> None:
    hold(office)
    hold(office, Ground.REGISTER)
    answer = office.ask(office.token(), office.request(office.proof()))
    assert body(answer)["interval"] == max(INTERVALS.values())


@pytest.mark.parametrize("end", ["revoked", "suspended", "locked"])
def test_what_is_denied_meanwhile_is_denied_and_over(office: Office, end: str) -> None:
    hold(office)
    token, transaction = promised(office)
    with office.storage.transaction() as ports:
        if end == "locked":
            documents.set_lock(ports, person_id="person-1", locked=True, by="clerk", now=office.now)
        else:
            act = documents.revoke if end == "revoked" else documents.suspend
            act(ports, document_id="licence-1", by="clerk", now=office.now)
    release(office)
    answer = office.deferred(token, transaction)
    if end == "locked":  # and with it every token
        assert answer.status == 401
        return
    assert (answer.status, body(answer)["error"]) == (400, "credential_request_denied")
    with office.storage.transaction() as ports:
        documents.reinstate(ports, document_id="licence-1", by="clerk", now=office.now)
    over = office.deferred(token, transaction)
    assert (over.status, body(over)["error"]) == (400, "invalid_transaction_id")


def test_a_key_that_is_away_leaves_the_transaction(office: Office) -> None:
    hold(office)
    token, transaction = promised(office)
    release(office)
    answer = office.deferred(token, transaction, signers=Signers({}))
    assert answer.status == 503 and answer.header("Retry-After")
    assert office.deferred(token, transaction).status == 200


@pytest.mark.parametrize("content", [b"", b"[]", {}, {"transaction_id": 7}, {"transaction_id": "x" * 65}])
def test_malformed_requests(office: Office, content: object) -> None:
    def at(*given: object, **named: object) -> object:
        return deferred.respond(*given, signers=office.signers, **named)  # type: ignore[arg-type]

    answer = office.post(office.token(), content, at=at)  # type: ignore[arg-type]
    assert (answer.status, body(answer)["error"]) == (400, "invalid_credential_request")


def test_it_ends_with_the_right_to_fetch_it(office: Office) -> None:
    hold(office)
    token, transaction = promised(office)
    release(office)
    office.now += pre_authorized.TOKEN_LIFETIME
    assert office.deferred(token, transaction).status == 401


@pytest.mark.parametrize(("jkt", "held"), [(None, True), ("a-thumbprint", True), ("a-thumbprint", False)])
def test_only_who_proves_a_key_may_wait_long(office: Office, jkt: str | None, held: bool) -> None:
    """§13.10: a token that lives longer than five minutes is bound to its sender."""
    made = office.offer()
    if held:
        hold(office)
    with office.storage.transaction() as ports:
        opened = pre_authorized.open_grant(
            ports,
            code=code_of(made.offer_id),
            tx_code=made.tx_code,
            client_id="c",
            access_token="t",
            now=NOW,
            jkt=jkt,
        )
    assert isinstance(opened, pre_authorized.Opened)
    assert opened.lifetime == (deferred.LIFETIME if jkt and held else pre_authorized.TOKEN_LIFETIME)


@pytest.mark.parametrize("database", ["memory", "sqlite", "postgresql"])
def test_of_many_who_ask_at_once_one_gets_it(tmp_path: Path, request: pytest.FixtureRequest, database: str) -> None:
    if database == "memory":
        race(build(tmp_path / "office"))
        return
    server: Postgres | None = request.getfixturevalue("postgres") if database == "postgresql" else None
    url = server.create(fresh_name()) if server else f"sqlite:///{tmp_path}/race.sqlite"
    with place.opened(url) as storage:
        race(build(tmp_path / "office", storage))


def race(office: Office) -> None:
    hold(office)
    token, transaction = promised(office)
    release(office)
    barrier = Barrier(4)

    def poll(_: int) -> int:
        barrier.wait()
        return office.deferred(token, transaction).status

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(poll, range(4)))
    assert statuses == [200, 400, 400, 400]
    with office.storage.reading() as ports:
        assert len(ports.documents.issued("licence-1")) == 1


def test_holds_are_put_and_lifted_once_and_said_why_not(office: Office) -> None:
    with office.storage.transaction() as ports:
        unknown = holds.review(ports, document_id="nobody", by="o", now=NOW)
        not_held = holds.release(ports, document_id="licence-1", by="o", now=NOW)
        holds.review(ports, document_id="licence-1", by="o", now=NOW)
        twice = holds.review(ports, document_id="licence-1", by="o", now=NOW)
    assert [getattr(each, "code", None) for each in (unknown, not_held, twice)] == [
        "document_unknown",
        "not_held",
        "held_already",
    ]
    kinds = office.kinds()
    assert kinds.count("issuance_held") == 1 and kinds.count("hold_refused") == 3


def test_what_was_issued_before_stays_good(office: Office) -> None:
    raw = office.receive(MemorySigner.generate())
    hold(office)
    try:
        cwt.verify_issued(raw, trust=office.trust, now=office.now)
    except CertsError as error:
        pytest.fail(str(error))
