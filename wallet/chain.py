"""The chain of a history: each line's hash holds the one before it, so that a changed, missing or foreign line shows.

Spec: FIPS 180-4 (SHA-256). The hash of line n is SHA-256 over, in this order: the 22 bytes `vneid-wallet history 1`, the hash
of line n-1 (32 bytes; zeros before the first), and the line as JSON in UTF-8: members `at`, `details`, `kind`, `place`, sorted
by name at every level, without spaces, characters as they are. An export holds all that is needed to compute it again.

Who can write the whole database can compute a whole new chain: against that stands an export that the person kept (`against`).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wallet.model import Entry, Head, Linked

FIRST = bytes(32)
RESTORED = "restored"  # in a line's details: where it stood in the chain of the wallet that it was restored from
_LABEL = b"vneid-wallet history 1"


@dataclass(frozen=True, slots=True)
class Checked:
    """How many lines hold; `broken_at` is the first place that does not, and `why` a sentence about it."""

    lines: int
    broken_at: int | None = None
    why: str = ""


def link(previous: bytes, place: int, entry: Entry) -> bytes:
    line = {"at": entry.at, "details": dict(entry.details), "kind": str(entry.kind), "place": place}
    text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(_LABEL + previous + text.encode("utf-8")).digest()


def extend(head: Head | None, entries: Iterable[Entry]) -> tuple[Linked, ...]:
    """These entries as the lines that follow."""
    last, previous = (0, FIRST) if head is None else (head.place, head.link)
    lines: list[Linked] = []
    for place, entry in enumerate(entries, start=last + 1):
        previous = link(previous, place, entry)
        lines.append(Linked(place, entry, previous))
    return tuple(lines)


def check(lines: Sequence[Linked], head: Head | None) -> Checked:
    """All lines of one owner, oldest first, and the end that was noted beside them."""
    previous = FIRST
    for place, line in enumerate(lines, start=1):
        if line.place != place:
            return Checked(place - 1, place, "a line is missing or was put in")
        if link(previous, place, line.entry) != line.link:
            return Checked(place - 1, place, "the line was altered, or is not of this chain")
        previous = line.link
    end = Head(len(lines), previous) if lines else None
    if head != end:
        return Checked(len(lines), len(lines) + 1, "the last lines are missing, or the noted end was altered")
    return Checked(len(lines))


def against(kept: Iterable[Linked], lines: Iterable[Linked]) -> int | None:
    """The place of the first line of an earlier export that this history has no longer; None when it has them all. A line that
    was restored from a backup counts as the one that it was, if it says the same."""
    lines = tuple(lines)
    links, known = {line.link for line in lines}, {identity(line) for line in lines}
    return next((line.place for line in kept if line.link not in links and identity(line) not in known), None)


def identity(line: Linked) -> tuple[str, str]:
    """The hash by which a line is known, its own or for a restored one its first, and what it says: the first hash is only
    what the line claims, so that it stands for no line that said something else."""
    details = dict(line.entry.details)
    mark = details.pop(RESTORED, None)
    first = mark.get("link") if isinstance(mark, Mapping) else None
    says = json.dumps([line.entry.at, str(line.entry.kind), details], sort_keys=True, ensure_ascii=False)
    return first if isinstance(first, str) else line.link.hex(), says
