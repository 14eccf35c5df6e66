"""Refresh tokens replayed, stolen, widened, outlived, given back: attacks RT-01 to RT-14 (without DPoP)."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from certs.jose import sign
from certs.keys import MemorySigner
from idp.__main__ import main
from idp.app import create_app
from idp.model import AccountState
from idp.oidc.assertion import TYPE
from idp.oidc.grants import retry
from idp.oidc.profiles import PROFILES
from idp.storage.tables import db, ephemerals
from tests.attacks import answers
from tests.idp.oidc import registering
from tests.idp.test_housekeeping import settings
from tests.world_idp import CALLBACK, ISSUER, State, basic, client, reopen

SCOPE = "openid profile offline_access"
ROUNDS = 60  # of refresh against revocation; the soak has more


@pytest.fixture
def offline(state: State) -> dict[str, Any]:
    """The tokens of a client that the person allowed to read while they are away."""
    state.put(clients=(client("night", scopes=("openid", "profile", "email", "offline_access")),))
    return begin(state)


def begin(state: State) -> dict[str, Any]:
    code = state.browser().code(client_id="night", scope=SCOPE)
    got: dict[str, Any] = state.redeem(code, headers=basic("night")).get_json()
    assert set(got) == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    return got


def refresh(state: State, token: str, headers: dict[str, str] | None = None, **more: str) -> TestResponse:
    form = {"grant_type": "refresh_token", "refresh_token": token, **more}
    return state.token(form, basic("night") if headers is None else headers)


def revoke(state: State, token: str, headers: dict[str, str] | None = None, **more: str) -> TestResponse:
    return state.app.test_client().post(
        "/revoke", data={"token": token, **more}, headers=basic("night") if headers is None else headers
    )


def ended(state: State, *tokens: dict[str, Any]) -> None:
    for one in tokens:
        assert state.userinfo(one["access_token"]).status_code == 401
        answers.token(refresh(state, one["refresh_token"]), "invalid_grant")


def test_rt_01_old_token_after_rotation_ends_the_family(state: State, offline: dict[str, Any]) -> None:
    second = refresh(state, offline["refresh_token"]).get_json()
    assert second["refresh_token"] != offline["refresh_token"]
    assert state.userinfo(second["access_token"]).status_code == 200
    state.wait(retry.SECONDS)
    answers.token(refresh(state, offline["refresh_token"]), "invalid_grant")
    answers.one_event(state, "refresh_reuse")
    ended(state, offline, second)


def test_rt_01_the_same_request_again_at_once_gets_the_same_answer(state: State, offline: dict[str, Any]) -> None:
    """The answer was lost on the way. Nothing new comes to life, and the next exchange goes on from it."""
    first = refresh(state, offline["refresh_token"])
    for seconds in (0, 1, retry.SECONDS - 2):
        state.wait(seconds)
        again = refresh(state, offline["refresh_token"])
        assert (again.status_code, again.data) == (200, first.data)
        answers.headers(again)
    assert len(state.journal("refresh_repeated")) == 3 and len(state.journal("tokens_refreshed")) == 1
    assert not state.journal("refresh_reuse")
    assert refresh(state, first.get_json()["refresh_token"]).status_code == 200


@pytest.mark.parametrize("more", [{"scope": "openid"}, {"resource": ISSUER}, {"unheard_of": "x"}])
def test_rt_01_another_request_at_once_ends_the_family(
    state: State, offline: dict[str, Any], more: dict[str, str]
) -> None:
    second = refresh(state, offline["refresh_token"]).get_json()
    answers.token(refresh(state, offline["refresh_token"], **more), "invalid_grant")
    answers.one_event(state, "refresh_reuse")
    ended(state, offline, second)


def test_rt_01_no_repetition_once_its_answer_was_used(state: State, offline: dict[str, Any]) -> None:
    second = refresh(state, offline["refresh_token"]).get_json()
    third = refresh(state, second["refresh_token"]).get_json()
    answers.token(refresh(state, offline["refresh_token"]), "invalid_grant")
    ended(state, second, third)


def test_rt_01_what_is_kept_opens_for_nobody_else(state: State, offline: dict[str, Any]) -> None:
    """Neither another client nor who reads the database gets at it, and ten seconds later there is nothing to get at."""
    answer = refresh(state, offline["refresh_token"])
    answers.token(refresh(state, offline["refresh_token"], basic("bank")), "invalid_grant")
    assert refresh(state, offline["refresh_token"]).data == answer.data  # the family was left alone by that
    with state.app.app_context(), db.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(select(ephemerals.c.payload)).scalars()]
    (kept,) = [row for row in rows if set(row) == {"sealed"}]
    for secret in answer.get_json().values():
        assert str(secret) not in repr(rows)
    assert len(kept["sealed"]) > len(answer.data)
    with state.storage.transaction() as ports:
        assert ports.ephemeral.sweep(now=state.clock[0] + retry.SECONDS) >= 1
    answers.token(refresh(state, offline["refresh_token"]), "invalid_grant")


def test_rt_01_a_revoked_family_repeats_nothing(state: State, offline: dict[str, Any]) -> None:
    second = refresh(state, offline["refresh_token"]).get_json()
    assert revoke(state, second["access_token"]).status_code == 200
    answers.token(refresh(state, offline["refresh_token"]), "invalid_grant")
    ended(state, offline, second)


def test_rt_01_a_signed_retry_is_the_same_request(state: State) -> None:
    """Its assertion is new each time, as it must be."""
    key = MemorySigner.generate("ES256", kid="one")
    shape: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "secret_hash": None}
    scopes = ("openid", "profile", "offline_access")
    jwks = {"jwks": {"keys": [key.public.jwk()]}}
    state.put(clients=(client("signer", scopes=scopes, metadata=jwks, **shape),))

    def signed() -> dict[str, str]:
        claims = {"iss": "signer", "sub": "signer", "aud": ISSUER, "jti": state.web.oidc.new_secret()}
        assertion = sign({**claims, "exp": state.clock[0] + 60}, key, typ="JWT")
        return {"client_assertion": assertion, "client_assertion_type": TYPE}

    code = state.browser().code(client_id="signer", scope=SCOPE)
    token = state.redeem(code, {}, **signed()).get_json()["refresh_token"]
    first, second = (refresh(state, token, {}, **signed()) for _ in range(2))
    assert first.status_code == 200 and first.data == second.data


def test_rt_02_parallel_uses(state: State, offline: dict[str, Any]) -> None:
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: refresh(state, offline["refresh_token"]), range(24)))
    won = [response.get_json() for response in responses if response.status_code == 200]
    assert len({tokens["refresh_token"] for tokens in won}) == len({tokens["access_token"] for tokens in won}) == 1
    assert {response.status_code for response in responses} <= {200, 503}  # 503: storage was busy, try again
    assert len(state.journal("tokens_refreshed")) == 1 and not state.journal("refresh_reuse")
    assert refresh(state, won[0]["refresh_token"]).status_code == 200


def test_rt_02_two_different_requests_at_once(state: State, offline: dict[str, Any]) -> None:
    scopes = ["openid", "openid profile"] * 8
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda scope: refresh(state, offline["refresh_token"], scope=scope), scopes))
    won = [response.get_json() for response in responses if response.status_code == 200]
    assert len({tokens["access_token"] for tokens in won}) == 1
    answers.one_event(state, "refresh_reuse")
    ended(state, *won)


def test_rt_03_another_clients_try_leaves_the_family_alone(state: State, offline: dict[str, Any]) -> None:
    answers.token(refresh(state, offline["refresh_token"], basic("bank")), "invalid_grant")
    answers.one_event(state, "token_refused", reason="the refresh token was given to another client")
    assert refresh(state, offline["refresh_token"]).status_code == 200


def test_rt_04_order_is_not_told_by_clocks(state: State, offline: dict[str, Any]) -> None:
    """Three rotations within one second, then the first again."""
    latest = offline
    for _ in range(3):
        latest = refresh(state, latest["refresh_token"]).get_json()
    answers.token(refresh(state, offline["refresh_token"]), "invalid_grant")
    answers.one_event(state, "refresh_reuse")
    ended(state, latest)


def test_rt_05_replay_after_a_restart(state: State, offline: dict[str, Any]) -> None:
    second = refresh(state, offline["refresh_token"]).get_json()
    state.wait(retry.SECONDS)
    again = State(create_app(state.web.config, clock=lambda: state.clock[0]), state.clock)
    try:
        answers.token(refresh(again, offline["refresh_token"]), "invalid_grant")
        answers.one_event(again, "refresh_reuse")
        ended(again, second)
    finally:
        again.close()


def test_rt_06_refresh_against_revocation(state: State, offline: dict[str, Any]) -> None:
    """Whatever the order: once /revoke has answered 200, nothing of the family works."""
    browser = state.browser()
    for number in range(ROUNDS):
        code = browser.code(client_id="night", scope=SCOPE)
        tokens = state.redeem(code, headers=basic("night")).get_json()
        with ThreadPoolExecutor(2) as pool:
            first, second = (refresh, revoke) if number % 2 else (revoke, refresh)
            results = [
                pool.submit(first, state, tokens["refresh_token"]),
                pool.submit(second, state, tokens["refresh_token"]),
            ]
        refreshed, revoked = sorted(
            (result.result() for result in results), key=lambda one: one.request.path == "/revoke"
        )
        assert revoked.status_code == 200
        ended(state, tokens)
        if refreshed.status_code == 200:
            ended(state, refreshed.get_json())


@pytest.mark.parametrize(
    "scope", ["openid profile email", "openid profile email offline_access", "address", "openid x"]
)
def test_rt_07_wider_scope(state: State, offline: dict[str, Any], scope: str) -> None:
    answers.token(refresh(state, offline["refresh_token"], scope=scope), "invalid_scope")
    assert refresh(state, offline["refresh_token"]).status_code == 200  # it was not used up by that


def test_rt_07_narrower_scope_holds_for_its_token_alone(state: State, offline: dict[str, Any]) -> None:
    narrow = refresh(state, offline["refresh_token"], scope="openid").get_json()
    assert narrow["scope"] == "openid"
    assert set(state.userinfo(narrow["access_token"]).get_json()) == {"sub"}
    wide = refresh(state, narrow["refresh_token"]).get_json()
    assert wide["scope"] == SCOPE
    assert "name" in state.userinfo(wide["access_token"]).get_json()


def test_rt_07_userinfo_needs_openid(state: State, offline: dict[str, Any]) -> None:
    narrow = refresh(state, offline["refresh_token"], scope="profile").get_json()
    assert "id_token" not in narrow
    assert state.userinfo(narrow["access_token"]).status_code == 403


def test_rt_08_absolute_lifetime_though_used_daily(state: State, offline: dict[str, Any]) -> None:
    token = offline["refresh_token"]
    days = PROFILES["agency"].lifetimes.offline // 86_400
    for _ in range(days - 1):
        state.wait(86_400)
        got = refresh(state, token).get_json()
        token = got["refresh_token"]
    state.wait(86_399)
    last = refresh(state, token).get_json()
    assert last["expires_in"] == 1  # no access token outlives the family
    state.wait(1)
    ended(state, last)


@pytest.mark.parametrize(
    "state", ["sqlite"], indirect=True
)  # a copy of its file is a backup; the verbs: tests/contract
def test_rt_14_a_refresh_token_that_was_exchanged_after_the_backup(
    state: State, offline: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for the session, the code and the offer of registering that the backup still has as good."""
    browser = state.browser()
    browser.code()
    code = browser.code()
    registering.offer(state, expires=10**10)
    folder, kept = state.web.config.data, tmp_path / "kept"
    file = state.web.config.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as now, closing(sqlite3.connect(kept)) as backup:
        now.backup(backup)
    second = refresh(state, offline["refresh_token"]).get_json()
    assert state.redeem(code).status_code == 200
    state.close()
    with closing(sqlite3.connect(kept)) as backup, closing(sqlite3.connect(file)) as now:
        backup.backup(now)
    for name, value in settings(state).items():
        monkeypatch.setenv(name, value)
    assert main(["restored", "--yes"]) == 0
    again = reopen(folder, state.web.config.database_url)
    again.wait(state.clock[0] - again.clock[0])
    for token in (offline, second):
        answers.token(refresh(again, token["refresh_token"]), "invalid_grant")
        assert again.userinfo(token["access_token"]).status_code == 401
    answers.token(again.redeem(code), "invalid_grant")
    registering.refused(registering.post(again, registering.TOKEN), "invalid_token", 401)
    other = again.browser()
    other.client._cookies = browser.client._cookies
    assert other.get("/account").headers["Location"].startswith("/login/")
    answers.one_event(again, "database_restored")
    assert again.redeem(again.browser().code()).status_code == 200
    again.close()


