"""Which tries are counted where, and what ends a count."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from idp.login import attempts
from idp.login.acr import Factor
from idp.login.attempts import ADDRESS, CLIENT, EVERYBODY, OVERALL, PERSON, TYPED, HiddenLimit, Secret, TooMany, Try
from idp.model import Limit
from idp.storage.memory import MemoryStorage

NOW = 1_780_000_000
FREE = PERSON.steps[0][0] + 1
PASSWORD = Try(subject="a-duong", address="203.0.113.7", secret=Secret.PASSWORD, client_id="bank", typed="999203001234")
BY_PHONE = replace(PASSWORD, typed="+84912345678")
CODE = replace(PASSWORD, secret=Secret.CODE, typed=None)
KNOWN = replace(PASSWORD, known_device="browser")
NAMES = ("999203001234", "+84912345678")


@pytest.fixture
def storage() -> Iterator[MemoryStorage]:
    yield MemoryStorage()


def tries(storage: MemoryStorage, tried: Try, *, now: int = NOW, most: int = 20) -> int:
    """How many pass at once."""
    for number in range(most):
        try:
            attempts.begin(storage, tried, now=now)
        except TooMany:
            return number
    return most


def succeed(storage: MemoryStorage, tried: Try) -> None:
    with storage.transaction() as ports:
        attempts.succeed(ports, tried, now=NOW)


def unlock(storage: MemoryStorage, *proven: Factor) -> None:
    with storage.transaction() as ports:
        attempts.unlock(ports, "a-duong", proven=frozenset(proven), names=NAMES)


def fill(storage: MemoryStorage, limit: Limit, value: str) -> None:
    with storage.transaction() as ports:
        while not ports.attempts.count(limit, value, now=NOW):
            pass


def test_no_more_than_a_hundred_in_a_row(storage: MemoryStorage) -> None:
    now, passed = NOW, 0
    while now < NOW + 60 * 86_400:
        try:
            attempts.begin(storage, PASSWORD, now=now)
            passed += 1
        except TooMany as refused:
            now += refused.wait
    assert passed == 100  # NIST SP 800-63B-4 §3.2.2


def test_waits_only_grow() -> None:
    for limit in (PERSON, TYPED, attempts.KNOWN_DEVICE):
        waits = [limit.wait(number) for number in range(1, 130)]
        assert waits == sorted(waits) and waits[:5] == [0] * 5 and waits[-1] > 300 * 86_400


def test_each_secret_has_its_count(storage: MemoryStorage) -> None:
    assert tries(storage, PASSWORD) == FREE
    assert tries(storage, CODE) == FREE
    assert tries(storage, replace(CODE, client_id=None, address="198.51.100.1")) == 0  # from anywhere else


def test_who_knows_the_password_does_not_guess_codes_without_end(storage: MemoryStorage) -> None:
    assert tries(storage, CODE) == FREE
    succeed(storage, PASSWORD)
    unlock(storage, Factor.PASSWORD)
    assert tries(storage, CODE) == 0


def test_a_success_ends_its_own_count(storage: MemoryStorage) -> None:
    assert tries(storage, PASSWORD, most=4) == 4
    succeed(storage, PASSWORD)
    assert tries(storage, PASSWORD) == FREE


@pytest.mark.parametrize(
    ("proven", "passed"),
    [
        ({Factor.PASSWORD}, 0),
        ({Factor.SHORT_MESSAGE}, 0),
        ({Factor.SHORT_MESSAGE, Factor.ONE_TIME_CODE}, 0),  # both possessed
        ({Factor.PASSWORD, Factor.ONE_TIME_CODE}, 0),  # the password is what was guessed at
        ({Factor.SOFTWARE_KEY, Factor.USER_VERIFIED}, FREE),
        ({Factor.SOFTWARE_KEY, Factor.PIN}, FREE),
        ({Factor.SHORT_MESSAGE, Factor.FACE}, FREE),
    ],
)
def test_what_could_replace_the_password_unlocks_it(storage: MemoryStorage, proven: set[Factor], passed: int) -> None:
    assert tries(storage, PASSWORD) == FREE
    unlock(storage, *proven)
    assert tries(storage, PASSWORD) == passed


def test_both_names_together_do_not_give_more(storage: MemoryStorage) -> None:
    assert tries(storage, PASSWORD, most=3) == 3
    assert tries(storage, BY_PHONE) == FREE - 3


def test_one_name_does_not_tell_what_was_done_under_the_other(storage: MemoryStorage) -> None:
    assert tries(storage, PASSWORD) == FREE
    with pytest.raises(TooMany) as own:
        attempts.begin(storage, PASSWORD, now=NOW)
    assert not isinstance(own.value, HiddenLimit)
    for _ in range(FREE):  # as many as an unknown name would be let try
        with pytest.raises(HiddenLimit):
            attempts.begin(storage, BY_PHONE, now=NOW)
    with pytest.raises(TooMany) as other:
        attempts.begin(storage, BY_PHONE, now=NOW)
    assert not isinstance(other.value, HiddenLimit)


def test_an_unknown_name_waits_as_a_known_one(storage: MemoryStorage) -> None:
    unknown = replace(PASSWORD, subject="999203009999", typed="999203009999")
    assert tries(storage, unknown) == FREE
    with pytest.raises(TooMany) as refused:
        attempts.begin(storage, unknown, now=NOW)
    assert not isinstance(refused.value, HiddenLimit)


def test_strangers_do_not_lock_a_known_browser_out(storage: MemoryStorage) -> None:
    assert tries(storage, PASSWORD) == FREE
    for limit, value in ((ADDRESS, PASSWORD.address), (CLIENT, "bank"), (OVERALL, EVERYBODY)):
        fill(storage, limit, value)
    assert tries(storage, KNOWN) == FREE  # a count of its own, and a limit of its own
    assert tries(storage, replace(KNOWN, known_device="another")) == FREE


def test_a_known_browser_s_success_gives_strangers_nothing(storage: MemoryStorage) -> None:
    assert tries(storage, PASSWORD) == FREE
    attempts.begin(storage, KNOWN, now=NOW)
    succeed(storage, KNOWN)
    assert tries(storage, PASSWORD) == 0


@pytest.mark.parametrize(("limit", "value"), [(CLIENT, "bank"), (OVERALL, EVERYBODY), (ADDRESS, PASSWORD.address)])
def test_sources_and_everybody_have_limits(storage: MemoryStorage, limit: Limit, value: str) -> None:
    fill(storage, limit, value)
    with pytest.raises(TooMany) as refused:
        attempts.begin(storage, PASSWORD, now=NOW)
    assert refused.value.wait == attempts.WINDOW
    attempts.begin(storage, PASSWORD, now=NOW + attempts.WINDOW)


def test_those_limits_count_failures_alone(storage: MemoryStorage) -> None:
    for number in range(ADDRESS.steps[0][0] * 2):
        one = replace(PASSWORD, subject=f"a-{number}", typed=str(number))
        attempts.begin(storage, one, now=NOW)
        succeed(storage, one)
    with storage.transaction() as ports:
        for _ in range(CLIENT.steps[0][0] + 1):
            attempts.fail(ports, PASSWORD, reason="wrong_password", account_id="a-duong", now=NOW)
        assert ports.attempts.waiting(CLIENT, "bank", now=NOW) == attempts.WINDOW
        assert ports.attempts.waiting(OVERALL, EVERYBODY, now=NOW) == 0


def test_a_signature_is_counted_by_its_address_alone(storage: MemoryStorage) -> None:
    key = replace(PASSWORD, secret=Secret.KEY, typed=None)
    fill(storage, OVERALL, EVERYBODY)
    assert tries(storage, key, most=1000) == ADDRESS.steps[0][0] + 1
    succeed(storage, key)
    assert tries(storage, key) == 1


def test_the_journal_hears_of_a_failure_and_of_the_limit_it_reached(storage: MemoryStorage) -> None:
    for _ in range(FREE):
        attempts.begin(storage, PASSWORD, now=NOW)
        with storage.transaction() as ports:
            attempts.fail(ports, PASSWORD, reason="wrong_password", account_id="a-duong", now=NOW)
    tries(storage, PASSWORD)  # refused: in the log of requests, not in the journal, which a flood would fill
    with storage.reading() as ports:
        refused, (limited,) = ports.journal.read(kind="sign_in_refused"), ports.journal.read(kind="attempts_limited")
    assert len(refused) == FREE
    assert limited.account_id == "a-duong" and limited.details == {"limits": ["typed", "person"], "secret": "password"}
    assert "999203001234" not in repr((refused, limited))
