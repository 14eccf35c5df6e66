"""What an officer does at the counter: who gets level 2, what a recovery ends, what an unlocking opens again."""

from dataclasses import replace
from typing import Any

import pytest

from idp.accounts import proofing
from idp.accounts.proofing import Recovered, Refused
from idp.login import attempts
from idp.login.attempts import Secret, TooMany, Try
from idp.login.password import hash_password
from idp.model import Account, AccountState, Authenticator, AuthenticatorKind
from tests.idp.web.codes import signed_in, with_app
from tests.world_idp import NOW, PASSWORD, State, account, person

LAM = "999090000111"  # an account of level 1
DUONG = "999203001234"
ANH = "Trần Thị Cán Bộ"


def raised(state: State, pid: str = LAM, phone: str = "+84987000111") -> Account | Refused:
    with state.storage.transaction() as ports:
        who = ports.population.by_pid(pid)
        assert who is not None
        return proofing.raise_level(ports, who, phone=phone, officer=ANH, now=state.clock[0], simulation=True)


def test_level_2_is_seen_at_once(state: State) -> None:
    browser = state.browser()
    tokens = state.redeem(browser.code(identifier=LAM, scope="openid vneid")).get_json()
    assert state.userinfo(tokens["access_token"]).get_json()["account_level"] == 1
    assert isinstance(raised(state), Account)
    assert state.userinfo(tokens["access_token"]).get_json()["account_level"] == 2
    (event,) = state.journal("account_level_set")
    assert (event.account_id, event.details) == ("a-lam", {"level": 2, "officer": ANH})
    with state.storage.reading() as ports:
        assert "level 2" in ports.messages.recent(now=state.clock[0], phone="+84987000111")[0].text.en


def test_an_account_that_somebody_else_registered_is_not_raised(state: State) -> None:
    """They knew the number, the name and the date of birth, and wrote a telephone of their own."""
    answer = raised(state, phone="+84900000001")
    assert isinstance(answer, Refused) and answer.code == "other_phone"
    with state.storage.transaction() as ports:
        who = ports.population.by_pid(LAM)
        assert who is not None
        for kind in (AuthenticatorKind.PASSKEY, AuthenticatorKind.TOTP):
            ports.authenticators.add(Authenticator(f"of-{kind}", "a-lam", kind, "theirs", NOW))
        done = proofing.recover(
            ports,
            who,
            hash_password("một câu mới tinh"),
            officer=ANH,
            remove_factors=False,
            phone="+84900000001",
            now=state.clock[0],
            simulation=True,
        )
        assert isinstance(done, Recovered) and done.factors == 2  # nothing of theirs stays
        assert ports.messages.recent(now=state.clock[0])[0].phone == "+84900000001"
    assert isinstance(raised(state, phone="+84900000001"), Account)


@pytest.mark.parametrize(
    ("pid", "code"),
    [(DUONG, "has_level"), ("999090000222", "identity_locked"), ("999040000333", "deceased")],
)
def test_who_does_not_get_it(state: State, pid: str, code: str) -> None:
    answer = raised(state, pid)
    assert isinstance(answer, Refused) and answer.code == code and answer.text
    (event,) = state.journal("proofing_refused")
    assert event.details == {"asked": "account_level_set", "reason": code, "officer": ANH}
    assert not state.journal("account_level_set")


@pytest.mark.parametrize(
    ("changed", "state_of", "code"),
    [
        ({"birth_date": "2020-03-03"}, AccountState.ACTIVE, "not_entitled"),  # six tomorrow
        ({"birth_date": "2020-03-02"}, AccountState.ACTIVE, None),  # six today, by a representative
        ({}, AccountState.LOCKED, "account_locked"),
    ],
)
def test_ages_and_locks(state: State, changed: dict[str, Any], state_of: AccountState, code: str | None) -> None:
    who = person("p-child", pid="999320000444", phone=None, **changed)
    with state.storage.transaction() as ports:
        ports.population.add([who])
        ports.accounts.add(account("a-child", "p-child", level=1, phone="+84987000444", state=state_of))
    answer = raised(state, who.pid, "+84987000444")
    assert (answer.code if isinstance(answer, Refused) else None) == code
    with state.storage.reading() as ports:
        found = ports.accounts.get("a-child")
    assert found is not None and found.level == (1 if code else 2)