@pytest.mark.parametrize("change", ["account", "identity", "consent"])
def test_rt_10_locked_or_withdrawn(state: State, offline: dict[str, Any], change: str) -> None:
    with state.storage.transaction() as ports:
        if change == "account":
            ports.accounts.set_state("a-duong", AccountState.LOCKED)
        elif change == "consent":
            assert ports.consents.withdraw("a-duong", "night")
        else:
            person = ports.population.get("p-duong")
            assert person is not None
            ports.population.update(
                type(person)(**{**{n: getattr(person, n) for n in person.__slots__}, "locked": True})
            )
    answers.token(refresh(state, offline["refresh_token"]), "invalid_grant")


def test_rt_10_withdrawal_by_the_page_ends_the_family(state: State, offline: dict[str, Any]) -> None:
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    page = browser.get("/consents")
    assert "Cả khi bạn không có mặt" in page.text
    browser.submit(page)
    ended(state, offline)


def test_rt_11_unknown_and_foreign_tokens(state: State, offline: dict[str, Any]) -> None:
    for unknown in ("x", offline["refresh_token"][:-1], "x" * 5_000, "é"):
        done = revoke(state, unknown)
        assert (done.status_code, done.data) == (200, b"")
    assert not state.journal("revocation_refused")
    for kind in ("refresh_token", "access_token"):
        assert revoke(state, offline[kind], basic("bank")).status_code == 200
    assert len(state.journal("revocation_refused")) == 2
    assert state.userinfo(offline["access_token"]).status_code == 200
    assert refresh(state, offline["refresh_token"]).status_code == 200


