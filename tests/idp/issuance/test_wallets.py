"""A lost phone: which wallets hold what, and that what is locked stays locked whatever the authority does afterwards."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from certs.formats import cwt
from certs.keys import MemorySigner
from certs.status import Status, read_cwt
from idp.issuance import documents, holds, offer, wallets
from idp.issuance.entitlement import Refusal
from idp.issuance.publication import STATUS_CWT
from idp.issuance.wallets import Locked, Wallet
from idp.login.session import SignedIn
from idp.login.standing import holder
from idp.model import EARLIER, PRINTED, Grant, IssuedCredential, Session, Token
from idp.oidc.family import ISSUANCE_PURPOSE
from idp.oidc.secrets import token_hash
from idp.registries import points
from idp.registries.changes import By
from idp.storage import place
from tests.databases import Postgres, fresh_name
from tests.idp.issuance.office import NOW, Office, body, build

PHONE, TABLET = "Chrome, Android", "Safari, iPad"


def session(name: str, account_id: str = "account-1") -> Session:
    return Session(name, account_id, f"sid-{name}", NOW, "LoA2", ("pwd", "otp", "mfa"), NOW + 9, NOW + 9, NOW)


def signed_in(office: Office) -> SignedIn:
    with office.storage.reading() as ports:
        who = holder(ports, "account-1", now=office.now)
    assert who is not None
    return SignedIn(session("here"), who)


def granted(office: Office, grant_id: str, browser: str, client_id: str = "wallet") -> str:
    """An access token of a wallet in which its person agreed, as the authorization code gives it."""
    scopes = ("credential:driving_licence.licence", "credential:health_record.summary")
    details = {"browser": browser, "acr": "LoA2", "amr": ["pwd"], "auth_time": NOW, "sid": "s"}
    grant = Grant(grant_id, "account-1", client_id, scopes, ISSUANCE_PURPOSE, NOW, NOW + 9_000, details)
    secret = f"secret-of-{grant_id}"
    with office.storage.transaction() as ports:
        ports.grants.open(grant, [Token(token_hash(secret), grant_id, "access", NOW + 9_000)])
    return secret


def receive(office: Office, token: str | None = None, configuration: str = "driving_licence.licence") -> int:
    """The index in its status list."""
    return cwt.peek(office.receive(MemorySigner.generate(), configuration, token)).status_index


def listed(office: Office, index: int, number: int = 2) -> Status:
    published = office.publisher.status_list(number, STATUS_CWT, now=office.now)
    uri = f"http://localhost:5000/status-lists/{number}"
    return Status(read_cwt(published.body, uri=uri, anchors=(office.root,), now=office.now).get(index))


def held(office: Office) -> tuple[Wallet, ...]:
    with office.storage.reading() as ports:
        return wallets.held(ports, "person-1", now=office.now)


def lock(office: Office, wallet: str) -> Locked | Refusal:
    by = signed_in(office)
    with office.storage.transaction() as ports:
        return wallets.lock(ports, by, wallet, now=office.now, simulation=True)


def key_of(office: Office, device: str) -> str:
    (one,) = [each for each in held(office) if each.device == device and each.copies]
    return one.key


def test_what_one_browser_fetched_is_one_wallet_and_each_offer_one(office: Office) -> None:
    for number, browser in enumerate((PHONE, PHONE, TABLET)):
        receive(office, granted(office, f"g-{number}", browser))
    receive(office, "secret-of-g-1", "health_record.summary")
    receive(office)
    receive(office)
    found = {(one.client_id, one.device, one.types, one.copies, one.locked) for one in held(office)}
    assert found == {
        ("wallet", PHONE, ("driving_licence", "health_record"), 3, False),
        ("wallet", TABLET, ("driving_licence",), 1, False),
        ("anonymous-wallet", "", ("driving_licence",), 1, False),
    }
    assert len(held(office)) == 4
    other = granted(office, "g-9", PHONE, client_id="another-wallet")
    receive(office, other)
    assert len([one for one in held(office) if one.device == PHONE]) == 2  # of two applications


def test_a_lost_phone_is_locked_and_nothing_else_is(office: Office) -> None:
    lost = receive(office, granted(office, "g-1", PHONE))
    mine = receive(office, granted(office, "g-2", TABLET))
    theirs = receive(office, office.token("driving_licence", "account-3"))
    done = lock(office, key_of(office, PHONE))
    assert isinstance(done, Locked) and done.credentials == 1
    assert [listed(office, index) for index in (lost, mine, theirs)] == [
        Status.HOLDER_LOCKED,
        Status.VALID,
        Status.VALID,
    ]
    assert {one.device: one.locked for one in held(office)} == {PHONE: True, TABLET: False}
    with office.storage.reading() as ports:
        (event,) = ports.journal.read(kind="wallet_locked")
        (message,) = ports.messages.recent(now=office.now)
    assert (event.account_id, event.client_id) == ("account-1", "wallet")
    told = {name: event.details[name] for name in ("types", "copies", "device", "grants", "by")}
    # The grants of the same application on the other device, too: which of them the phone had is not known.
    assert told == {"types": ["driving_licence"], "copies": 1, "device": PHONE, "grants": 2, "by": "citizen"}
    assert message.phone == "+84900000001"


def test_a_phone_that_only_waits_for_a_document_is_locked_too(office: Office) -> None:
    """What it was promised is not given, and is not asked for again without its person."""
    token, request = granted(office, "g-1", PHONE), office.request(office.proof())
    with office.storage.transaction() as ports:
        holds.review(ports, document_id="licence-1", by="officer", now=office.now)
    promised = body(office.ask(token, request))["transaction_id"]
    (phone,) = held(office)
    assert (phone.client_id, phone.device, phone.copies, phone.locked) == ("wallet", PHONE, 0, False)
    assert "driving_licence" in phone.types
    assert lock(office, phone.key) == Locked(phone.key, 0) and held(office) == ()
    assert isinstance(lock(office, phone.key), Refusal)  # once
    with office.storage.transaction() as ports:
        holds.release(ports, document_id="licence-1", by="officer", now=office.now)
        (event,) = ports.journal.read(kind="wallet_locked")
    assert (event.client_id, event.details["device"], event.details["grants"]) == ("wallet", PHONE, 1)
    answer = office.deferred(token, promised)
    assert (answer.status, body(answer)["error"]) == (401, "invalid_token")


def test_its_grants_end_and_so_do_the_other_sessions(office: Office) -> None:
    token, other = granted(office, "g-1", PHONE), granted(office, "g-2", PHONE, client_id="bank")
    receive(office, token)
    with office.storage.transaction() as ports:
        for name in ("here", "there"):
            ports.sessions.add(session(name))
        ports.sessions.add(session("theirs", "account-3"))
    lock(office, key_of(office, PHONE))
    answer = office.ask(token, office.request(office.proof()))
    assert (answer.status, body(answer)["error"]) == (401, "invalid_token")
    with office.storage.reading() as ports:
        assert ports.grants.live(token_hash(other), "access", now=office.now) is not None  # nobody said it was there
        assert [one.session_hash for one in ports.sessions.of_account("account-1", now=NOW)] == ["here"]
        assert len(ports.sessions.of_account("account-3", now=NOW)) == 1


@pytest.mark.parametrize("place", ["lost", "here", None])
def test_an_offer_that_the_lost_phone_made_gives_nothing_after_the_lock(office: Office, place: str | None) -> None:
    """Its page shows the transaction code too. An officer's offer, and one that was made where the lock was, stay good."""
    receive(office, granted(office, "g-1", PHONE))
    with office.storage.transaction() as ports:
        for name in ("here", "lost"):
            ports.sessions.add(session(name))
        sid = session(place).sid if place else None
        made = offer.create(ports, account_id="account-1", kind="driving_licence", now=office.now, sid=sid)
        assert isinstance(made, offer.Offer)
    lock(office, key_of(office, PHONE))
    answer = office.redeem(offer.code_of(made.offer_id), made.tx_code)
    assert answer.status == (400 if place == "lost" else 200)


