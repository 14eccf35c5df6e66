"""What a client registers about its authorization requests: what holds where a request itself says nothing.

Spec: OpenID Connect Dynamic Client Registration 1.0 §2 (`default_max_age`, `require_auth_time`, `default_acr_values`)

    default_max_age       seconds: as `max_age`, which counts for more
    require_auth_time     kept alone: each ID token of ours has `auth_time`
    default_acr_values    a wish, as `acr_values`, which counts for more; so does a request for the claim `acr`
"""

from collections.abc import Mapping
from typing import Any

from idp.model import Client
from idp.oidc.claims_request import ClaimsRequest

SCHEMA: Mapping[str, tuple[type, bool]] = {
    "default_max_age": (int, False),
    "require_auth_time": (bool, False),
    "default_acr_values": (list, False),
}
KEPT = tuple(SCHEMA)

MAX_AGE = 2**31 - 1  # seconds; a larger one says nothing more than this one
MAX_VALUES = 20
MAX_VALUE = 255  # characters


def problem(metadata: Mapping[str, Any]) -> str | None:
    """What is wrong with these members, whose types are right already."""
    if not 0 <= metadata.get("default_max_age", 0) <= MAX_AGE:
        return "default_max_age is not a number of seconds"
    values = metadata.get("default_acr_values", [])
    if len(values) > MAX_VALUES or not all(type(value) is str and _is_value(value) for value in values):
        return "default_acr_values holds at most 20 names, none with a space"
    return None


def max_age(client: Client, sent: str | None) -> int | None:
    """`sent` was checked."""
    default: int | None = client.metadata.get("default_max_age")
    return default if sent is None else int(sent)


def acr_values(client: Client, sent: tuple[str, ...], claims: ClaimsRequest) -> tuple[str, ...]:
    if sent or "acr" in claims.id_token or "acr" in claims.userinfo:
        return sent
    return tuple(client.metadata.get("default_acr_values", ()))


def _is_value(value: str) -> bool:
    return 0 < len(value) <= MAX_VALUE and value.isascii() and value.isprintable() and " " not in value