def test_rt_11_revocation_needs_a_client_and_a_token(state: State, offline: dict[str, Any]) -> None:
    answers.token(revoke(state, offline["refresh_token"], {}), "invalid_client")
    answers.token(revoke(state, offline["refresh_token"], basic("night", "wrong")), "invalid_client")
    answers.token(revoke(state, ""), "invalid_request")
    in_query = state.app.test_client().post(f"/revoke?token={offline['refresh_token']}", headers=basic("night"))
    assert in_query.status_code in (400, 415)
    assert refresh(state, offline["refresh_token"]).status_code == 200


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "nonsense"])
def test_rt_11_revocation_ends_the_family(state: State, offline: dict[str, Any], kind: str, hint: str | None) -> None:
    done = revoke(state, offline[kind], **({} if hint is None else {"token_type_hint": hint}))
    assert done.status_code == 200 and done.headers["Cache-Control"] == "no-store"
    answers.one_event(state, "tokens_revoked")
    ended(state, offline)


def test_rt_12_revocation_while_storage_cannot_write(state: State, offline: dict[str, Any]) -> None:
    """Somebody holds the row for longer than a request may wait."""
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with suppress(InterruptedError), state.storage.transaction() as ports:
            ports.grants.close_account("a-duong", now=state.clock[0])
            held.set()
            release.wait(60)
            raise InterruptedError  # nothing of it is kept

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(10)
        answer = revoke(state, offline["refresh_token"])
    finally:
        release.set()
        holder.join()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.get_json()["error"] == "temporarily_unavailable"
    assert state.userinfo(offline["access_token"]).status_code == 200  # still valid, and the client knows
    assert revoke(state, offline["refresh_token"]).status_code == 200
    ended(state, offline)


