"""Tokens for named resources (RFC 8707), and tokens that are JWTs (RFC 9068)."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from certs.encoding import b64url_decode
from certs.errors import CertsError
from certs.jose import KeySet, sign, verify_jwt
from certs.keys import MemorySigner
from idp.model import Client
from idp.oidc.clients.token_metadata import MAX_RESOURCE, MAX_RESOURCES
from tests.attacks import answers
from tests.idp.devices import allow, begin, poll, signed_in, television
from tests.idp.oidc.tokens_asked import API, OTHER_API, guard, machine, own, told
from tests.world_idp import CALLBACK, ISSUER, NOW, State, basic, client, query

SCOPE = "openid profile offline_access"


def asker(name: str = "desk", **metadata: Any) -> Client:
    kept = {"resources": [API, OTHER_API], **metadata}
    return client(name, scopes=("openid", "profile", "offline_access"), metadata=kept)


@pytest.fixture(autouse=True)
def clients(state: State) -> None:
    state.put(clients=(asker(), asker("modern", access_token_format="jwt"), guard()))


def code(state: State, *resources: str, name: str = "desk", scope: str = "openid profile") -> str:
    browser = state.browser()
    pairs = [*query(client_id=name, scope=scope).items(), *(("resource", each) for each in resources)]
    done = browser.sign_in(browser.ask_pairs(pairs))
    return answers_code(browser.decide(done) if done.headers["Location"].startswith("/consent/") else done)


def answers_code(done: TestResponse) -> str:
    location = done.headers["Location"]
    assert location.startswith(f"{CALLBACK}?code="), location
    return location.removeprefix(f"{CALLBACK}?code=").partition("&")[0]


def exchange(state: State, given: str, *resources: str, name: str = "desk") -> TestResponse:
    form = {"grant_type": "authorization_code", "code": given, "redirect_uri": CALLBACK, "code_verifier": "v" * 43}
    return state.token([*form.items(), *(("resource", each) for each in resources)], basic(name))


def refresh(state: State, token: str, *resources: str, name: str = "desk") -> TestResponse:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return state.token([*form.items(), *(("resource", each) for each in resources)], basic(name))


def header(token: str) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(b64url_decode(token.split(".")[0]))
    return found


def verified(state: State, token: str, audience: str = ISSUER) -> dict[str, Any]:
    """As a resource server does that asks nobody (RFC 9068 §4)."""
    keys = KeySet.from_jwks(state.app.test_client().get("/jwks").get_json())
    return dict(verify_jwt(token, keys, typ="at+jwt", issuer=ISSUER, audience=audience, now=state.clock[0]))


def test_a_token_for_a_resource(state: State) -> None:
    token = exchange(state, code(state, API)).get_json()["access_token"]
    assert told(state, token, "desk")["aud"] == API
    found = told(state, token, "guard")
    assert found["active"] and found["client_id"] == "desk"
    assert found["sub"] not in ("999203001234", told(state, token, "desk")["sub"])  # as the guard knows the person
    assert not {"name", "username", "birthdate", "sid"} & set(found)


def test_id_12_it_is_for_no_other(state: State) -> None:
    token = exchange(state, code(state, API)).get_json()["access_token"]
    refused = state.userinfo(token)
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    for_other = exchange(state, code(state, OTHER_API)).get_json()["access_token"]
    assert told(state, for_other, "guard") == {"active": False}


def test_id_15_a_refresh_token_is_never_the_resources(state: State) -> None:
    got = exchange(state, code(state, API, scope=SCOPE)).get_json()
    assert told(state, got["refresh_token"], "guard") == {"active": False}
    assert told(state, got["refresh_token"], "desk")["active"]


def test_several_and_then_one_at_a_time(state: State) -> None:
    got = exchange(state, code(state, ISSUER, API, OTHER_API, scope=SCOPE)).get_json()
    assert told(state, got["access_token"], "desk")["aud"] == [ISSUER, API, OTHER_API]
    assert state.userinfo(got["access_token"]).status_code == 200
    got = refresh(state, got["refresh_token"], API).get_json()
    assert told(state, got["access_token"], "desk")["aud"] == API
    got = refresh(state, got["refresh_token"], ISSUER).get_json()
    assert told(state, got["access_token"], "desk")["aud"] == ISSUER
    assert state.userinfo(got["access_token"]).status_code == 200
    got = refresh(state, got["refresh_token"]).get_json()
    assert len(told(state, got["access_token"], "desk")["aud"]) == 3


def test_no_more_than_was_granted(state: State) -> None:
    answers.token(exchange(state, code(state, API), OTHER_API), "invalid_target")
    answers.token(exchange(state, code(state), API), "invalid_target")
    got = exchange(state, code(state, API, scope=SCOPE)).get_json()
    answers.token(refresh(state, got["refresh_token"], OTHER_API), "invalid_target")
    assert refresh(state, got["refresh_token"], API).status_code == 200  # it was not used up by that


def test_without_any_it_is_for_ours(state: State) -> None:
    token = exchange(state, code(state), ISSUER).get_json()["access_token"]
    assert told(state, token, "desk")["aud"] == ISSUER
    assert state.userinfo(token).status_code == 200


@pytest.mark.parametrize("resource", ["https://else.example.vn", f"{API}#x", f"{API}/", "/v1", "x" * 600])
def test_a_request_for_what_is_not_the_clients(state: State, resource: str) -> None:
    pairs = [*query(client_id="desk").items(), ("resource", API), ("resource", resource)]
    answers.redirect(state.browser().ask_pairs(pairs), "invalid_target")


def test_other_parameters_still_once(state: State) -> None:
    pairs = [*query(client_id="desk").items(), ("resource", API), ("scope", "openid")]
    answers.redirect(state.browser().ask_pairs(pairs), "invalid_request")


def test_in_a_signed_request_it_is_a_list(state: State) -> None:
    key = MemorySigner.generate("ES256", kid="one")
    state.put(clients=(asker("signer", jwks={"keys": [key.public.jwk()]}),))
    inside = {"iss": "signer", "aud": ISSUER, **query(client_id="signer"), "resource": [API, OTHER_API]}
    browser = state.browser()
    asked = browser.ask_pairs(
        [*query(client_id="signer").items(), ("request", sign(inside, key, typ="oauth-authz-req+jwt"))]
    )
    given = answers_code(browser.decide(browser.sign_in(asked)))
    token = exchange(state, given, name="signer").get_json()["access_token"]
    assert told(state, token, "signer")["aud"] == [API, OTHER_API]


def test_pushed_requests(state: State) -> None:
    pairs = [*query(client_id="desk").items(), ("resource", API), ("resource", OTHER_API)]
    pushed = state.token(pairs, basic("desk"), path="/par")
    assert pushed.status_code == 201, pushed.text
    browser = state.browser()
    asked = browser.ask_pairs([("client_id", "desk"), ("request_uri", pushed.get_json()["request_uri"])])
    given = answers_code(browser.decide(browser.sign_in(asked)))
    assert told(state, exchange(state, given).get_json()["access_token"], "desk")["aud"] == [API, OTHER_API]


def test_devices(state: State) -> None:
    kept = {**television().metadata, "resources": [API]}
    state.put(clients=(television(metadata=kept),))
    begun = begin(state, resource=API).get_json()
    answers.token(begin(state, resource=OTHER_API), "invalid_target")
    allow(signed_in(state), begun["user_code"])
    token = poll(state, begun["device_code"]).get_json()["access_token"]
    assert told(state, token, "guard")["active"]


def test_a_jwt_says_what_it_is_good_for(state: State) -> None:
    got = exchange(state, code(state, API, name="modern"), name="modern").get_json()
    token = got["access_token"]
    assert header(token)["typ"] == "at+jwt" and header(token)["alg"] == "ES256"
    claims = verified(state, token, API)
    jti, sub = claims.pop("jti"), claims.pop("sub")
    assert claims == {
        "iss": ISSUER,
        "aud": API,
        "client_id": "modern",
        "iat": NOW,
        "exp": NOW + 600,
        "scope": "openid profile",
        "acr": "LoA1",
        "amr": ["pwd"],
        "auth_time": NOW,
    }
    # Whoever meets the token can read it: the number of the person, to which this client is entitled, is not in it.
    assert sub != "999203001234" and len(sub) == 43
    assert told(state, token, "modern")["jti"] == told(state, token, "guard")["jti"] == jti
    assert state.id_token(got["id_token"], "modern")["sub"] == "999203001234"
    with pytest.raises(CertsError):
        verified(state, token, ISSUER)


def test_id_05_an_access_token_is_no_id_token(state: State) -> None:
    got = exchange(state, code(state, name="modern"), name="modern").get_json()
    with pytest.raises(CertsError):
        state.id_token(got["access_token"], ISSUER)
    with pytest.raises(CertsError):
        verified(state, got["id_token"], "modern")
    assert state.userinfo(got["id_token"]).status_code == 401


def test_our_resources_take_both_and_refuse_what_is_revoked(state: State) -> None:
    for name in ("desk", "modern"):
        token = exchange(state, code(state, name=name), name=name).get_json()["access_token"]
        assert ("." in token) == (name == "modern")
        assert state.userinfo(token).get_json()["name"] == "Nguyễn Thị Thuỳ Dương"
        in_body = state.app.test_client().post("/userinfo", data={"access_token": token})
        assert in_body.status_code == 200
        assert state.token({"token": token}, basic(name), path="/revoke").status_code == 200
        assert state.userinfo(token).status_code == 401
        assert told(state, token, name) == {"active": False}


def test_a_jwt_that_we_did_not_give_is_none(state: State) -> None:
    """What counts is that we know it: not even our own signature over other claims opens anything."""
    token = exchange(state, code(state, name="modern"), name="modern").get_json()["access_token"]
    forged = sign({**verified(state, token), "scope": "openid"}, state.web.oidc.signers["ES256"], typ="at+jwt")
    for other in (forged, token[:-2], verified(state, token)["jti"], f"{token}."):
        assert state.userinfo(other).status_code == 401
        assert told(state, other, "modern") == {"active": False}
    assert state.userinfo(token).status_code == 200


def test_refreshed_jwts_have_names_of_their_own(state: State) -> None:
    got = exchange(state, code(state, name="modern", scope=SCOPE), name="modern").get_json()
    state.wait(300)
    more = refresh(state, got["refresh_token"], name="modern").get_json()
    first, second = verified(state, got["access_token"]), verified(state, more["access_token"])
    assert "." not in more["refresh_token"]
    assert first["jti"] != second["jti"] and second["iat"] == NOW + 300
    for name in ("sub", "auth_time", "acr", "amr", "client_id"):
        assert second[name] == first[name]


def test_a_clients_own_jwt(state: State) -> None:
    state.put(clients=(machine(access_token_format="jwt"),))
    token = own(state, pairs=(("resource", API),)).get_json()["access_token"]
    claims = verified(state, token, API)
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("machine", "machine", "prices.read prices.write")
    assert told(state, token, "guard")["jti"] == claims["jti"]
    assert state.token({"token": token}, basic("machine"), path="/revoke").status_code == 200
    assert told(state, token, "guard") == {"active": False}


def test_the_longest_jwt_still_fits(state: State) -> None:
    many = [f"https://api.example.vn/{number:02}/".ljust(MAX_RESOURCE, "x") for number in range(MAX_RESOURCES - 1)]
    state.put(clients=(asker("wide", access_token_format="jwt", resources=many),))
    pairs = [("resource", each) for each in (ISSUER, *many)]
    pushed = state.token([*query(client_id="wide").items(), *pairs], basic("wide"), path="/par").get_json()
    browser = state.browser()
    asked = browser.ask_pairs([("client_id", "wide"), ("request_uri", pushed["request_uri"])])
    given = answers_code(browser.decide(browser.sign_in(asked)))
    token = exchange(state, given, name="wide").get_json()["access_token"]
    assert state.userinfo(token).status_code == 200
    assert len(told(state, token, "wide")["aud"]) == MAX_RESOURCES
