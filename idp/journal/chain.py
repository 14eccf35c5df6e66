"""Events sealed in blocks, each over the one before: what was written once cannot be changed unseen.

Spec: FIPS 180-4 (SHA-256); Decree 69/2024/NĐ-CP Art. 17(2) (the history of access is kept for at least 5 years)

    event hash   SHA-256 of the event as JSON: a list of time, kind, account, client and details, names sorted, in ASCII
    leaf         the event's number (8 bytes, big-endian, signed) and its hash
    block hash   SHA-256 of a domain word, the block's number and time, the hash of the block before, SHA-256 of its leaves

The leaves are kept in the block, 40 bytes an event, so that a verification names the very event that does not fit. What is
not sealed yet, some seconds' worth, nothing protects; and whoever cuts off the newest blocks together with their events
leaves a shorter chain that holds: only a hash that was kept elsewhere tells.
"""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256

from idp.model import Block, Event, Recorded

DOMAIN = b"vneid-journal-block-1\0"
FIRST_PREVIOUS = bytes(32)
BEFORE_ALL = -(2**63)  # below every number
NUMBER_BYTES, LEAF_BYTES = 8, 40
BLOCK_EVENTS = 1_000  # at most: 40 KB of leaves, and some milliseconds of work


def event_hash(event: Event) -> bytes:
    # `default`: in a row that somebody changed by hand there may stand what no JSON knows; it has to be told, not to fail.
    parts = [event.at, event.kind, event.account_id, event.client_id, event.details]
    return sha256(json.dumps(parts, sort_keys=True, separators=(",", ":"), default=repr).encode("ascii")).digest()


def leaf(recorded: Recorded) -> bytes:
    return recorded.event_id.to_bytes(NUMBER_BYTES, "big", signed=True) + event_hash(recorded.event)


def leaves_of(block: Block) -> Iterator[tuple[int, bytes]]:
    """Of each event its number and its hash; what is left over at the end of damaged leaves is not told."""
    for start in range(0, len(block.leaves) - LEAF_BYTES + 1, LEAF_BYTES):
        number = block.leaves[start : start + NUMBER_BYTES]
        yield int.from_bytes(number, "big", signed=True), block.leaves[start + NUMBER_BYTES : start + LEAF_BYTES]


def block_hash(number: int, sealed_at: int, previous: bytes, leaves: bytes) -> bytes:
    # Every part but the last is of fixed length: no two blocks are the same bytes.
    head = number.to_bytes(8, "big", signed=True) + sealed_at.to_bytes(8, "big", signed=True)
    return sha256(DOMAIN + head + previous + sha256(leaves).digest()).digest()


def block_after(newest: Block | None, events: Sequence[Recorded], *, now: int) -> Block:
    """`events`: at least one, above the newest block's, in the order of their numbers."""
    number, previous = (newest.number + 1, newest.hash) if newest else (1, FIRST_PREVIOUS)
    leaves = b"".join(map(leaf, events))
    return Block(number, events[-1].event_id, now, leaves, previous, block_hash(number, now, previous, leaves))


def is_whole(block: Block) -> bool:
    """It is what its own hash says: leaves in rising order of numbers, the last one the block's last event."""
    numbers = [number for number, _ in leaves_of(block)]
    return (
        len(block.leaves) == len(numbers) * LEAF_BYTES > 0
        and numbers == sorted(set(numbers))
        and numbers[-1] == block.last_event_id
        and len(block.previous) == len(FIRST_PREVIOUS)
        and block.hash == block_hash(block.number, block.sealed_at, block.previous, block.leaves)
    )