def test_rt_13_access_tokens_end_with_their_family(state: State, offline: dict[str, Any]) -> None:
    """On every host: the second one shares nothing but the database."""
    other = State(create_app(state.web.config, clock=lambda: state.clock[0]), state.clock)
    try:
        second = refresh(state, offline["refresh_token"]).get_json()
        assert other.userinfo(offline["access_token"]).status_code == 200
        assert revoke(state, second["access_token"]).status_code == 200
        for tokens in (offline, second):
            refused = other.userinfo(tokens["access_token"])
            assert refused.status_code == 401
            assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    finally:
        other.close()


def test_co_01_a_code_used_again_days_later_ends_the_refresh_token_too(state: State) -> None:
    state.put(clients=(client("night", scopes=("openid", "profile", "offline_access")),))
    code = state.browser().code(client_id="night", scope=SCOPE)
    tokens = state.redeem(code, headers=basic("night")).get_json()
    state.wait(40 * 86_400)
    answers.token(state.redeem(code, headers=basic("night")), "invalid_grant")
    answers.one_event(state, "code_reuse")
    ended(state, tokens)


def test_co_10_a_refresh_token_is_nothing_else(state: State, offline: dict[str, Any]) -> None:
    answers.token(state.redeem(offline["refresh_token"], headers=basic("night")), "invalid_grant")
    assert state.userinfo(offline["refresh_token"]).status_code == 401
    answers.token(refresh(state, offline["access_token"]), "invalid_grant")
    assert refresh(state, offline["refresh_token"]).status_code == 200


def test_no_refresh_token_without_the_scope(state: State) -> None:
    """It is the person's consent that allows it; a client that may not ask is refused."""
    got = state.redeem(state.browser().code()).get_json()
    assert "refresh_token" not in got
    answers.redirect(state.browser().ask(scope="openid offline_access"), "invalid_scope")


def test_consent_says_that_it_holds_while_the_person_is_away(state: State) -> None:
    state.put(clients=(client("night", scopes=("openid", "profile", "offline_access")),))
    browser = state.browser()
    browser.decide(browser.sign_in(browser.ask(client_id="night", scope="openid profile")))
    asked = browser.ask(client_id="night", scope=SCOPE)  # more than before
    assert asked.headers["Location"].startswith("/consent/")
    page = browser.get(asked.headers["Location"])
    assert 'id="offline"' in page.text and "90 ngày" in page.text
    assert browser.submit(page, decision="share").headers["Location"].startswith(f"{CALLBACK}?code=")


def test_a_refreshed_id_token_tells_of_the_same_log_in(state: State, offline: dict[str, Any]) -> None:
    first = state.id_token(offline["id_token"], "night")
    state.wait(3_600)
    second = state.id_token(refresh(state, offline["refresh_token"]).get_json()["id_token"], "night")
    assert "nonce" not in second and second["iat"] == first["iat"] + 3_600
    for name in ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid"):
        assert second[name] == first[name]
