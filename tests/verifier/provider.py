"""An identity provider of one page each, right by default and wrong where a test says so. Real HTTP, real signatures."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from certs import jose
from certs.encoding import b64url_encode
from certs.jose import KeySet
from certs.keys import MemorySigner
from tests.site import Answer, Asked, Site

CLIENT, SECRET = "bank", "s3cret+/ ="
PERSON = {
    "sub": "999203001234",
    "name": "Nguyễn Thị Thuỳ Dương",
    "birthdate": "2003-05-09",
    "gender": "female",
    "phone_number": "+84900000001",
    "phone_number_verified": True,
    "email": "duong@example.vn",
    "address": {"formatted": "12 Ngõ Huế, Hà Nội"},
    "personal_identification_number": "999203001234",
    "account_level": 2,
    "authentication_level": 2,
}


@dataclass
class Provider:
    """`claims` and `person` change what it says, `metadata` and `answer` what it publishes and sends back."""

    site: Site
    now: int
    key: MemorySigner = field(default_factory=lambda: MemorySigner.generate("ES256"))
    signer: MemorySigner | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=lambda: dict(PERSON))
    metadata: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    token_answer: Answer | None = None
    request: dict[str, str] = field(default_factory=dict)
    token_request: dict[str, str] = field(default_factory=dict)
    authorization: str = ""

    def __post_init__(self) -> None:
        pages = self.site.pages
        pages["/.well-known/openid-configuration"] = lambda _: _json(self._metadata())
        pages["/jwks"] = lambda _: _json(KeySet((self.key.public,)).jwks())
        pages["/token"] = self._token
        pages["/userinfo"] = lambda _: _json(self.person)

    @property
    def issuer(self) -> str:
        return self.site.url

    def authorize(self, url: str) -> dict[str, str]:
        """What a person's browser brings back after they agreed."""
        self.request = dict(parse_qsl(urlsplit(url).query))
        back = {"code": "the-code", "state": self.request["state"], "iss": self.issuer, **self.answer}
        return {name: value for name, value in back.items() if value}

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/authorize",
            "token_endpoint": self.issuer + "/token",
            "userinfo_endpoint": self.issuer + "/userinfo",
            "jwks_uri": self.issuer + "/jwks",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def _token(self, asked: Asked) -> Answer:
        self.token_request = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        self.authorization = asked.headers.get("authorization", "")
        if self.token_answer:
            return self.token_answer
        claims = {
            "iss": self.issuer,
            "sub": self.person["sub"],
            "aud": CLIENT,
            "iat": self.now,
            "exp": self.now + 300,
            "auth_time": self.now - 5,
            "acr": "LoA2",
            "amr": ["pwd"],
            "nonce": self.request["nonce"],
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        id_token = jose.sign(claims, self.signer or self.key, typ="JWT")
        return _json(
            {"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": id_token, **self.token}
        )


def unsigned(claims: dict[str, Any]) -> str:
    """A token that claims to need no signature."""
    head = b64url_encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    return f"{head}.{b64url_encode(json.dumps(claims).encode())}."


def _json(value: Any) -> Answer:
    return Answer(json.dumps(value).encode(), headers={"Content-Type": "application/json"})
