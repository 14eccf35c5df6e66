"""Introspection: who sees what of whose token, and that nothing else is told (RFC 7662)."""

import pytest

from idp.model import AccountState
from tests.attacks import answers
from tests.idp.oidc.tokens_asked import introspect, told
from tests.world_idp import ISSUER, NOW, SECRET, State, basic, client

INACTIVE = {"active": False}
NIGHT = "openid profile offline_access"


def given(state: State, **asked: str | None) -> dict[str, str]:
    return dict(state.redeem(state.browser().code(**asked)).get_json())


def test_a_client_sees_its_own_token(state: State) -> None:
    token = given(state)["access_token"]
    found = told(state, token)
    jti = found.pop("jti")
    assert found == {
        "active": True,
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": "999203001234",
        "client_id": "bank",
        "scope": "openid profile",
        "token_type": "Bearer",
        "exp": NOW + 600,
        "acr": "LoA1",
        "auth_time": NOW,
    }
    assert jti not in ("", token)
    assert told(state, token)["jti"] == jti
    assert state.userinfo(jti).status_code == 401  # it names the token, and opens nothing


def test_claims_asked_for_by_name_are_no_scopes(state: State) -> None:
    token = given(state, scope="openid", claims='{"userinfo":{"name":null}}')["access_token"]
    assert told(state, token)["scope"] == "openid"


def test_a_refresh_token_is_told_until_it_is_exchanged(state: State) -> None:
    state.put(clients=(client("night", scopes=("openid", "profile", "offline_access")),))
    code = state.browser().code(client_id="night", scope=NIGHT)
    token = state.redeem(code, headers=basic("night")).get_json()["refresh_token"]
    found = told(state, token, "night")
    assert found.pop("exp") == NOW + 90 * 86_400
    assert found == {"active": True, "client_id": "night", "iss": ISSUER, "scope": NIGHT, "sub": "999203001234"}
    form = {"grant_type": "refresh_token", "refresh_token": token}
    state.token(form, basic("night"))
    assert told(state, token, "night") == INACTIVE


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_hint_changes_nothing(state: State, hint: str) -> None:
    token = given(state)["access_token"]
    assert introspect(state, token, basic(), token_type_hint=hint).get_json()["active"]


@pytest.mark.parametrize("token", ["x", "x" * 5_000, "é", "a.b.c", "\x00"])
def test_what_is_unknown_is_not_active(state: State, token: str) -> None:
    assert told(state, token) == INACTIVE


def test_expired_revoked_and_locked_are_told_alike(state: State) -> None:
    first, second = given(state)["access_token"], given(state)["access_token"]
    assert state.token({"token": first}, path="/revoke").status_code == 200
    assert told(state, first) == INACTIVE
    with state.storage.transaction() as ports:
        ports.accounts.set_state("a-duong", AccountState.LOCKED)
    assert told(state, second) == INACTIVE
    with state.storage.transaction() as ports:
        ports.accounts.set_state("a-duong", AccountState.ACTIVE)
    assert told(state, second)["active"]
    state.wait(600)
    assert told(state, second) == INACTIVE


def test_id_14_callers_that_prove_nothing(state: State) -> None:
    token = given(state)["access_token"]
    answers.token(introspect(state, token, {}), "invalid_client")
    answers.token(introspect(state, token, basic("bank", "wrong")), "invalid_client")
    answers.token(introspect(state, token, {}, client_id="phone"), "invalid_client")  # a public client
    answers.token(introspect(state, "", basic()), "invalid_request")
    in_query = state.app.test_client().post(f"/introspect?token={token}", headers=basic())
    assert in_query.status_code in (400, 415)
    assert state.app.test_client().get(f"/introspect?token={token}", headers=basic()).status_code == 405


def test_id_14_another_clients_token(state: State) -> None:
    token = given(state)["access_token"]
    shop = {"client_id": "shop", "client_secret": SECRET}
    assert introspect(state, token, {}, **shop).get_json() == INACTIVE
    answers.one_event(state, "introspection_refused")
    # Who registers as our own resources sees no more: we guard them ourselves.
    state.put(clients=(client("sly", metadata={"protected_resources": [ISSUER]}),))
    assert told(state, token, "sly") == INACTIVE


def test_it_is_announced_with_the_ways_that_it_takes(state: State) -> None:
    metadata = state.app.test_client().get("/.well-known/openid-configuration").get_json()
    assert metadata["introspection_endpoint"] == f"{ISSUER}/introspect"
    methods = metadata["introspection_endpoint_auth_methods_supported"]
    assert "private_key_jwt" in methods and "none" not in methods
