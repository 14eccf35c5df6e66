"""The authorization code: what it stands for, from the moment it is given until it is of no more interest.

Spec: RFC 6749 §4.1.2, §10.5; OpenID Connect Core 1.0 §3.1.2.5; RFC 9700 §2.1.1
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

PURPOSE = "authorization_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    issuer: str
    client_id: str
    redirect_uri: str
    challenge: str | None
    account_id: str
    scopes: tuple[str, ...]
    id_token_claims: tuple[str, ...]
    nonce: str | None
    auth_time: int
    acr: str
    amr: tuple[str, ...]
    sid: str
    grant_id: str  # the family that its tokens will form
    expires: int
    resources: tuple[str, ...] = ()  # that its tokens may be for
    dpop_jkt: str | None = None  # the key with which alone it is redeemed
    browser: str = ""  # in which its person agreed, as that names itself; nothing where the tokens go to another device

    def payload(self) -> Mapping[str, Any]:
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Code":
        lists = {name: tuple(value) for name, value in payload.items() if isinstance(value, list)}
        return cls(**{**payload, **lists})