@pytest.mark.parametrize("verb", ["reinstate", "unlock", "suspend", "points"])
def test_nothing_that_the_authority_does_lifts_it(office: Office, verb: str) -> None:
    lost, mine = receive(office, granted(office, "g-1", PHONE)), receive(office, granted(office, "g-2", TABLET))
    lock(office, key_of(office, PHONE))
    with office.storage.transaction() as ports:
        if verb == "unlock":
            for locked in (True, False):
                documents.set_lock(ports, person_id="person-1", locked=locked, by="clerk", now=office.now)
        elif verb == "points":
            points.deduct(ports, document_id="licence-1", points=2, by=By("clerk", office.now, simulation=True))
        else:
            documents.suspend(ports, document_id="licence-1", by="clerk", now=office.now)
            if verb == "reinstate":
                documents.reinstate(ports, document_id="licence-1", by="clerk", now=office.now)
    after = {"suspend": Status.SUSPENDED, "points": Status.INVALID}.get(verb, Status.VALID)
    assert listed(office, mine) == after
    assert listed(office, lost) == (Status.INVALID if verb == "points" else Status.HOLDER_LOCKED)


def test_revocation_comes_through_and_stays(office: Office) -> None:
    lost = receive(office, granted(office, "g-1", PHONE))
    lock(office, key_of(office, PHONE))
    with office.storage.transaction() as ports:
        documents.revoke(ports, document_id="licence-1", by="clerk", now=office.now)
    assert listed(office, lost) is Status.INVALID
    assert held(office) == ()