def test_without_an_account(state: State) -> None:
    with state.storage.transaction() as ports:
        ports.population.add([person("p-new", pid="999195000555", phone=None)])
    answer = raised(state, "999195000555")
    assert isinstance(answer, Refused) and answer.code == "no_account"


def test_only_the_first_of_two_officers_raises_it(state: State) -> None:
    assert isinstance(raised(state), Account)
    assert isinstance(raised(state), Refused)
    assert len(state.journal("account_level_set")) == 1


@pytest.mark.parametrize("remove", [False, True])
def test_a_recovery_ends_what_there_was(state: State, remove: bool) -> None:
    browser = signed_in(state)
    with_app(state, browser)
    tokens = state.redeem(browser.code()).get_json()
    with state.storage.transaction() as ports:
        ports.authenticators.add(Authenticator("k", "a-duong", AuthenticatorKind.PASSKEY, "Khóa", NOW, key="k"))
        answer = proofing.recover(
            ports,
            person(),
            hash_password("mot-lan-thoi-nhe-ban"),
            officer=ANH,
            remove_factors=remove,
            now=state.clock[0],
            simulation=True,
        )
    assert isinstance(answer, Recovered)
    assert answer.sessions >= 1 and answer.grants >= 1 and answer.factors == (2 if remove else 0)
    assert browser.get("/account").status_code == 303
    assert state.userinfo(tokens["access_token"]).status_code == 401
    with state.storage.reading() as ports:
        assert len(ports.authenticators.of_account("a-duong")) == (0 if remove else 2)
        assert "recovered at the counter" in ports.messages.recent(now=state.clock[0])[0].text.en
    removed = {event.details["kind"] for event in state.journal("authenticator_removed")}
    assert removed == ({"totp", "passkey"} if remove else set())
    fresh = state.browser()
    assert fresh.sign_in(fresh.get("/sign-in"), password=PASSWORD).status_code == 422
    assert fresh.sign_in(fresh.get("/sign-in"), password="mot-lan-thoi-nhe-ban").status_code == 303


def test_a_recovery_is_refused_where_the_account_does_not_stand(state: State) -> None:
    locked = replace(person("p-locked"), pid="999090000222")
    with state.storage.transaction() as ports:
        answer = proofing.recover(
            ports, locked, "hash", officer=ANH, remove_factors=True, now=state.clock[0], simulation=True
        )
        found = ports.accounts.get("a-locked")
    assert isinstance(answer, Refused) and answer.code == "identity_locked"
    assert found is not None and found.password_hash != "hash"


@pytest.mark.parametrize("secret", [secret for secret in Secret if secret is not Secret.KEY])
def test_unlocking_forgets_every_kind_of_try(state: State, secret: Secret) -> None:
    tried = Try(subject="a-duong", address="192.0.2.1", secret=secret, typed=DUONG)

    def exhausted() -> bool:
        try:
            for _ in range(attempts.STEPS[0][0] + 1):
                attempts.begin(state.storage, tried, now=state.clock[0])
            attempts.begin(state.storage, tried, now=state.clock[0])
        except TooMany:
            return True
        return False

    assert exhausted()
    with state.storage.transaction() as ports:
        assert isinstance(proofing.unlock(ports, person(), by="test", now=state.clock[0]), Account)
    attempts.begin(state.storage, tried, now=state.clock[0])
    assert [event.account_id for event in state.journal("attempts_forgotten")] == ["a-duong"]
