"""The small provider, as strict as `bank`: requests are pushed, clients sign, tokens are bound to a key, each proof has a nonce."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from certs import dpop, jose
from certs.jose import KeySet, verify_jwt
from certs.keys import MemorySigner
from tests.site import Answer, Asked
from tests.verifier.provider import CLIENT, Provider, _json

URN = "urn:ietf:params:oauth:request_uri:"
JSON = {"Content-Type": "application/json"}


@dataclass
class BankProvider(Provider):
    client_key: MemorySigner = field(default_factory=lambda: MemorySigner.generate("ES256"))
    pushed: list[dict[str, str]] = field(default_factory=list)
    spent: set[str] = field(default_factory=set)  # assertions, proofs
    nonce: str = "nonce-1"
    jkt: str = ""
    signs_userinfo: dict[str, Any] | None = None
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.site.pages["/par"] = self._push
        self.site.pages["/userinfo"] = self._userinfo

    def _metadata(self) -> dict[str, Any]:
        offered = {
            "pushed_authorization_request_endpoint": self.issuer + "/par",
            "dpop_signing_alg_values_supported": ["ES256"],
            "end_session_endpoint": self.issuer + "/logout",
        }
        return {**super()._metadata(), **offered, **self.metadata}

    def authorize(self, url: str) -> dict[str, str]:
        sent = dict(parse_qsl(urlsplit(url).query))
        assert set(sent) == {"client_id", "request_uri"}, sent
        self.request = self.pushed[int(sent["request_uri"].removeprefix(URN))]
        back = {"code": "the-code", "state": self.request["state"], "iss": self.issuer, **self.answer}
        return {name: value for name, value in back.items() if value}

    def _push(self, asked: Asked) -> Answer:
        form = self._caller(asked)
        if "request" in form:
            keys = KeySet((self.client_key.public,))
            typ = "oauth-authz-req+jwt"
            signed = verify_jwt(form["request"], keys, typ=typ, issuer=CLIENT, audience=self.issuer, now=self.now)
            form = {name: str(value) for name, value in signed.items()}
        self.pushed.append(form)
        return Answer(json.dumps({"request_uri": f"{URN}{len(self.pushed) - 1}", "expires_in": 60}).encode(), 201, JSON)

    def _token(self, asked: Asked) -> Answer:
        self._caller(asked)
        proof = dpop.verify(asked.headers["dpop"], htm="POST", htu=self.issuer + "/token", now=self.now)
        self._use(proof.jti)
        if proof.nonce != self.nonce:
            self.refused.append("token")
            return Answer(b'{"error":"use_dpop_nonce"}', 400, {**JSON, "DPoP-Nonce": self.nonce})
        self.jkt = proof.jkt
        assert "grant_type=refresh_token" in asked.body.decode() or self.request["dpop_jkt"] == proof.jkt
        self.token = {"token_type": "DPoP", **self.token}
        return super()._token(asked)

    def _userinfo(self, asked: Asked) -> Answer:
        assert asked.headers["authorization"] == "DPoP at"
        sent = asked.headers["dpop"]
        proof = dpop.verify(sent, htm="GET", htu=self.issuer + "/userinfo", now=self.now, access_token="at")
        self._use(proof.jti)
        assert proof.jkt == self.jkt
        if proof.nonce != self.nonce:
            self.refused.append("userinfo")
            told = {"WWW-Authenticate": 'DPoP error="use_dpop_nonce"', "DPoP-Nonce": self.nonce}
            return Answer(b"", 401, told)
        if self.signs_userinfo is None:
            return _json(self.person)
        said = {"iss": self.issuer, "aud": CLIENT, **self.person, **self.signs_userinfo}
        signed = jose.sign(said, self.signer or self.key, typ="JWT")
        return Answer(signed.encode(), headers={"Content-Type": "application/jwt; charset=utf-8"})

    def _caller(self, asked: Asked) -> dict[str, str]:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        keys = KeySet((self.client_key.public,))
        ours = {"typ": "JWT", "issuer": CLIENT, "audience": self.issuer, "now": self.now}
        claims = verify_jwt(form.pop("client_assertion"), keys, **ours)  # type: ignore[arg-type]
        assert claims["sub"] == CLIENT and "authorization" not in asked.headers
        self._use(str(claims["jti"]))
        return form

    def _use(self, jti: str) -> None:
        assert jti not in self.spent
        self.spent.add(jti)
