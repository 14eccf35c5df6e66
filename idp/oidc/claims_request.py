"""The `claims` parameter: single claims, asked for by name, in userinfo or in the ID token.

Spec: OpenID Connect Core 1.0 §5.2, §5.5, §5.5.1, §5.5.2; Unmet Authentication Requirements 1.0 §2

A claim asked for by name is allowed, kept and taken back as a scope of its own, `claim:NAME`. Such a scope lives inside of
the provider alone: from a client it is unknown, and to a client it is not told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from idp.model import Client
from idp.oidc import locales
from idp.oidc.claims import CLAIMS, by_name
from idp.oidc.errors import AuthorizationError

MAX_CLAIMS = 4096  # bytes of the parameter
_SHAPES = {"essential": bool, "value": object, "values": list}
_BY_NAME = {claim.name: claim for claim in CLAIMS}

Member = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """Each claim's name with what is asked about it: `essential`, `value`, `values`."""

    userinfo: Member = field(default_factory=dict)
    id_token: Member = field(default_factory=dict)

    def of(self, name: str) -> Mapping[str, Any]:
        """What is asked about one claim of the log-in itself; where both members name it, the ID token's counts."""
        return self.id_token.get(name) or self.userinfo.get(name) or {}


def read(parameter: str | None) -> ClaimsRequest:
    """Raises AuthorizationError. Members and claims that are not known here are ignored (§5.5)."""
    if parameter is None:
        return ClaimsRequest()
    try:
        parsed = json_decode(parameter, limit=MAX_CLAIMS)
    except CertsError:
        raise malformed() from None
    if not isinstance(parsed, dict):
        raise malformed()
    return ClaimsRequest(_member(parsed.get("userinfo")), _member(parsed.get("id_token")))


def scopes(asked: ClaimsRequest, client: Client, granted: Iterable[str]) -> tuple[str, ...]:
    """The scopes that stand for single claims: of those that this client may have, without what its scopes hold already."""
    held = set(granted)
    wanted = (_BY_NAME[name] for name in dict.fromkeys((*asked.userinfo, *asked.id_token)) if name in _BY_NAME)
    return tuple(by_name(each) for each in wanted if each.scope in client.scopes and each.scope not in held)


def in_id_token(asked: ClaimsRequest) -> tuple[str, ...]:
    return tuple(name for name in asked.id_token if name in _BY_NAME and name != "sub")


def subject(asked: ClaimsRequest) -> str | None:
    """The one person whom the answer may be about (§5.5.1)."""
    values = {str(part["sub"]["value"]) for part in (asked.userinfo, asked.id_token) if "value" in part.get("sub", {})}
    if len(values) > 1:
        raise malformed()
    return values.pop() if values else None


def malformed() -> AuthorizationError:
    return AuthorizationError("invalid_request", "claims is not a request for claims")


def _member(part: Any) -> Member:
    if part is None:
        return {}
    if not isinstance(part, dict) or not all(request is None or _is_request(request) for request in part.values()):
        raise malformed()
    named = {_plain(name): request or {} for name, request in part.items() if "#" in name}
    return {**named, **{name: request or {} for name, request in part.items() if "#" not in name}}


def _plain(name: str) -> str:
    """`name#vi` is `name`: there is one language of each claim, and it comes untagged (§5.2). Others are not there."""
    plain, _, tag = name.partition("#")
    return plain if locales.best((tag,), locales.CLAIMS) else name


def _is_request(request: Any) -> bool:
    return isinstance(request, dict) and all(
        isinstance(value, _SHAPES.get(name, object)) for name, value in request.items()
    )
