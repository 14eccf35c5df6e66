"""Which authentication levels a request asks for: as a wish (`acr_values`) or as a demand (`claims`, essential `acr`).

Spec: OpenID Connect Core 1.0 §3.1.2.1 (`acr_values`), §5.5.1.1 (`acr` as an essential claim); RFC 9470 §5;
OpenID Connect Core Unmet Authentication Requirements 1.0 §2
"""

from idp.login.acr import ACRS, acr
from idp.oidc.claims_request import ClaimsRequest, malformed

ANY = tuple(ACRS)[::-1]  # weakest first: an essential `acr` without values is content with each


def demanded(claims: ClaimsRequest) -> tuple[str, ...]:
    """The values of an essential `acr`, in the client's order; empty where none is demanded. Raises AuthorizationError."""
    request = claims.of("acr")
    if request.get("essential") is not True:
        return ()
    values = request.get("values", [request["value"]] if "value" in request else list(ANY))
    if not values or not all(isinstance(value, str) for value in values):
        raise malformed()
    return tuple(values)


def satisfied(level: int, values: tuple[str, ...]) -> str:
    """The `acr` to tell: the very level, or, where values were demanded, the highest of them that it covers (§5.5.1.1)."""
    covered = [ACRS[value] for value in values if value in ACRS and ACRS[value] <= level]
    return acr(max(covered)) if covered else acr(level)
