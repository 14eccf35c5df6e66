"""Requests that were pushed, by the name under which their browser comes: open for as long as their client's profile says, good for one code.

Spec: RFC 9126 §2.2, §4; FAPI 2.0 Security Profile §5.3.2.2 (notes: a page may be loaded anew before the log-in)
"""

from dataclasses import replace

from idp.login import interaction
from idp.oidc.authorization import PUSHED, Authorization
from idp.oidc.errors import PageError
from idp.ports import Ports

URN = "urn:ietf:params:oauth:request_uri:"
MAX_URI = 128  # ours have 77 characters


def keep(checked: Authorization, name: str, ports: Ports, *, lifetime: int, now: int) -> None:
    """`lifetime`: seconds in which the browser must come. Kept for longer: what is spent at its end must be found then."""
    payload = {"until": now + lifetime, "authorization": dict(replace(checked, pushed=name).payload())}
    ports.ephemeral.put(PUSHED, name, payload, expires=now + lifetime + 2 * interaction.LIFETIME)


def find(request_uri: str, client_id: str, ports: Ports, *, now: int) -> Authorization:
    """For its own client alone. Raises PageError: there is no address that could be trusted."""
    known = len(request_uri) <= MAX_URI and request_uri.isprintable()
    payload = ports.ephemeral.read(PUSHED, request_uri.removeprefix(URN), now=now) if known else None
    if payload is None or payload["until"] <= now or payload["authorization"]["client_id"] != client_id:
        raise PageError("invalid_request_uri", "request_uri is unknown, over, used or another client's")
    return Authorization.of(payload["authorization"])
