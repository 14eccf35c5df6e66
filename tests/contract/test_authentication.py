"""What log-in keeps: authenticators, simulated messages, sessions with two ends, and what may change of an account."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from certs.catalogue import Text
from idp.model import Authenticator, AuthenticatorKind, Message
from idp.ports import Storage
from idp.storage.errors import Conflict
from tests.contract.rows import ACCOUNT, NOW, SESSION, another

OTHER = another(ACCOUNT, account_id="account-2", person_id="person-2", phone="+84900000002")
PASSKEY = Authenticator(
    authenticator_id="authenticator-1",
    account_id="account-1",
    kind=AuthenticatorKind.PASSKEY,
    name="Điện thoại của Minh Anh",
    created_at=NOW,
    key="a" * 64,
    data={"public_key": "…", "transports": ["internal", "hybrid"], "backed_up": True},
)
TOTP = another(
    PASSKEY, authenticator_id="authenticator-0", kind=AuthenticatorKind.TOTP, key=None, data={}, created_at=NOW + 1
)
THREADS = 6


@pytest.fixture(autouse=True)
def accounts(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        ports.accounts.add(OTHER)


def add(storage: Storage, *authenticators: Authenticator) -> None:
    with storage.transaction() as ports:
        for one in authenticators:
            ports.authenticators.add(one)


def of_account(storage: Storage, account_id: str = "account-1") -> tuple[Authenticator, ...]:
    with storage.reading() as ports:
        return ports.authenticators.of_account(account_id)


# --- authenticators ---------------------------------------------------------------------------------------------------


def test_authenticators_are_found_by_account_and_by_key(storage: Storage) -> None:
    add(storage, TOTP, PASSKEY)
    assert of_account(storage) == (PASSKEY, TOTP)  # in the order in which they were added
    assert of_account(storage, "account-2") == ()
    with storage.reading() as ports:
        assert ports.authenticators.by_key(AuthenticatorKind.PASSKEY, "a" * 64) == PASSKEY
        assert ports.authenticators.by_key(AuthenticatorKind.DEVICE, "a" * 64) is None
        assert ports.authenticators.by_key(AuthenticatorKind.PASSKEY, "b" * 64) is None


def test_a_key_is_of_one_authenticator_of_its_kind(storage: Storage) -> None:
    add(storage, PASSKEY)
    again = another(PASSKEY, authenticator_id="authenticator-2", account_id="account-2")
    with pytest.raises(Conflict):
        add(storage, again)
    add(storage, another(again, kind=AuthenticatorKind.DEVICE))
    add(storage, TOTP, another(TOTP, authenticator_id="authenticator-3"))  # those without a key are many


def test_an_authenticator_is_of_an_account(storage: Storage) -> None:
    with pytest.raises(Conflict):
        add(storage, another(PASSKEY, account_id="nobody"))


def test_a_counter_only_rises(storage: Storage) -> None:
    add(storage, PASSKEY)
    for counter, used in ((7, True), (7, False), (6, False), (0, False), (8, True)):
        with storage.transaction() as ports:
            assert ports.authenticators.use("authenticator-1", now=NOW + counter, counter=counter) is used, counter
    assert of_account(storage) == (another(PASSKEY, counter=8, last_used_at=NOW + 8),)


def test_a_use_without_a_counter_leaves_it(storage: Storage) -> None:
    add(storage, another(PASSKEY, counter=5))
    with storage.transaction() as ports:
        assert ports.authenticators.use("authenticator-1", now=NOW + 9)
        assert not ports.authenticators.use("unknown", now=NOW + 9)
    assert of_account(storage) == (another(PASSKEY, counter=5, last_used_at=NOW + 9),)


def test_each_value_of_a_counter_has_one_winner(storage: Storage) -> None:
    add(storage, TOTP)
    start = Barrier(THREADS)

    def racer(_number: int) -> list[int]:
        won = []
        start.wait()
        for step in range(1, 21):
            with storage.transaction() as ports:
                if ports.authenticators.use("authenticator-0", now=NOW, counter=step):
                    won.append(step)
        return won

    with ThreadPoolExecutor(THREADS) as pool:
        won = [step for steps in pool.map(racer, range(THREADS)) for step in steps]
    assert len(won) == len(set(won))
    assert max(won) == 20


def test_a_name_is_changed_by_its_owner(storage: Storage) -> None:
    add(storage, PASSKEY)
    with storage.transaction() as ports:
        assert not ports.authenticators.rename("account-2", "authenticator-1", "Của tôi")
        assert not ports.authenticators.rename("account-1", "unknown", "Của tôi")
        assert ports.authenticators.rename("account-1", "authenticator-1", "Máy tính")
    assert of_account(storage) == (another(PASSKEY, name="Máy tính"),)


def test_it_is_removed_by_its_owner_and_once(storage: Storage) -> None:
    add(storage, PASSKEY, TOTP)
    with storage.transaction() as ports:
        assert not ports.authenticators.remove("account-2", "authenticator-1")
    start = Barrier(THREADS)

    def racer(_number: int) -> bool:
        start.wait()
        with storage.transaction() as ports:
            return ports.authenticators.remove("account-1", "authenticator-1")

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(racer, range(THREADS))) == 1
    assert of_account(storage) == (TOTP,)


def test_a_kind_is_removed_together(storage: Storage) -> None:
    code = another(TOTP, kind=AuthenticatorKind.RECOVERY_CODE)
    codes = [another(code, authenticator_id=f"code-{number}", key=f"{number}" * 64) for number in range(3)]
    others = another(codes[0], authenticator_id="theirs", account_id="account-2", key="f" * 64)
    add(storage, PASSKEY, *codes, others)
    with storage.transaction() as ports:
        assert ports.authenticators.remove_kind("account-1", AuthenticatorKind.RECOVERY_CODE) == 3
        assert ports.authenticators.remove_kind("account-1", AuthenticatorKind.RECOVERY_CODE) == 0
    assert of_account(storage) == (PASSKEY,)
    assert of_account(storage, "account-2") == (others,)


# --- messages ---------------------------------------------------------------------------------------------------------


def message(number: int, phone: str = "+84912345678") -> Message:
    return Message(phone, Text(f"Tin {number}", f"Message {number}"), NOW + number, NOW + number + 60)


def test_messages_are_read_newest_first_while_they_live(storage: Storage) -> None:
    sent = [message(0), message(1), message(2, "+84900000002"), message(3)]
    with storage.transaction() as ports:
        for one in sent:
            ports.messages.add(one)
    with storage.reading() as ports:
        assert ports.messages.recent(now=NOW) == tuple(reversed(sent))
        assert ports.messages.recent(now=NOW, limit=2) == (sent[3], sent[2])
        assert ports.messages.recent(now=NOW, phone="+84912345678") == (sent[3], sent[1], sent[0])
        assert ports.messages.recent(now=NOW, phone="+84900000099") == ()
        assert ports.messages.recent(now=NOW + 61) == (sent[3], sent[2])


def test_messages_are_swept(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.messages.add(message(0))
        ports.messages.add(message(1))
        assert ports.messages.sweep(now=NOW + 59) == 0
        assert ports.messages.sweep(now=NOW + 60) == 1
        assert ports.messages.sweep(now=NOW + 60) == 0
        assert ports.messages.recent(now=NOW) == (message(1),)


# --- sessions ---------------------------------------------------------------------------------------------------------

SESSIONS = tuple(
    another(SESSION, session_hash=f"session-{n}", sid=f"sid-{n}", seen_at=NOW + n, device="Firefox, Linux", place="…")
    for n in range(4)
)
THEIRS = another(SESSION, session_hash="theirs", sid="sid-theirs", account_id="account-2")


def begin(storage: Storage) -> None:
    with storage.transaction() as ports:
        for one in (*SESSIONS, THEIRS):
            ports.sessions.add(one)


def test_sessions_of_an_account_are_listed_the_last_seen_first(storage: Storage) -> None:
    begin(storage)
    with storage.transaction() as ports:
        assert ports.sessions.of_account("account-1", now=NOW) == tuple(reversed(SESSIONS))
        assert ports.sessions.touch("session-0", seen_at=NOW + 9, idle_until=NOW + 600)
        assert [one.sid for one in ports.sessions.of_account("account-1", now=NOW)][:2] == ["sid-0", "sid-3"]
        assert ports.sessions.of_account("account-1", now=NOW + 600) == ()


def test_a_session_has_two_ends(storage: Storage) -> None:
    long = another(SESSION, expires=NOW + 6000, idle_until=NOW + 600)
    with storage.transaction() as ports:
        ports.sessions.add(long)
        assert ports.sessions.find("session-1", now=NOW + 600) is None  # idle
        assert ports.sessions.touch("session-1", seen_at=NOW + 599, idle_until=NOW + 9999)
        touched = another(long, seen_at=NOW + 599, idle_until=NOW + 9999)
        assert ports.sessions.find("session-1", now=NOW + 5999) == touched
        assert ports.sessions.find("session-1", now=NOW + 6000) is None  # absolute
        assert not ports.sessions.touch("unknown", seen_at=NOW, idle_until=NOW)


def test_one_is_ended_by_its_sid_and_only_by_its_owner(storage: Storage) -> None:
    begin(storage)
    with storage.transaction() as ports:
        assert not ports.sessions.end_sid("account-2", "sid-1")
        assert ports.sessions.end_sid("account-1", "sid-1")
        assert not ports.sessions.end_sid("account-1", "sid-1")
        assert [one.sid for one in ports.sessions.of_account("account-1", now=NOW)] == ["sid-3", "sid-2", "sid-0"]


def test_all_are_ended_but_one(storage: Storage) -> None:
    begin(storage)
    with storage.transaction() as ports:
        assert ports.sessions.end_account("account-1", but="session-2") == 3
        assert ports.sessions.of_account("account-1", now=NOW) == (SESSIONS[2],)
        assert ports.sessions.of_account("account-2", now=NOW) == (THEIRS,)
        assert ports.sessions.end_account("account-1", but="theirs") == 1


def test_sessions_are_swept_at_either_end(storage: Storage) -> None:
    idle = another(SESSION, session_hash="idle", sid="sid-i", expires=NOW + 600, idle_until=NOW)
    over = another(SESSION, session_hash="over", sid="sid-o", expires=NOW, idle_until=NOW + 600)
    with storage.transaction() as ports:
        for one in (idle, over, SESSION):
            ports.sessions.add(one)
        assert ports.sessions.sweep(now=NOW) == 2
        assert ports.sessions.sweep(now=NOW) == 0
        assert ports.sessions.find("session-1", now=NOW) == SESSION


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_a_password_replaces_the_one_that_was_read(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert not ports.accounts.set_password("account-1", "new", replaces="another")
        assert ports.accounts.set_password("account-1", "new", replaces=ACCOUNT.password_hash)
        assert not ports.accounts.set_password("account-1", "newer", replaces=ACCOUNT.password_hash)
        assert not ports.accounts.set_password("unknown", "new", replaces="new")
        assert ports.accounts.get("account-1") == another(ACCOUNT, password_hash="new")
        assert ports.accounts.get("account-2") == OTHER


def test_of_passwords_set_at_once_one_wins(storage: Storage) -> None:
    start = Barrier(THREADS)

    def racer(number: int) -> bool:
        start.wait()
        with storage.transaction() as ports:
            return ports.accounts.set_password("account-1", f"new-{number}", replaces=ACCOUNT.password_hash)

    with ThreadPoolExecutor(THREADS) as pool:
        won = list(pool.map(racer, range(THREADS)))
    with storage.reading() as ports:
        kept = ports.accounts.get("account-1")
    assert kept is not None and won.count(True) == 1
    assert kept.password_hash == f"new-{won.index(True)}"


def test_level_and_email_change(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.accounts.set_level("account-1", 1)
        assert ports.accounts.set_email("account-1", None)
        assert ports.accounts.get("account-1") == another(ACCOUNT, level=1, email=None)
        assert ports.accounts.set_email("account-1", "a@b.vn")
        assert ports.accounts.get("account-1") == another(ACCOUNT, level=1, email="a@b.vn")
        assert not ports.accounts.set_level("unknown", 1)
        assert not ports.accounts.set_email("unknown", None)
