"""The status lists as they are now, ready to sign: one list for each document type, numbered by the type's code.

Spec: Token Status List (draft-ietf-oauth-status-list-20) §4, §5, §8, §13.1 (size and herd privacy).
"""

from collections.abc import Iterable

from certs.catalogue import CATALOGUE
from certs.status import StatusList, pack
from idp.ports import Ports, Statuses

SIZE = 1 << 16  # entries of a list: 16 KiB unpacked; a holder hides among 65,536
BITS = 2
# How long a copy may be used: a counter that refreshed in the morning works through the day without a network.
TTL = 24 * 3600
LIFETIME = 2 * TTL
# `iat` moves in steps, so that two processes that sign the same list at once agree on it and none seems to go back.
STEP = 60


def create_lists(statuses: Statuses) -> None:
    """One for each type of the catalogue that has none yet."""
    existing = statuses.numbers()
    for kind in CATALOGUE.values():
        if kind.code not in existing:
            statuses.create(kind.code, SIZE)


def uri(issuer: str, number: int) -> str:
    return f"{issuer}/status-lists/{number}"


def current(ports: Ports, number: int, *, issuer: str, now: int) -> tuple[int, StatusList]:
    """(version, list). Raises KeyError for a number without a list."""
    if number not in ports.statuses.numbers():
        raise KeyError(number)
    version, size, entries = ports.statuses.read(number)
    issued = now - now % STEP
    return version, StatusList(uri(issuer, number), BITS, pack(size, entries, BITS), issued, issued + LIFETIME, TTL)


def all_current(ports: Ports, *, issuer: str, now: int) -> Iterable[StatusList]:
    return [current(ports, number, issuer=issuer, now=now)[1] for number in ports.statuses.numbers()]
