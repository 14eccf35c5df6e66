"""The rules of an approval, in memory: what is asked, seen, decided and taken."""

import random
from dataclasses import replace
from typing import Any

import pytest

from certs.device import Decision, new_id
from idp.login import approval
from idp.login.approval import Asking, Decided
from idp.model import Authenticator, AuthenticatorKind
from idp.ports import Ports
from idp.storage.memory import MemoryStorage
from tests.contract.rows import ACCOUNT, NOW, with_account

ANYBODY = Asking(
    asking_id="asking",
    interaction_id="interaction",
    browser="hash of a browser",
    account_id=None,
    recovers=False,
    client_id="bank",
    redirect_uri="https://bank.example.vn/cb",
    scopes=("openid",),
    place="203.0.113.0/24",
    device="Firefox, Linux",
    asked_at=NOW,
    expires=NOW + approval.LIFETIME,
)


def below(seed: int) -> Any:
    chosen = random.Random(seed)
    return chosen.randrange


def asked(ports: Ports, *, seed: int = 1, same_device: bool = False, **changed: Any) -> Asking:
    secret = f"secret {seed}"
    asking = replace(ANYBODY, **changed)
    return approval.ask(ports, asking, new_secret=lambda: secret, below=below(seed), same_device=same_device)


def decide(ports: Ports, request: str, number: str | None, *, approved: bool = True, **changed: Any) -> Decided | None:
    given = {"proof": new_id(), "account_id": "a1", "authenticator_id": "d1", "now": NOW, **changed}
    return approval.decide(ports, Decision(request, new_id(), approved, number), new_secret=new_id, **given)


@pytest.mark.parametrize("seed", range(200))
def test_three_different_numbers_with_the_right_one_among_them(seed: int) -> None:
    with MemoryStorage().transaction() as ports:
        asking = asked(ports, seed=seed)
    assert len(set(asking.numbers)) == 3
    assert asking.number in asking.numbers
    assert all(10 <= int(number) <= 99 for number in asking.numbers)


def test_the_next_code_cannot_be_told_from_the_last() -> None:
    with MemoryStorage().transaction() as ports:
        first, second = asked(ports, seed=1), asked(ports, seed=2, asking_id="another")
        codes = [approval.code(ports, one, now=NOW + turn * 25) for one in (first, second) for turn in range(12)]
    assert len(set(codes)) == 24


def test_the_first_decision_counts_and_its_proof_is_remembered() -> None:
    storage = MemoryStorage()
    with storage.transaction() as ports:
        asking = asked(ports)
        code = approval.code(ports, asking, now=NOW)
        assert decide(ports, code, asking.number) is None  # nobody has looked at it
        assert approval.open_code(ports, code, account_id="a1", now=NOW) == asking
        assert decide(ports, code, asking.number, account_id="a2") is None
        decided = decide(ports, code, asking.number, proof="the proof")
        assert decided == Decided(approval.APPROVED, None, "interaction")
        assert decide(ports, code, asking.number, proof="the proof") == decided
        assert decide(ports, code, None, approved=False) is None
        found = approval.standing(ports, "asking", "interaction", now=NOW)
        assert (found.state, found.account_id, found.authenticator_id) == (approval.APPROVED, "a1", "d1")


@pytest.mark.parametrize(
    ("same_device", "picked", "outcome"),
    [
        (False, "right", approval.APPROVED),
        (False, "wrong", approval.VOID),
        (False, None, approval.VOID),
        (True, None, approval.APPROVED),
        (True, "wrong", approval.VOID),
    ],
)
def test_the_number_that_was_picked(same_device: bool, picked: str | None, outcome: str) -> None:
    with MemoryStorage().transaction() as ports:
        asking = asked(ports, same_device=same_device)
        code = approval.request_here(ports, asking) if same_device else approval.code(ports, asking, now=NOW)
        approval.open_code(ports, code, account_id="a1", now=NOW)
        wrong = next(str(n) for n in range(10, 99) if str(n) != asking.number)
        decided = decide(ports, code, {"right": asking.number, "wrong": wrong, None: None}[picked])
        assert decided is not None
        assert decided.outcome == outcome
        assert (decided.result is not None) == (same_device and outcome == approval.APPROVED)


def test_the_result_of_the_same_device_is_for_who_brings_it() -> None:
    storage = MemoryStorage()
    with storage.transaction() as ports:
        with_account(ports)
        ports.authenticators.add(Authenticator("d1", ACCOUNT.account_id, AuthenticatorKind.DEVICE, "", NOW, key="k"))
        code = approval.request_here(ports, asked(ports, same_device=True))
        approval.open_code(ports, code, account_id="a1", now=NOW)
        decided = decide(ports, code, None)
        assert decided is not None
        assert decided.result is not None
        assert approval.standing(ports, "asking", "interaction", now=NOW).state == approval.EXPIRED
        assert approval.returned(ports, decided.result, "another", now=NOW).state == approval.EXPIRED
        found = approval.returned(ports, decided.result, "interaction", now=NOW)
        assert approval.take_result(ports, found, now=NOW)
        assert not approval.take_result(ports, found, now=NOW)


def test_a_withdrawn_asking_is_answered_by_nobody() -> None:
    with MemoryStorage().transaction() as ports:
        asking = asked(ports)
        code = approval.code(ports, asking, now=NOW)
        approval.open_code(ports, code, account_id="a1", now=NOW)
        assert approval.withdraw(ports, asking, now=NOW)
        assert not approval.withdraw(ports, asking, now=NOW)
        assert decide(ports, code, asking.number) is None
        assert approval.standing(ports, "asking", "interaction", now=NOW).state == approval.EXPIRED


def test_two_codes_of_one_asking_may_be_open_and_one_decision_ends_both() -> None:
    with MemoryStorage().transaction() as ports:
        asking = asked(ports)
        first, second = (approval.code(ports, asking, now=NOW + at) for at in (0, approval.TURN))
        for code, account_id in ((first, "a1"), (second, "a2")):
            assert approval.open_code(ports, code, account_id=account_id, now=NOW + approval.TURN) == asking
        assert decide(ports, second, None, approved=False, account_id="a2") is not None
        assert decide(ports, first, asking.number) is None


def test_each_kind_of_end_has_its_event() -> None:
    storage = MemoryStorage()
    for number, (approved, tries, kind, reason) in enumerate(
        [
            (True, 0, "approval_given", None),
            (False, 0, "approval_denied", None),
            (None, approval.PASSCODE_TRIES, "approval_denied", "tried_out"),
        ]
    ):
        with storage.transaction() as ports:
            asking = asked(ports, seed=number, asking_id=f"asking {number}")
            code = approval.code(ports, asking, now=NOW)
            approval.open_code(ports, code, account_id="a1", now=NOW)
            left = [approval.passcode_wrong(ports, asking, "a1", now=NOW) for _ in range(tries)]
            if approved is not None:
                decide(ports, code, asking.number if approved else None, approved=approved)
            assert left == list(range(tries))[::-1]
            event = ports.journal.read()[0]
            assert (event.kind, event.account_id, event.client_id) == (kind, "a1", "bank")
            assert event.details.get("reason") == reason
