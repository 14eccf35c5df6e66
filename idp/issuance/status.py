"""Who gets which place on which status list, and the lists as they are now, ready to sign: several of each document type.

Spec: Token Status List (draft-ietf-oauth-status-list-20) §4, §5, §8, §9 (aggregation), §12.5.1 and §13.4 (size, privacy).
"""

from dataclasses import dataclass, field

from certs.catalogue import CATALOGUE
from certs.status import StatusList, deflate, pack
from idp.ports import Ports, Statuses

SIZE = 1 << 20  # entries of a list: 256 KiB unpacked, 17 KiB packed with 1 % not valid; a holder hides among a million
BITS = 2
# Lists of one kind are numbered kind, kind + STRIDE, kind + 2 · STRIDE …: who makes the next one needs to ask nobody.
STRIDE = 1000
_LISTS_TRIED = 100
# How long a copy in a bundle may be used: a counter that refreshed in the morning works through the day without a network.
TTL = 24 * 3600
ONLINE_TTL = 240  # a copy fetched alone: whoever fetches lists has a network (§13.7: counts from when it was fetched)
LIFETIME = 2 * TTL
RENEWED = (
    TTL // 4
)  # a list that does not change is signed again after six to twelve hours, so a bundle's lasts a day at least
# `iat` moves in steps, so that two processes that sign the same list at once agree on it and none seems to go back.
STEP = 60


def create_lists(statuses: Statuses) -> None:
    """For each type of the catalogue the list that it begins with, and the one after it."""
    for kind in CATALOGUE.values():
        _prepare(statuses, kind.code, kind.code, size=SIZE)


def allocate(statuses: Statuses, kind: int, *, size: int = SIZE) -> tuple[int, int]:
    """(number of a list, index in it) for a new credential of the type with this code; never given before.

    Each step is atomic and may be done twice, so that many processes come through together: who finds a list full closes
    it and makes the list after the next. The next one is there already, and has been for as long as this one was filled:
    whoever holds yesterday's bundle knows it.
    """
    for _ in range(_LISTS_TRIED):
        number = statuses.current(kind)
        if number is None:  # a type that is new, or whose lists somebody closed
            behind = [one for one in statuses.numbers() if one % STRIDE == kind]
            _prepare(statuses, kind, max(behind) + STRIDE if behind else kind, size=size)
            continue
        index = statuses.draw(number)
        if index is not None:
            return number, index
        statuses.close(number)
        _prepare(statuses, kind, number + STRIDE, size=size)
    raise RuntimeError(f"no status list of kind {kind} has a free index")


def _prepare(statuses: Statuses, kind: int, number: int, *, size: int) -> None:
    """The list of this number and a spare one behind it, where they are not there yet."""
    statuses.add(number, kind=kind, size=size)
    statuses.add(number + STRIDE, kind=kind, size=size)


def uri(issuer: str, number: int) -> str:
    return f"{issuer}/status-lists/{number}"


def aggregation_uri(issuer: str) -> str:
    """§9: where the URIs of all lists stand."""
    return f"{issuer}/status-lists"


@dataclass(frozen=True, slots=True)
class Packed:
    """A list of one version, ready to be signed at any time; deflated alone, since a nation's are many."""

    number: int
    version: int
    size: int
    deflated: bytes = field(repr=False)


def packed(ports: Ports, number: int) -> Packed:
    """The list as it is now. Raises KeyError for a number without a list."""
    if number not in ports.statuses.versions():
        raise KeyError(number)
    version, size, entries = ports.statuses.read(number)
    return Packed(number, version, size, deflate(pack(size, entries, BITS)))


def at(one: Packed, *, issuer: str, issued: int, ttl: int) -> StatusList:
    """What is signed of it. Its size is announced, so that a reader knows how much there is before it unpacks anything."""
    return StatusList(
        uri=uri(issuer, one.number),
        bits=BITS,
        data=b"",
        issued=issued,
        expires=issued + LIFETIME,
        ttl=ttl,
        size=one.size,
        aggregation=aggregation_uri(issuer),
        packed=one.deflated,
    )


def renewed(number: int, issued: int) -> int:
    """When a list that does not change is signed again: each at its own time, so that no bundle is all new at once."""
    return issued + RENEWED + number * 2_654_435_761 % RENEWED  # Knuth's multiplier: spreads numbers that lie close
