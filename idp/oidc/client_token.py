"""An access token that stands for a client itself and for nobody's grant: kept for its few minutes, by its hash.

Spec: RFC 6749 §4.4.3; RFC 7009 §2.1
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from idp.ports import Ports

PURPOSE = "client_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken:
    client_id: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...] | None
    issued: int
    expires: int
    jkt: str | None = None  # the key that it is bound to


def keep(ports: Ports, value: str, token: ClientToken) -> None:
    ports.ephemeral.put(PURPOSE, value, asdict(token), expires=token.expires)


def find(ports: Ports, value: str, *, now: int) -> ClientToken | None:
    payload = ports.ephemeral.read(PURPOSE, value, now=now)
    return None if payload is None else _of(payload)


def end(ports: Ports, value: str, *, now: int) -> bool:
    """True for exactly one caller."""
    taken = ports.ephemeral.take(PURPOSE, value, now=now)
    return taken is not None and not taken.again


def _of(payload: Mapping[str, Any]) -> ClientToken:
    lists = {name: tuple(value) for name, value in payload.items() if isinstance(value, list)}
    return ClientToken(**{**payload, **lists})
