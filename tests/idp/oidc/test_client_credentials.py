"""Tokens that stand for a client itself: its own scopes, nobody's facts, no refresh token (RFC 6749 §4.4)."""

import pytest

from tests.attacks import answers
from tests.idp.oidc.tokens_asked import API, OTHER_API, guard, machine, machines, own, told
from tests.world_idp import ISSUER, NOW, State, basic, client

__all__ = ["machines"]


def test_a_token_of_its_own(machines: State) -> None:
    answer = own(machines)
    answers.headers(answer)
    got = answer.get_json()
    token = got.pop("access_token")
    assert got == {"token_type": "Bearer", "expires_in": 600, "scope": "prices.read prices.write"}
    found = told(machines, token, "machine")
    assert found.pop("jti") != token
    assert found == {
        "active": True,
        "client_id": "machine",
        "sub": "machine",
        "iss": ISSUER,
        "aud": ISSUER,
        "iat": NOW,
        "exp": NOW + 600,
        "scope": "prices.read prices.write",
        "token_type": "Bearer",
    }
    answers.one_event(machines, "client_token_given")
    machines.wait(600)
    assert told(machines, token, "machine") == {"active": False}


def test_it_opens_nothing_about_anybody(machines: State) -> None:
    token = own(machines).get_json()["access_token"]
    refused = machines.userinfo(token)
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    answers.token(
        machines.token({"grant_type": "refresh_token", "refresh_token": token}, basic("machine")), "invalid_grant"
    )
    answers.token(machines.redeem(token, basic("machine")), "invalid_grant")


def test_fewer_scopes(machines: State) -> None:
    got = own(machines, pairs=(("scope", "prices.read"),)).get_json()
    assert got["scope"] == "prices.read"
    assert told(machines, got["access_token"], "machine")["scope"] == "prices.read"


@pytest.mark.parametrize("scope", ["openid", "offline_access", "profile", "prices.read openid", "prices", "vneid", "é"])
def test_scopes_that_are_not_its_own(machines: State, scope: str) -> None:
    answers.token(own(machines, pairs=(("scope", scope),)), "invalid_scope")


def test_a_client_without_scopes_of_its_own(state: State) -> None:
    state.put(clients=(machine("plain", client_credentials_scope=""),))
    got = own(state, "plain").get_json()
    assert set(got) == {"access_token", "token_type", "expires_in"}
    assert "scope" not in told(state, got["access_token"], "plain")


def test_clients_that_may_not(machines: State) -> None:
    answers.token(own(machines, "bank"), "unauthorized_client")
    answers.token(machines.token({"grant_type": "client_credentials"}, {}), "invalid_client")
    answers.token(machines.token({"grant_type": "client_credentials"}, basic("machine", "wrong")), "invalid_client")
    public = {"token_endpoint_auth_method": "none", "secret_hash": None}
    machines.put(clients=(client("open", **public, metadata={"grant_types": ["client_credentials"]}),))  # type: ignore[arg-type]
    form = {"grant_type": "client_credentials", "client_id": "open"}
    answers.token(machines.token(form, {}), "invalid_client")


def test_for_resources(machines: State) -> None:
    token = own(machines, pairs=(("resource", API), ("resource", OTHER_API))).get_json()["access_token"]
    assert told(machines, token, "machine")["aud"] == [API, OTHER_API]
    found = told(machines, token, "guard")  # whose resource it is for
    assert (found["active"], found["sub"], found["client_id"]) == (True, "machine", "machine")
    for_other = own(machines, pairs=(("resource", OTHER_API),)).get_json()["access_token"]
    assert told(machines, for_other, "guard") == {"active": False}
    assert told(machines, own(machines).get_json()["access_token"], "guard") == {"active": False}
    machines.put(clients=(guard("nobody", metadata={}),))
    assert told(machines, token, "nobody") == {"active": False}


@pytest.mark.parametrize(
    "resource", ["https://else.example.vn", f"{API}#x", "/v1", "api", "https://a b", "é", "x" * 600]
)
def test_resources_that_it_may_not_name(machines: State, resource: str) -> None:
    answers.token(own(machines, pairs=(("resource", resource),)), "invalid_target")


def test_revocation(machines: State) -> None:
    token = own(machines).get_json()["access_token"]
    assert machines.token({"token": token}, basic("guard"), path="/revoke").status_code == 200
    assert told(machines, token, "machine")["active"]  # it was not the guard's to give back
    answers.one_event(machines, "revocation_refused")
    for _ in range(2):
        assert machines.token({"token": token}, basic("machine"), path="/revoke").status_code == 200
    assert told(machines, token, "machine") == {"active": False}
    answers.one_event(machines, "client_token_revoked")


def test_other_parameters_once(machines: State) -> None:
    answers.token(own(machines, pairs=(("scope", "prices.read"), ("scope", "prices.read"))), "invalid_request")
