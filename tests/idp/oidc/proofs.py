"""Somebody who holds a key and proves it: makes proofs, and asks the provider with them."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from werkzeug.test import TestResponse

from certs import dpop, jose
from certs.keys import MemorySigner
from idp.model import Client
from idp.oidc.assertion import TYPE
from tests.world_idp import CALLBACK, ISSUER, VERIFIER, State, answer_of, client, query

NATIVE = "http://127.0.0.1/cb"
_NUMBERS = count()


@dataclass
class Holder:
    state: State
    signer: MemorySigner = field(default_factory=MemorySigner.generate)

    @property
    def jkt(self) -> str:
        return self.signer.public.thumbprint()

    def proof(self, path: str = "/token", method: str = "POST", **more: Any) -> dict[str, str]:
        """As a header. A new one each time, unless `jti` says otherwise."""
        sent = {"jti": f"j-{next(_NUMBERS)}", "now": self.state.clock[0], **more}
        return {"DPoP": dpop.make(self.signer, htm=method, htu=ISSUER + path, **sent)}

    def forged(self, claims: dict[str, Any] | None = None, path: str = "/token", **headers: Any) -> dict[str, str]:
        """Signed, but with other claims or headers."""
        base = {"jti": f"j-{next(_NUMBERS)}", "htm": "POST", "htu": ISSUER + path, "iat": self.state.clock[0]}
        kept = {name: value for name, value in {**base, **(claims or {})}.items() if value is not None}
        header = {"kid": None, "jwk": self.signer.public.bare_jwk(), "typ": dpop.TYP, **headers}
        return {"DPoP": jose.sign(kept, self.signer, typ="", headers=header)}

    def userinfo(self, token: str, headers: dict[str, str] | None = None, *, scheme: str = "DPoP") -> TestResponse:
        sent = self.proof("/userinfo", "GET", access_token=token) if headers is None else headers
        return self.state.app.test_client().get("/userinfo", headers={"Authorization": f"{scheme} {token}", **sent})


def app(name: str = "app") -> Client:
    """A public client that may read while its person is away."""
    native: dict[str, Any] = {"token_endpoint_auth_method": "none", "secret_hash": None, "application_type": "native"}
    return client(name, redirect_uris=(NATIVE,), scopes=("openid", "profile", "offline_access"), **native)


def app_tokens(state: State, headers: dict[str, str], name: str = "app") -> dict[str, Any]:
    given = state.browser().code(client_id=name, redirect_uri=NATIVE, scope="openid profile offline_access")
    answer = state.redeem(given, headers, client_id=name, redirect_uri=NATIVE)
    assert answer.status_code == 200, answer.text
    got: dict[str, Any] = answer.get_json()
    return got


def app_refresh(state: State, token: str, headers: dict[str, str], name: str = "app") -> TestResponse:
    return state.token({"grant_type": "refresh_token", "refresh_token": token, "client_id": name}, headers)


SIGNING = MemorySigner.generate("ES256", kid="one")


def strict(name: str = "strict", profile: str = "bank") -> Client:
    shape: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "secret_hash": None}
    return client(name, profile=profile, **shape, metadata={"jwks": {"keys": [SIGNING.public.jwk()]}})


def signed(state: State, form: dict[str, str], headers: dict[str, str], path: str = "/token") -> TestResponse:
    """A request of the client `strict`."""
    now = state.clock[0]
    claims = {"iss": "strict", "sub": "strict", "aud": ISSUER, "jti": f"a-{next(_NUMBERS)}", "exp": now + 60}
    by = {"client_assertion": jose.sign(claims, SIGNING, typ="JWT"), "client_assertion_type": TYPE}
    return state.token({**form, **by}, headers, path=path)


def pushed_code(state: State, headers: dict[str, str], **changed: str) -> str:
    """The code of a request that `strict` pushed."""
    answer = signed(state, query(client_id="strict", **changed), headers, path="/par")
    assert answer.status_code == 201, answer.text
    browser = state.browser()
    asked = {"client_id": "strict", "request_uri": answer.get_json()["request_uri"]}
    done = browser.sign_in(browser.get("/authorize", query_string=asked))
    return answer_of(browser.decide(done) if done.headers["Location"].startswith("/consent/") else done)["code"]


def strict_redeem(state: State, code: str, headers: dict[str, str]) -> TestResponse:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return signed(state, form, headers)
