"""What the OpenID Foundation's plans Basic, Form Post and Config ask of a provider, each test by the name of its module there.

They are our own tests of the same rows, in both response modes where an answer goes back: no run of the Foundation's suite.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from certs.jose import sign
from certs.keys import MemorySigner
from tests.attacks import answers
from tests.world_idp import CALLBACK, ISSUER, NONCE, SECRET, STATE, Browser, State, basic, client, query, reopen

KEY = MemorySigner.generate("RS256", kid="suite")
SCOPES = ("openid", "profile", "email", "address", "phone")
NO_PKCE: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
PROFILE = {"name", "family_name", "middle_name", "given_name", "gender", "birthdate"}
OF_SCOPE = {
    "profile": PROFILE,
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}


@pytest.fixture(scope="module")
def provider(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """One for all: nothing that a module does may count for the next."""
    state = reopen(shutil.copytree(made, tmp_path_factory.mktemp("plan") / "idp"))
    shape: dict[str, Any] = {"profile": "baseline", "scopes": (*SCOPES, "offline_access")}
    keys = {"jwks": {"keys": [KEY.public.jwk()]}, "request_object_signing_alg": "RS256"}
    state.put(clients=(client("suite", **shape, metadata=keys), client("second", **shape)))
    state.put(clients=(client("by-post", **shape, token_endpoint_auth_method="client_secret_post"),))
    yield state
    state.close()


@dataclass
class Suite:
    """A relying party that asks without PKCE, as the plans do."""

    state: State
    mode: str | None
    name: str = "suite"
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.state.browser()

    def ask(self, **changed: str | None) -> TestResponse:
        asked = {"client_id": self.name, "scope": "openid", "response_mode": self.mode, **NO_PKCE, **changed}
        return self.browser.ask(**asked)

    def walked(self, response: TestResponse) -> dict[str, str]:
        """Through log-in and consent, where there are any, to what the client is told."""
        if response.headers.get("Location", "").startswith("/login/"):
            response = self.browser.sign_in(response)
        if response.headers.get("Location", "").startswith("/consent/"):
            response = self.browser.decide(response)
        if self.mode == "form_post":
            assert response.status_code == 200 and f'action="{CALLBACK}"' in response.text, response.text
            sent = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', response.text)
            return {name: unescape(value) for name, value in sent}
        assert response.headers["Location"].startswith(CALLBACK), response.headers["Location"]
        return dict(parse_qsl(urlsplit(response.headers["Location"]).query))

    def told(self, **changed: str | None) -> dict[str, str]:
        answer = self.walked(self.ask(**changed))
        assert (answer["state"], answer["iss"]) == (STATE, ISSUER)
        return answer

    def redeem(self, code: str, **changed: str | None) -> TestResponse:
        return self.state.redeem(code, basic(self.name), code_verifier=None, **changed)

    def tokens(self, **changed: str | None) -> dict[str, Any]:
        answer = self.redeem(self.told(**changed)["code"])
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store", answer.text
        tokens: dict[str, Any] = answer.get_json()
        assert tokens["token_type"] == "Bearer"
        return tokens

    def claims(self, tokens: dict[str, Any]) -> dict[str, Any]:
        return self.state.id_token(tokens["id_token"], self.name)

    def userinfo(self, tokens: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.state.userinfo(tokens["access_token"]).get_json()
        return found


@pytest.fixture(params=[None, "form_post"], ids=["query", "form_post"])
def suite(provider: State, request: pytest.FixtureRequest) -> Suite:
    return Suite(provider, request.param)


@pytest.fixture
def once(provider: State) -> Suite:
    """For what comes after the answer, or before it: the mode makes no difference."""
    return Suite(provider, None)


def test_oidcc_server(suite: Suite) -> None:
    claims = suite.claims(suite.tokens())
    assert claims["sub"] and claims["nonce"] == NONCE and claims["exp"] > claims["iat"] == suite.state.clock[0]


def test_oidcc_response_type_missing(suite: Suite) -> None:
    assert suite.told(response_type=None)["error"] == "invalid_request"


def test_oidcc_userinfo_get_post_header_post_body(once: Suite) -> None:
    tokens = once.tokens()
    sub, http = once.claims(tokens)["sub"], once.state.app.test_client()
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    for answer in (
        http.get("/userinfo", headers=header),
        http.post("/userinfo", headers=header),
        http.post("/userinfo", data={"access_token": tokens["access_token"]}),
    ):
        assert (answer.status_code, answer.mimetype, answer.get_json()["sub"]) == (200, "application/json", sub)


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite) -> None:
    assert "nonce" not in suite.claims(suite.tokens(nonce=None))


@pytest.mark.parametrize("scope", [*OF_SCOPE, "all", "other order"])
def test_oidcc_scope(once: Suite, scope: str) -> None:
    asked = {"all": " ".join(SCOPES), "other order": "email openid"}.get(scope, f"openid {scope}")
    wanted = set().union(*(OF_SCOPE[one] for one in asked.split() if one != "openid"))
    tokens = once.tokens(scope=asked)
    assert set(once.userinfo(tokens)) == {"sub", *wanted}
    assert set(tokens["scope"].split()) == set(asked.split())


@pytest.mark.parametrize("display", ["page", "popup", "touch", "wap", "unheard_of"])
def test_oidcc_display(suite: Suite, display: str) -> None:
    """None is an error (OpenID Connect Core 1.0 §15.1), an unknown one neither."""
    assert suite.ask(display=display).headers["Location"].startswith("/login/")


def test_oidcc_prompt_login(suite: Suite) -> None:
    first = suite.claims(suite.tokens())
    suite.state.wait(2)
    assert suite.ask(prompt="login").headers["Location"].startswith("/login/")
    second = suite.claims(suite.tokens(prompt="login"))
    assert second["auth_time"] > first["auth_time"] and second["sub"] == first["sub"]


def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    answer = suite.told(prompt="none")
    assert answer["error"] == "login_required" and "code" not in answer


def test_oidcc_prompt_none_logged_in(suite: Suite) -> None:
    first = suite.claims(suite.tokens())
    suite.state.wait(2)
    second = suite.claims(suite.tokens(prompt="none"))
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


def test_oidcc_max_age_1(suite: Suite) -> None:
    first = suite.claims(suite.tokens())
    suite.state.wait(2)
    second = suite.claims(suite.tokens(max_age="1"))
    assert second["auth_time"] == first["auth_time"] + 2


def test_oidcc_max_age_10000(suite: Suite) -> None:
    first = suite.claims(suite.tokens())
    suite.state.wait(2)
    assert suite.claims(suite.tokens(max_age="10000"))["auth_time"] == first["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(suite: Suite) -> None:
    assert "code" in suite.told(extra="foobar", **{"https://example.vn/x": "y"})


def test_oidcc_id_token_hint(suite: Suite) -> None:
    tokens = suite.tokens()
    second = suite.tokens(id_token_hint=tokens["id_token"], prompt="none")
    assert suite.claims(second)["sub"] == suite.claims(tokens)["sub"]


def test_oidcc_login_hint(suite: Suite) -> None:
    page = suite.browser.get(suite.ask(login_hint="buffy@example.com").headers["Location"])
    assert 'value="buffy@example.com"' in page.text


@pytest.mark.parametrize("sent", [{"ui_locales": "se"}, {"claims_locales": "se"}, {"acr_values": "1 2"}])
def test_oidcc_ui_locales_claims_locales_acr_values(suite: Suite, sent: dict[str, str]) -> None:
    assert "code" in suite.told(**sent)


@pytest.mark.parametrize("later", [0, 30])
def test_oidcc_codereuse_codereuse_30seconds(once: Suite, later: int) -> None:
    code = once.told()["code"]
    access = once.redeem(code).get_json()["access_token"]
    once.state.wait(later)
    answers.token(once.redeem(code), "invalid_grant")
    assert once.state.userinfo(access).status_code == 401


def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    answers.page(suite.ask(redirect_uri=f"{CALLBACK}/unregistered"))


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    sent = query(client_id="suite", response_mode=suite.mode, **NO_PKCE)
    assert "code" in suite.walked(suite.browser.client.post("/authorize", data=sent))


def test_oidcc_server_client_secret_post(provider: State, suite: Suite) -> None:
    suite.name = "by-post"
    answer = provider.redeem(suite.told()["code"], {}, code_verifier=None, client_id="by-post", client_secret=SECRET)
    assert suite.claims(answer.get_json())["aud"] == "by-post"


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(suite: Suite) -> None:
    """The suite leaves this module out where `none` is not announced; sent all the same, it is refused."""
    told = suite.browser.get("/.well-known/openid-configuration").get_json()
    assert "none" not in told["request_object_signing_alg_values_supported"]
    assert suite.told(request="eyJhbGciOiJub25lIn0.e30.")["error"] == "invalid_request_object"


def test_oidcc_claims_essential(suite: Suite) -> None:
    tokens = suite.tokens(claims=json.dumps({"userinfo": {"name": {"essential": True}}}))
    assert set(suite.userinfo(tokens)) == {"sub", "name"}


def test_oidcc_ensure_request_object_with_redirect_uri(suite: Suite) -> None:
    """The address inside of the object counts, not the one beside it."""
    inside = sign(query(client_id="suite", response_mode=suite.mode, **NO_PKCE), KEY, typ="")
    assert "code" in suite.told(request=inside, redirect_uri=f"{CALLBACK}/unregistered")


def test_oidcc_refresh_token(once: Suite) -> None:
    tokens = once.tokens(scope="openid offline_access", prompt="consent")
    sent = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answers.token(once.state.token(sent, basic("second")), "invalid_grant")
    fresh = once.state.token(sent, basic("suite")).get_json()
    before, after = once.claims(tokens), once.claims(fresh)
    assert [after[name] for name in ("iss", "sub", "aud", "auth_time")] == [
        before[name] for name in ("iss", "sub", "aud", "auth_time")
    ]
    assert once.state.userinfo(fresh["access_token"]).status_code == 200


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    right = query()
    code = suite.told(code_challenge=right["code_challenge"], code_challenge_method="S256")["code"]
    assert suite.state.redeem(code, basic("suite")).status_code == 200


def test_oidcc_discovery_endpoint_verification(once: Suite) -> None:
    told = once.browser.get("/.well-known/openid-configuration").get_json()
    for name in ("authorization", "token", "userinfo"):
        assert told[f"{name}_endpoint"].startswith(f"{ISSUER}/")
    assert told["issuer"] == ISSUER and "RS256" in told["id_token_signing_alg_values_supported"]
    assert {"openid", *OF_SCOPE} <= set(told["scopes_supported"])
    assert {"sub", "iss", "aud", "auth_time", *PROFILE} <= set(told["claims_supported"])
    assert (told["display_values_supported"], told["claims_locales_supported"]) == (["page", "touch"], ["vi"])
    keys = once.browser.get("/jwks").get_json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) and not any("d" in key for key in keys)