def test_what_was_suspended_before_is_locked_too(office: Office) -> None:
    lost = receive(office, granted(office, "g-1", PHONE))
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id="licence-1", by="clerk", now=office.now)
    lock(office, key_of(office, PHONE))
    assert listed(office, lost) is Status.HOLDER_LOCKED


def test_what_is_fetched_anew_is_good_also_on_the_phone_that_was_found(office: Office) -> None:
    lost = receive(office, granted(office, "g-1", PHONE))
    lock(office, key_of(office, PHONE))
    again = receive(office, granted(office, "g-3", PHONE))
    assert (listed(office, lost), listed(office, again)) == (Status.HOLDER_LOCKED, Status.VALID)
    (one,) = held(office)
    assert (one.locked, one.copies) == (False, 1)
    assert isinstance(lock(office, one.key), Locked)
    assert listed(office, again) is Status.HOLDER_LOCKED


@pytest.mark.parametrize("wallet", ["", "nothing", "w" * 64])
def test_a_wallet_that_there_is_not(office: Office, wallet: str) -> None:
    receive(office, granted(office, "g-1", PHONE))
    refused = lock(office, wallet)
    assert isinstance(refused, Refusal) and refused.code == "wallet_unknown"
    assert office.kinds()[-1] == "wallet_lock_refused"
    key = key_of(office, PHONE)
    lock(office, key)
    assert isinstance(lock(office, key), Refusal)  # once


def test_another_person_s_wallet_is_nobody_s(office: Office) -> None:
    index = receive(office, office.token("driving_licence", "account-3"))
    with office.storage.reading() as ports:
        (one,) = wallets.held(ports, "person-3", now=office.now)
    assert isinstance(lock(office, one.key), Refusal)
    assert listed(office, index) is Status.VALID


def test_what_was_issued_before_anybody_wrote_down_where(office: Office) -> None:
    token = granted(office, "g-1", PHONE, client_id="bank")
    old = IssuedCredential("old", "licence-1", "licence", "thumb", 2, 7, NOW, NOW + 90)
    paper = replace(old, credential_id="paper", holder_thumbprint=PRINTED, status_index=8)
    with office.storage.transaction() as ports:
        for copy in (old, paper):
            index = ports.statuses.draw(2)
            assert index is not None
            ports.documents.record_issue(replace(copy, status_index=index))
    (wallet,) = [one for one in held(office) if one.copies]
    assert (wallet.key, wallet.client_id, wallet.copies) == (EARLIER, None, 1)
    assert isinstance(lock(office, EARLIER), Locked)
    with office.storage.reading() as ports:
        states = {
            copy.credential_id: ports.statuses.look_up(copy.status_list, copy.status_index)
            for copy in ports.documents.issued("licence-1")
        }
        assert states == {"old": Status.HOLDER_LOCKED, "paper": Status.VALID}
        assert ports.grants.live(token_hash(token), "access", now=office.now) is None  # any of them may be the phone's


# --- races ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/races.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(fresh_name())


def test_a_wallet_that_fetches_while_it_is_locked_keeps_nothing_valid(database: str, tmp_path: Path) -> None:
    with place.opened(database) as storage:
        office = build(tmp_path / "office", storage)
        for turn in range(12):
            token = granted(office, f"g-{turn}", PHONE)
            receive(office, token)
            _race(office, token, key_of(office, PHONE))
            with office.storage.reading() as ports:
                states = {
                    ports.statuses.look_up(one.status_list, one.status_index)
                    for one in ports.documents.issued("licence-1")
                }
            assert states == {Status.HOLDER_LOCKED}


def _race(office: Office, token: str, key: str) -> None:
    requests = [office.request(office.proof(key=MemorySigner.generate())) for _ in range(2)]
    start = Barrier(3)

    def fetch(request: object) -> int:
        start.wait()
        return office.ask(token, request).status

    def end() -> Locked | Refusal:
        start.wait()
        return lock(office, key)

    with ThreadPoolExecutor(3) as pool:
        fetched, locked = [pool.submit(fetch, request) for request in requests], pool.submit(end)
        assert isinstance(locked.result(timeout=60), Locked)
        assert {one.result(timeout=60) for one in fetched} <= {200, 401}
