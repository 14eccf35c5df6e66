"""The status of a hundred million people: what it costs to carry, to load, to ask; and what a change costs to publish.

A nation of shards as the provider makes them: a million places each, 73 % of them given (where one is closed, on the average),
1 % of those not valid: six in ten revoked, three suspended, one locked by the holder. Signed by a real status signer, read as any
verifier reads a bundle. Nothing is simulated but the people.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from certs import bundle, delta, status
from certs.errors import Revoked
from certs.status import Status, StatusList, StatusLists
from idp.issuance.status import SIZE
from tests.bench.tables import table
from tests.world import DAY, NOW, World

PEOPLE = 100_000_000
FULL = 0.73
NOT_VALID = 0.01
STATES, SHARES = (Status.INVALID, Status.SUSPENDED, Status.HOLDER_LOCKED), (6, 3, 1)
URI = "https://id.example/status-lists/"
ROUNDS = 7


def report(options: argparse.Namespace) -> str:
    people = min(PEOPLE, options.people * 100)
    world, chance = World(), random.Random(1)
    shards = round(people / (SIZE * FULL))
    packed, seconds = _timed(lambda: [_shard(chance) for _ in range(shards)])
    by = world.status_desk
    tokens = {
        one.uri: status.sign_cwt(one, by.signer, [by.certificate])
        for one in (_list(number, data) for number, data in enumerate(packed))
    }
    raw = world.bundle(sequence=1, status_lists=tokens)
    loads = [_timed(lambda: bundle.read(raw, now=NOW))[1] for _ in range(ROUNDS)]
    held = bundle.read(raw, now=NOW)
    whole = [_timed(bundle.read(raw, now=NOW).statuses.check_contents)[1] for _ in range(3)]
    first, warm = _look_ups(held.statuses, shards, chance)
    changed, took = _timed(lambda: status.deflate(_shard_with(packed[0], chance)))
    again = _list(0, b"", changed)
    newer = world.bundle(
        sequence=2,
        trust_list=held.trust.list.token,
        status_lists={**tokens, again.uri: status.sign_cwt(again, by.signer, [by.certificate])},
    )
    manifest, desk = delta.manifest(raw), world.bundle_desk
    patch, patching = _timed(lambda: delta.build(manifest, newer, signer=desk.signer, chain=[desk.certificate]))
    applied = [_timed(lambda: delta.update(held, patch, now=NOW))[1] for _ in range(3)]
    size = sum(map(len, tokens.values()))
    rows = [
        ["status lists to carry: signed tokens, as they are published", f"{size / 1e6:.2f} MB", "2 MB"],
        ["the whole bundle: with trust list and root", f"{len(raw) / 1e6:.2f} MB", ""],
        ["load: every signature, path and shape checked", f"{min(loads) * 1e3:.0f} ms", "100 ms"],
        ["inflate all of them, which nobody needs to", f"{min(whole) * 1e3:.0f} ms", ""],
        ["first look-up in a shard, which inflates it", f"{first * 1e3:.2f} ms", ""],
        ["look-up: list, freshness, place, two bits", f"{warm * 1e6:.2f} µs", "1 µs"],
        ["one shard changed: deflate it again", f"{took * 1e3:.0f} ms", ""],
        ["what changed since the bundle before: make and sign", f"{patching * 1e3:.0f} ms", ""],
        ["… its size", f"{len(patch) / 1e3:.1f} kB", ""],
        ["… take it: rebuild the bundle, check it whole", f"{min(applied) * 1e3:.0f} ms", ""],
    ]
    title = f"status of {people:,} people, {NOT_VALID:.0%} not valid, {shards} lists of {SIZE:,}"
    return table([title, "measured", "goal"], rows) + f"\n\n{seconds:.0f} s to make them."


def _shard(chance: random.Random) -> bytes:
    """Deflated."""
    given = int(SIZE * FULL)
    places = chance.sample(range(SIZE), round(given * NOT_VALID))
    return status.deflate(
        status.pack(SIZE, dict(zip(places, chance.choices(STATES, SHARES, k=len(places)), strict=True)))
    )


def _shard_with(deflated: bytes, chance: random.Random) -> bytes:
    data = bytearray(status.unpack({"bits": 2, "lst": deflated})[1])
    data[chance.randrange(len(data))] |= 1
    return bytes(data)


def _list(number: int, deflated: bytes, changed: bytes | None = None) -> StatusList:
    return StatusList(
        f"{URI}{number}",
        2,
        b"",
        NOW,
        NOW + 2 * DAY,
        DAY,
        size=SIZE,
        aggregation=URI.rstrip("/"),
        packed=changed or deflated,
    )


def _look_ups(lists: StatusLists, shards: int, chance: random.Random) -> tuple[float, float]:
    """Seconds: the median of the first in each shard, and the best mean of many all over the nation."""

    def ask(uri: str, index: int) -> None:
        with suppress(Revoked):
            lists.check(uri, index, now=NOW)

    first = [_timed(lambda uri=f"{URI}{number}": ask(uri, 0))[1] for number in range(shards)]
    places = [(f"{URI}{chance.randrange(shards)}", chance.randrange(SIZE)) for _ in range(20_000)]
    valid = [place for place in places if _is_valid(lists, place)]
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for uri, index in valid:
            lists.check(uri, index, now=NOW)
        rounds.append((time.perf_counter() - began) / len(valid))
    return statistics.median(first), min(rounds)


def _is_valid(lists: StatusLists, place: tuple[str, int]) -> bool:
    try:
        return bool(lists.check(*place, now=NOW))
    except Revoked:
        return False


T = TypeVar("T")


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    done = work()
    return done, time.perf_counter() - began
