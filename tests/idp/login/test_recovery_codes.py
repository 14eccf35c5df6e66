"""Recovery codes. Spec: NIST SP 800-63B-4 §3.1.2."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.login import recovery_codes as codes
from tests.world_idp import NOW, State

KEY = b"k" * 32
MINE, THEIRS = "a-duong", "a-lam"


def put(state: State, account_id: str = MINE) -> tuple[str, ...]:
    made = codes.generate(secrets.token_bytes)
    with state.storage.transaction() as ports:
        codes.replace_all(ports, account_id, made, key=KEY, new_secret=lambda: secrets.token_urlsafe(32), now=NOW)
    return made


def use(state: State, account_id: str, typed: str, key: bytes = KEY) -> bool:
    with state.storage.transaction() as ports:
        found = codes.find(ports, account_id, typed, key=key)
        return found is not None and codes.spend(ports, found, now=NOW)


def left(state: State, account_id: str = MINE) -> int:
    with state.storage.reading() as ports:
        return codes.left(ports.authenticators.of_account(account_id))


def test_ten_of_60_bits() -> None:
    made = codes.generate(secrets.token_bytes)
    assert len(set(made)) == 10
    assert all(len(one) == 14 and one[4] == one[9] == "-" for one in made)
    letters = set("".join(codes.generate(secrets.token_bytes)[0] for _ in range(300))) - {"-"}
    assert len(letters) == 32 and not letters & set("OILU")


def test_each_once(state: State) -> None:
    made = put(state)
    assert left(state) == 10
    assert use(state, MINE, made[3])
    assert not use(state, MINE, made[3])
    assert left(state) == 9
    (event,) = state.journal("authenticator_removed")
    assert event.details["reason"] == "used"
    assert not any(code in repr(state.journal()) for code in made)


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{bare}", "{spaced}"])
def test_as_people_type_them(state: State, typed: str) -> None:
    code = put(state)[0]
    text = typed.format(code, lower=code.lower(), bare=code.replace("-", ""), spaced=code.replace("-", " "))
    assert use(state, MINE, text)


def test_letters_that_look_like_digits() -> None:
    assert codes.normalise("oil0-OIL1-abcd") == "011001" + "11ABCD"


@pytest.mark.parametrize("typed", ["", "0000-0000-000", "0000-0000-00000", "UUUU-UUUU-UUUU", "٠" * 12, "x" * 5000])
def test_what_is_no_code(state: State, typed: str) -> None:
    assert codes.normalise(typed) is None
    put(state)
    assert not use(state, MINE, typed)


def test_of_one_account_and_one_key(state: State) -> None:
    mine, theirs = put(state), put(state, THEIRS)
    assert not use(state, MINE, theirs[0])
    assert not use(state, THEIRS, mine[0])
    assert not use(state, MINE, mine[0], b"x" * 32)
    assert (left(state), left(state, THEIRS)) == (10, 10)


def test_a_new_set_ends_the_old_one(state: State) -> None:
    old, new = put(state), put(state)
    assert left(state) == 10
    assert not use(state, MINE, old[0])
    assert use(state, MINE, new[0])


def test_what_is_kept_says_nothing(state: State) -> None:
    made = put(state)
    with state.storage.reading() as ports:
        kept = repr(ports.authenticators.of_account(MINE))
    assert not any(codes.normalise(code) in kept or code in kept for code in made)  # type: ignore[operator]


def test_two_sets_at_once_leave_one(state: State) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: put(state), range(4)))
    assert left(state) == 10
    assert sum(use(state, MINE, each[0]) for each in made) == 1


def test_one_code_at_once(state: State) -> None:
    code = put(state)[0]
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: use(state, MINE, code), range(4))) == [False, False, False, True]
