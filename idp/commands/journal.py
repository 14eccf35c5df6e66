"""`journal`: what happened, newest first; sealed, and held against its seals."""

import argparse
import json
import re
import sys
import time
from dataclasses import asdict

from idp.commands.opening import opened, reading
from idp.commands.terminal import DONE, REFUSED, USAGE, Failed, Words, command, moment, show, show_one
from idp.journal import sealing, verification
from idp.journal.verification import Fault, Verified
from idp.model import Block
from idp.progress import Count

SAID = {
    Fault.CHANGED: "an event was changed after it was sealed",
    Fault.REMOVED: "an event that was sealed is gone",
    Fault.INSERTED: "an event is there that was not when the block was sealed",
    Fault.REORDERED: "events of the block changed their places",
    Fault.BLOCK_ALTERED: "the seal itself was changed",
    Fault.BLOCK_REMOVED: "a whole block is gone",
    Fault.NOT_THE_KEPT_ONE: "no block has the hash that you kept: the end was cut off, or the chain was made anew",
}


def add(words: Words) -> None:
    journal = command(words, "journal", _journal, "show what happened, newest first")
    journal.add_argument("--kind", help="only this kind of event")
    journal.add_argument("--limit", type=int, default=20, help="rows at most (default 20)")
    actions = journal.add_subparsers(dest="action", parser_class=type(journal), metavar="[ACTION]")
    verify = command(actions, "verify", _verify, "hold every event against its seal", within=True)
    verify.add_argument("--expect", metavar="HASH", help="the hash of a block as it was told before")
    command(actions, "seal", _seal, "seal what is not sealed yet", within=True)


def _journal(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        events = ports.journal.read(kind=options.kind, limit=options.limit)
    if options.json:
        print(json.dumps([asdict(event) for event in events], ensure_ascii=False))
        return DONE
    rows = [
        {
            "at": moment(event.at),
            "kind": event.kind,
            "account": event.account_id or "–",
            "client": event.client_id or "–",
            "details": " ".join(f"{name}={value}" for name, value in event.details.items()),
        }
        for event in events
    ]
    return show(rows, options, "Nothing has happened yet. Start with: make demo")


def _seal(options: argparse.Namespace) -> int:
    with opened(options) as storage:
        with storage.reading() as ports:
            mark, newest = ports.chain.mark(), ports.chain.newest()
        count = _count(newest.last_event_id if newest else 0, mark.event_id)
        sealed = 0
        for block in sealing.seal(storage, now=int(time.time()), sleep=time.sleep):
            newest, sealed = block, sealed + 1
            count.reach(block.last_event_id)
        count.end()
    return show_one({"blocks sealed": sealed, **_newest(newest)}, options)


def _verify(options: argparse.Namespace) -> int:
    expect = None if options.expect is None else _hash(options.expect)
    with opened(options) as storage:
        with storage.reading() as ports:
            newest = ports.chain.newest()
        count = _count(0, newest.last_event_id if newest else 0)
        try:
            verified = verification.verify(
                storage, expect=expect, reached=lambda block: count.reach(block.last_event_id)
            )
        finally:
            count.end()
    show_one(_told(verified), options)
    if verified.broken is None:
        return DONE
    print(
        "idp: the journal does not hold. Stop what writes to the database, keep a copy of it as it is, "
        "and compare with a backup from the block that is named.",
        file=sys.stderr,
    )
    return REFUSED


def _hash(typed: str) -> bytes:
    digits = typed.replace(":", "")  # as the log of the housekeeping has it
    if re.fullmatch(r"[0-9a-fA-F]{64}", digits) is None:
        raise Failed("--expect is a block's hash: 64 hexadecimal digits, as `journal seal` tells them", USAGE)
    return bytes.fromhex(digits)


def _told(verified: Verified) -> dict[str, object]:
    counts = {"blocks": verified.blocks, "events": verified.events}
    if verified.broken is None:
        return {"outcome": "OK", **counts, "not sealed yet": verified.waiting, **_newest(verified.newest)}
    found = verified.broken
    place = {"breaks at block": found.block, "first event": "–" if found.event_id is None else found.event_id}
    return {"outcome": "BROKEN", **place, "fault": found.fault.value, "what": SAID[found.fault], "before it": counts}


def _newest(block: Block | None) -> dict[str, object]:
    """Its hash is worth keeping elsewhere: whoever cuts off the end of the journal cannot cut it off there."""
    if block is None:
        return {"newest block": "–", "hash": "–"}
    return {"newest block": block.number, "sealed at": moment(block.sealed_at), "hash": block.hash.hex()}


def _count(start: int, total: int) -> Count:
    return Count(sys.stderr, start, max(total, 1), time.monotonic)
