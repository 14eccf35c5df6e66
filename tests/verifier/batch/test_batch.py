"""Rows as a program has them: order, laziness, what each verdict holds, and the same on several processes."""

import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest

from certs.status import Status
from tests.world import PID, World
from verifier import DEFAULT, Outcome, Policy, Verifier, batch
from verifier.batch.pool import AHEAD, WAITING, Luggage, WorkerLost, in_order
from verifier.policy.composed import AnyOf

ANYBODY = Policy(require_holder_proof=False)
LATER = 12  # of what goes to two processes before the first is back


def test_each_row_has_its_verdict_in_its_place(world: World, verifier: Verifier) -> None:
    world.set_state(7, Status.INVALID)
    revoked = Verifier(world.open_bundle(), clock=lambda: world.now)
    rows: list[object] = [
        world.present(),
        "hello",
        world.present(world.issue(index=7)),
        None,
        b"VN1:",
        world.present(world.issue(uri="http://localhost:5000/x")),
        "",
        world.present(),
    ]
    told = list(batch.verify(rows, revoked))
    assert [(one.outcome.value, one.code) for one in told] == [
        ("accepted", None),
        ("rejected", "prefix_unknown"),
        ("rejected", "revoked"),
        ("rejected", "encoding_invalid"),
        ("rejected", "encoding_invalid"),
        ("undetermined", "status_unavailable"),
        ("rejected", "prefix_unknown"),
        ("accepted", None),
    ]
    assert {one.checked_at for one in told} == {world.now}


def test_a_verdict_holds_what_was_asked_for_and_nothing_else(world: World, verifier: Verifier) -> None:
    text = world.present(world.issue("driving_licence", "full"))
    (told,) = batch.verify([text], verifier, claims=("full_name", "classes", "tax_code"))
    assert set(told.claims) == {"full_name", "classes"} and PID not in repr(told)
    (bare,) = batch.verify([text], verifier)
    assert bare.outcome is Outcome.ACCEPTED and bare.claims == {}
    (refused,) = batch.verify([text], verifier, policy=Policy(documents=("health_record",)), claims=("full_name",))
    assert (refused.code, refused.claims) == ("policy_refused", {})
    with pytest.raises(TypeError):
        told.claims["full_name"] = "x"  # type: ignore[index]


def test_rows_are_read_as_verdicts_are_taken(world: World, verifier: Verifier) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        for text in cycle((world.present(), "hello")):
            read += 1
            yield text

    assert len(list(islice(batch.verify(endless(), verifier), 300))) == 300
    assert read == 3 * batch.CHUNK_ROWS


def test_several_processes_say_the_same(world: World, verifier: Verifier) -> None:
    licence = world.present(world.issue("driving_licence", "full"))
    rows = [text for number in range(200) for text in (licence, "hello", world.printed(), None, f"VN1:{number}")]
    asked = {"policy": AnyOf((DEFAULT, ANYBODY)), "claims": ("full_name", "classes")}
    alone = list(batch.verify(rows, verifier, **asked))  # type: ignore[arg-type]
    assert list(batch.verify(rows, verifier, **asked, processes=2)) == alone  # type: ignore[arg-type]
    # Two at once were enough for these; a long chunk and a long answer do not stand in each other's way either.
    long = [f"VN1:{'0' * 1_000_000}", *rows[:3]]
    chunks = [long, *([text] for text in rows[:5]), long, long, long, long, long, long]
    told = list(in_order(_echo, verifier, chunks, processes=2))
    assert [chunk for chunk, _ in told] == chunks and all(chunk == answer for chunk, answer in told)


def _echo(verifier: Verifier, chunk: list[object]) -> list[object]:
    return chunk


def _waits_for_a_later_one(verifier: Verifier, chunk: tuple[int, Path]) -> tuple[int, bool]:
    number, sign = chunk
    if number == LATER:
        sign.touch()
    patience = time.monotonic() + 60
    while number == 0 and not sign.exists() and time.monotonic() < patience:
        time.sleep(0.01)
    return number, sign.exists()


def test_a_process_that_is_held_up_does_not_hold_up_the_other(verifier: Verifier, tmp_path: Path) -> None:
    """The first chunk is done when a much later one is, which its own process therefore cannot have in hand."""
    chunks = [(number, tmp_path / "sign") for number in range(LATER + 4)]
    told = [answer for _, answer in in_order(_waits_for_a_later_one, verifier, chunks, processes=2)]
    assert [number for number, _ in told] == [number for number, _ in chunks]
    assert told[0] == (0, True)
    assert 2 * AHEAD < LATER < 2 * WAITING


def _dies(verifier: Verifier, chunk: int) -> int:
    if chunk == 4:
        raise SystemExit(3)
    return chunk


def test_a_process_that_ends_is_told(verifier: Verifier) -> None:
    told = []
    with pytest.raises(WorkerLost):
        for chunk, _ in in_order(_dies, verifier, range(100), processes=2):
            told.append(chunk)
    assert told == [0, 1, 2, 3][: len(told)]  # what came before, in order; an answer on its way may be lost with it


def test_no_process_believes_more_than_the_first_one(world: World, verifier: Verifier) -> None:
    """A bundle whose anchors were cut down by hand is not opened again with all of them."""
    other = World(now=world.now)
    both = Verifier(world.open_bundle(anchors=(world.root.certificate, other.root.certificate)))
    assert Luggage.of(both).opened(world.now).bundle.sequence == 1
    both.bundle.trust.anchors = [world.root.certificate]  # type: ignore[misc, assignment]
    with pytest.raises(ValueError, match="believed"):
        Luggage.of(both).opened(world.now)


def test_a_policy_that_cannot_be_asked_is_told_before_the_first_row(verifier: Verifier) -> None:
    with pytest.raises(ValueError, match="once"):
        list(batch.verify([], verifier, policy=Policy(one_time=True)))
    with pytest.raises(ValueError, match="process"):
        list(batch.verify([], verifier, policy=DEFAULT, processes=0))
