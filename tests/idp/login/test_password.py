"""Passwords. Spec: RFC 9106; NIST SP 800-63B-4 §3.1.1; attacks BF-14."""

import unicodedata

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from idp.login.password import LONGEST, PasswordRefused, hash_password, is_outdated, verify_password

PASSWORD = "Mật khẩu đủ dài 🪷"


def test_set_and_checked() -> None:
    made = hash_password(PASSWORD)
    assert verify_password(made, PASSWORD)
    assert not verify_password(made, PASSWORD + " ")
    assert not verify_password(made, "")
    assert hash_password(PASSWORD) != made  # salted


def test_the_cost() -> None:
    cost = extract_parameters(hash_password(PASSWORD))
    assert (cost.type, cost.memory_cost, cost.time_cost, cost.parallelism) == (Type.ID, 19_456, 2, 1)


def test_bf_14_one_password_however_it_was_composed() -> None:
    decomposed = unicodedata.normalize("NFD", PASSWORD)
    assert decomposed != PASSWORD
    assert verify_password(hash_password(PASSWORD), decomposed)
    assert verify_password(hash_password(decomposed), PASSWORD)


def test_bf_14_long_and_longer() -> None:
    longest = "dai" + "a" * (LONGEST - 3)
    made = hash_password(longest)
    assert verify_password(made, longest)
    assert not verify_password(made, longest[:-1])  # nothing is cut off
    assert not verify_password(made, longest + "a")
    for too_long in (longest + "a", "ế" * 342, "x" * (1 << 20)):
        with pytest.raises(PasswordRefused) as refused:
            hash_password(too_long)
        assert refused.value.code == "too_long"


@pytest.mark.parametrize(
    ("password", "code"), [("12345678\0", "not_text"), ("\ud800" * 8, "not_text"), ("ngắn", "too_short")]
)
def test_bf_14_what_cannot_be_set(password: str, code: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        hash_password(password)
    assert refused.value.code == code
    assert not verify_password(hash_password(PASSWORD), password)


def test_bf_14_nothing_after_a_nul_is_ignored() -> None:
    assert not verify_password(hash_password("a-password"), "a-password\0and more")


def test_nobody_has_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for password in (PASSWORD, "", "\0", "x" * 5_000):
        assert not verify_password(None, password)
    assert not verify_password("", PASSWORD)
    assert not verify_password("not a hash", PASSWORD)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("password", [PASSWORD, "\0", "x" * 5_000])
def test_the_same_work_is_done_for_nobody(known: bool, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = hash_password("another password") if known else None
    checked: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: bytes) -> object:
        checked.append(hash)
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert not verify_password(made, password)
    assert len(checked) == 1
    assert extract_parameters(checked[0]).memory_cost == 19_456


def test_an_older_cost_is_noticed() -> None:
    older = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    assert verify_password(older, PASSWORD)
    assert is_outdated(older)
    assert not is_outdated(hash_password(PASSWORD))
