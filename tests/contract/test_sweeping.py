"""What is over goes, in bounded batches; what detects reuse stays; two sweepers do no harm."""

import threading

import pytest

from certs.catalogue import Text
from idp import housekeeping, restoring
from idp.model import Consent, Event, InitialToken, Limit, Message, Token
from idp.ports import Ports, Storage
from idp.storage.errors import Conflict
from tests.contract.conftest import Opened
from tests.contract.rows import ACCOUNT, CLIENT, GRANT, NOW, SESSION, another, with_account

LIMIT = Limit("limit", ((1, 0),), kept=60)


def fill(ports: Ports, count: int) -> None:
    """`count` of each kind that are over, and one of each that is not."""
    with_account(ports)
    for n in range(count + 1):
        lives = n == count
        ends = NOW + 60 if lives else NOW
        ran_out = ends if lives else NOW - housekeeping.REACHED_SECONDS  # kept for those that it reached
        ports.ephemeral.put("code", f"{n}", {}, expires=ends)
        ports.sessions.add(another(SESSION, session_hash=f"s-{n}", sid=f"s-{n}", expires=ran_out))
        ports.messages.add(Message("+84912345678", Text("a", "b"), NOW, ends))
        ports.registrations.offer(InitialToken(f"{n}", "Sen", "agency", ("openid",), False, 1, ends))
        ports.attempts.count(LIMIT, f"{n}", now=NOW if lives else NOW - 60)
        grant = another(GRANT, grant_id=f"g-{n}", expires=ends)
        ports.grants.open(
            grant, [Token(f"t-{n}", f"g-{n}", "access", ends), Token(f"r-{n}", f"g-{n}", "refresh", ends)]
        )


def test_all_that_is_over_goes_and_nothing_else(storage: Storage) -> None:
    with storage.transaction() as ports:
        fill(ports, 3)
        ports.journal.append(Event(NOW - 10 * 365 * 86_400, "old"))
    assert housekeeping.sweep(storage, now=NOW) == {
        "single-use values": 3,
        "sessions": 3,
        "tokens and grants": 9,
        "initial access tokens": 3,
        "counted attempts": 3,
        "simulated messages": 3,
    }
    assert not any(housekeeping.sweep(storage, now=NOW).values())
    with storage.reading() as ports:
        assert ports.ephemeral.read("code", "3", now=NOW) is not None
        assert ports.sessions.find("s-3", now=NOW) is not None
        assert ports.grants.live("t-3", "access", now=NOW) is not None
        assert len(ports.messages.recent(now=NOW)) == 1
        assert [token.token_hash for token in ports.registrations.offers(now=NOW)] == ["3"]
        assert [event.kind for event in ports.journal.read()] == ["old"]  # never swept, whatever its age


