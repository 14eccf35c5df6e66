"""Which authentication levels a request asks for: as a wish (`acr_values`) or as a demand (`claims`, essential `acr`).

Spec: OpenID Connect Core 1.0 §3.1.2.1 (`acr_values`), §5.5, §5.5.1.1 (`acr` as an essential claim); RFC 9470 §5;
OpenID Connect Core Unmet Authentication Requirements 1.0 §2
"""

from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from idp.login.acr import ACRS, acr
from idp.oidc.errors import AuthorizationError

MAX_CLAIMS = 4096  # bytes of the `claims` parameter
ANY = tuple(ACRS)[::-1]  # weakest first: an essential `acr` without values is content with each
_MEMBERS = {"userinfo", "id_token"}
_SHAPES = {"essential": bool, "value": object, "values": list}


def demanded(claims: str | None) -> tuple[str, ...]:
    """The values of an essential `acr`, in the client's order; empty where none is demanded. Raises AuthorizationError.

    Of the parameter only this is followed; the other requests for single claims are checked for their form.
    """
    if claims is None:
        return ()
    asked = [_members(part) for part in _parsed(claims).values()]
    for request in (part.get("acr") for part in asked):
        if request is not None and request.get("essential") is True:
            values = request.get("values", [request["value"]] if "value" in request else list(ANY))
            if not values or not all(isinstance(value, str) for value in values):
                raise _malformed()
            return tuple(values)
    return ()


def satisfied(level: int, values: tuple[str, ...]) -> str:
    """The `acr` to tell: the very level, or, where values were demanded, the highest of them that it covers (§5.5.1.1)."""
    covered = [ACRS[value] for value in values if value in ACRS and ACRS[value] <= level]
    return acr(max(covered)) if covered else acr(level)


def _parsed(claims: str) -> dict[str, Any]:
    try:
        parsed = json_decode(claims, limit=MAX_CLAIMS)
    except CertsError:
        raise _malformed() from None
    if not isinstance(parsed, dict):
        raise _malformed()
    return {
        name: part for name, part in parsed.items() if name in _MEMBERS and part is not None
    }  # §5.5: others are ignored


def _members(part: Any) -> dict[str, dict[str, Any] | None]:
    if not isinstance(part, dict):
        raise _malformed()
    for request in part.values():
        if request is not None and not _is_request(request):
            raise _malformed()
    return part


def _is_request(request: Any) -> bool:
    return isinstance(request, dict) and all(
        isinstance(value, _SHAPES.get(name, object)) for name, value in request.items()
    )


def _malformed() -> AuthorizationError:
    return AuthorizationError("invalid_request", "claims is not a request for claims")
