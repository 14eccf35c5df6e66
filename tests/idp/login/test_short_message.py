"""Codes by short message: bound, few tries, few messages. Spec: NIST SP 800-63B-4 §3.1.3; attacks BF-05, BF-07, BF-13."""

import secrets
from typing import Any

import pytest

from certs.catalogue import Text
from idp.login import short_message as sms
from idp.login.short_message import Asking, Held, Sent, TooSoon
from tests.world_idp import NOW, State

PHONE, KEY = "+84912345678", b"k" * 32


def send(state: State, *, now: int = NOW, **changed: Any) -> Sent | TooSoon:
    asking = {
        "bound_to": "step",
        "purpose": "sign_in",
        "typed": PHONE,
        "phone": PHONE,
        "account_id": "a-duong",
        "address": "192.0.2.1",
        "client_id": "bank",
        **changed,
    }
    with state.storage.transaction() as ports:
        return sms.send(
            ports,
            Asking(**asking),
            words=lambda code: Text(code, code),
            key=KEY,
            random=secrets.token_bytes,
            new_secret=lambda: secrets.token_urlsafe(32),
            now=now,
        )


def sent(state: State, **changed: Any) -> str:
    answer = send(state, **changed)
    assert isinstance(answer, Sent)
    return answer.code_id


def messages(state: State, *, now: int = NOW, phone: str | None = None) -> list[str]:
    with state.storage.reading() as ports:
        return [one.text.vi for one in ports.messages.recent(now=now, phone=phone, limit=500)]


def find(state: State, code_id: str, *, bound_to: str = "step", now: int = NOW) -> Held | None:
    with state.storage.reading() as ports:
        return sms.find(ports, code_id, bound_to=bound_to, now=now)


def right(state: State, held: Held | None, typed: str, *, key: bytes = KEY) -> bool:
    assert held is not None
    with state.storage.transaction() as ports:
        return sms.is_right(ports, held, typed, key=key, now=NOW)


def test_six_digits_good_for_ten_minutes(state: State) -> None:
    code_id = sent(state)
    (code,) = messages(state)
    assert len(code) == 6 and code.isdecimal()
    assert right(state, find(state, code_id, now=NOW + 599), code)
    assert find(state, code_id, now=NOW + 600) is None
    assert not messages(state, now=NOW + 600)


def test_good_where_it_was_asked_for(state: State) -> None:
    one, two = sent(state), sent(state, bound_to="other")
    second, first = messages(state)
    assert find(state, one, bound_to="other") is None
    assert not right(state, find(state, two, bound_to="other"), first)
    assert right(state, find(state, two, bound_to="other"), second)
    assert not right(state, find(state, one), first, key=b"x" * 32)


def test_spent_once(state: State) -> None:
    held = find(state, sent(state))
    assert held is not None
    outcomes = []
    for _ in range(2):
        with state.storage.transaction() as ports:
            outcomes.append(sms.spend(ports, held, now=NOW))
    assert outcomes == [True, False]
    assert find(state, held.code_id) is None


def test_five_tries(state: State) -> None:
    held = find(state, sent(state))
    (code,) = messages(state)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert not any(right(state, held, wrong) for _ in range(4))
    assert right(state, held, code)  # the fifth
    assert not right(state, held, code)  # and void


def test_nobody_gets_nothing_and_is_asked_for_the_code(state: State) -> None:
    code_id = sent(state, typed="999203009999", phone=None, account_id=None)
    assert not messages(state)
    held = find(state, code_id)
    assert held is not None
    assert not any(right(state, held, f"{guess:06d}") for guess in range(5))
    assert [event.details["reached"] for event in state.journal("message_sent")] == [False]


@pytest.mark.parametrize("known", [True, False])
def test_three_in_ten_minutes(state: State, known: bool) -> None:
    who = {} if known else {"phone": None, "account_id": None}
    for at in (0, 100, 200):
        sent(state, now=NOW + at, **who)
    assert send(state, now=NOW + 300, **who) == TooSoon(500)
    assert isinstance(send(state, now=NOW + 800, **who), Sent)
    assert isinstance(send(state, now=NOW + 801, **who), TooSoon)
    assert [event.details["limits"] for event in state.journal("attempts_limited")] == [["messages_by_name"]] * 2


def test_never_more_than_three_in_any_ten_minutes(state: State) -> None:
    """Whoever asks every minute for two hours."""
    at = [second for second in range(0, 7200, 60) if isinstance(send(state, now=NOW + second), Sent)]
    assert len(at) > 6
    for first in at:
        assert len([second for second in at if first <= second < first + 600]) <= 3


def test_a_person_is_spared_under_all_names_and_the_answer_does_not_say_so(state: State) -> None:
    for _ in range(3):
        sent(state)
    for _ in range(3):
        sent(state, typed="999203001234")  # as if it went out
    assert len(messages(state, phone=PHONE)) == 3
    assert isinstance(send(state, typed="999203001234"), TooSoon)


def test_what_an_address_and_a_client_may_cost(state: State) -> None:
    for number in range(100):
        sent(state, typed=f"+8491000{number:04d}", phone=f"+8491000{number:04d}", account_id=None)
    other = {"typed": "+84911111111", "phone": "+84911111111"}
    answer = send(state, **other)
    assert isinstance(answer, TooSoon)
    assert answer.wait <= 3600
    assert isinstance(send(state, address="192.0.2.2", **other), Sent)
    assert isinstance(send(state, now=NOW + 3600, **other), Sent)


def test_a_replaced_code_ends(state: State) -> None:
    old = sent(state)
    new = sent(state, replaces=old)
    assert find(state, old) is None
    elsewhere = sent(state, bound_to="other", typed="x", replaces=new)
    assert find(state, new) is not None  # another step's is left alone
    assert find(state, elsewhere, bound_to="other") is not None


def test_what_is_kept_and_told_has_no_code(state: State) -> None:
    held = find(state, sent(state))
    (code,) = messages(state)
    assert code not in repr(held) and code not in repr(state.journal())