def test_a_batch_is_bounded(storage: Storage) -> None:
    with storage.transaction() as ports:
        fill(ports, 5)
    for name in ("ephemeral", "sessions", "registrations", "attempts", "messages"):
        with storage.transaction() as ports:
            assert [getattr(ports, name).sweep(now=NOW, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    with storage.transaction() as ports:
        assert [ports.grants.sweep(now=NOW, limit=4) for _ in range(5)] == [4, 4, 4, 3, 0]


def test_a_session_that_was_idle_too_long_goes(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_account(ports)
        ports.sessions.add(another(SESSION, idle_until=NOW))
        assert ports.sessions.sweep(now=NOW) == 1


def test_replaced_refresh_tokens_are_known_as_long_as_their_family(storage: Storage) -> None:
    """RFC 9700 §4.14.2: the thief may come much later than the owner."""
    with storage.transaction() as ports:
        with_account(ports)
        first = [Token("r-0", "grant-1", "refresh", NOW + 60), Token("a-0", "grant-1", "access", NOW + 10)]
        ports.grants.open(GRANT, first)  # the family lives longer than any of its tokens
        ports.grants.rotate("r-0", [Token("r-1", "grant-1", "refresh", NOW + 3600)], now=NOW + 5)
    with storage.transaction() as ports:
        assert ports.grants.sweep(now=NOW + 1000) == 1  # the access token
        assert ports.grants.live("r-1", "refresh", now=NOW + 1000) is not None
        assert ports.grants.rotate("r-0", [], now=NOW + 1000) is None
        assert ports.grants.live("r-1", "refresh", now=NOW + 1000) is None  # the family was ended by the replay
        assert ports.grants.sweep(now=NOW + 3600) == 3  # both refresh tokens, then the grant
        ports.grants.open(GRANT, [])  # gone: the name is free


def test_a_closed_family_stays_until_it_would_have_ended(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_account(ports)
        ports.grants.open(GRANT, [])
        ports.grants.close_family("grant-1", now=NOW)
        assert ports.grants.sweep(now=NOW + 3599) == 0
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.grants.open(GRANT, [])


def test_two_sweepers_at_once(shared: Opened) -> None:
    storage = shared.storage
    with storage.transaction() as ports:
        fill(ports, 200)
    start = threading.Barrier(3)
    swept: list[dict[str, int]] = []

    def work() -> None:
        start.wait()
        swept.append(housekeeping.sweep(storage, now=NOW))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = housekeeping.sweep(storage, now=NOW)  # what each left to the others, since it was busy with it
    total = {name: sum(one[name] for one in (*swept, left)) for name in left}
    assert total == {name: 600 if name == "tokens and grants" else 200 for name in left}


# --- consents in parts ------------------------------------------------------------------------------------------------


def test_narrowing_takes_out_and_never_adds(storage: Storage) -> None:
    consent = another_consent("openid", "profile", "phone")
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        ports.clients.add(CLIENT)
        ports.consents.record(consent)
        assert ports.consents.narrow("account-1", "bank", drop=["address"]) is None
        assert ports.consents.narrow("account-1", "nobody", drop=["phone"]) is None
        left = ports.consents.narrow("account-1", "bank", drop=["phone", "address"])
        assert left is not None and left.scopes == ("openid", "profile")
        assert left.given_at == consent.given_at
        assert ports.consents.of_account("account-1") == (left,)
        assert ports.consents.of_account("account-2") == ()


def another_consent(*scopes: str) -> Consent:
    return Consent("account-1", "bank", scopes, NOW)


def test_parts_taken_out_at_once_are_all_out(shared: Opened) -> None:
    """Read and written under one lock: neither puts back what the other took."""
    storage = shared.storage
    names = [f"s{n}" for n in range(8)]
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        ports.clients.add(CLIENT)
        ports.consents.record(another_consent("openid", *names))
    start = threading.Barrier(len(names))

    def work(name: str) -> None:
        start.wait()
        with storage.transaction() as ports:
            assert ports.consents.narrow("account-1", "bank", drop=[name]) is not None

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with storage.reading() as ports:
        (left,) = ports.consents.of_account("account-1")
    assert left.scopes == ("openid",)


def test_what_a_restored_backup_has_as_good_ends_in_batches(storage: Storage) -> None:
    """Attacks RT-14. What was used before stays used."""
    with storage.transaction() as ports:
        fill(ports, 3)
        ports.clients.add(CLIENT)
        ports.sessions.reach("s-3", "bank", subject="x")
        assert ports.ephemeral.once("assertion", "spent", expires=NOW + 60)
        ports.ephemeral.take("code", "3", now=NOW)
    for verb, expected in (("void", [2, 1, 0]), ("close_some", [2, 2, 0]), ("end_some", [2, 2, 0])):
        found = []
        for _ in range(3):
            with storage.transaction() as ports:
                if verb == "close_some":
                    found.append(ports.grants.close_some(now=NOW, limit=2))
                else:
                    found.append(getattr(ports.ephemeral if verb == "void" else ports.sessions, verb)(limit=2))
        assert found == expected, verb
    with storage.transaction() as ports:
        assert not ports.ephemeral.once("assertion", "spent", expires=NOW + 60)
        taken = ports.ephemeral.take("code", "3", now=NOW)
        assert taken is not None and taken.again
        assert ports.grants.live("t-3", "access", now=NOW) is None
        assert ports.sessions.find("s-3", now=NOW) is None
        assert [one.client_id for one in ports.logouts.claim(now=NOW, until=NOW + 9, limit=9)] == ["bank"]
    told = restoring.restored(storage, by="test", now=NOW)
    assert told == {"grants": 0, "sessions": 0, "single-use values": 0, "initial access tokens": 1}
    with storage.reading() as ports:
        assert ports.registrations.offers(now=NOW) == ()
        (event,) = ports.journal.read(kind="database_restored")
    assert event.details["by"] == "test"
