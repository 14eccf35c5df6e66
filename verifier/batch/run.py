"""A file of credentials into a file of verdicts: a row for each row, in its order, and the same words again go on after a crash.

The input is told apart by its SHA-256, so that what changed since an output was begun is noticed; the trust data may be newer,
and each row says which it was judged by, and when.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from certs.bundle import fingerprint
from certs.catalogue import CATALOGUE, Text
from verifier.batch import comma, parquet
from verifier.batch.lines import OWN, Writing
from verifier.batch.output import Output, Point, Refused, parts_of, settled
from verifier.batch.pool import WorkerLost, in_order
from verifier.batch.sheet import Place, Row, Sheet, Unreadable, Wanted, chunks
from verifier.batch.verdict import check
from verifier.verifier import Verifier

CHUNK_ROWS = 128
KEEP_EVERY = 64  # chunks between two points: some seconds of work
ENDINGS = (".csv", ".jsonl", ".parquet")
_BLOCK = 4 * 1024 * 1024

_CHANGED = Text(
    "Tệp đầu vào bị đổi trong khi đọc; để yên nó rồi làm lại từ đầu với --restart.",
    "The input was changed while it was read; leave it alone, and begin anew with --restart.",
)

Told = Callable[[float, int], None]  # which share of the input is done, and how many rows that is


@dataclass(frozen=True, slots=True)
class Task:
    """From which column of what, into what, and what is asked of each row."""

    source: Path
    output: Path
    wanted: Wanted
    writing: Writing


@dataclass(frozen=True, slots=True)
class Summary:
    """What an output came to, earlier runs included. `complete`: a row for each row of the input, under its own name."""

    rows: int
    outcomes: Mapping[str, int]
    codes: Mapping[str, int]
    complete: bool
    resumed_after: int  # rows that earlier runs had done


def check_names(task: Task) -> None:
    """Raises Refused where output and input are one, or one of ours would take the other's name, or a claim is nobody's."""
    if task.output.suffix.lower() not in ENDINGS:
        raise Refused(
            Text(
                f"{task.output}: tên phải kết thúc bằng {', '.join(ENDINGS)}.",
                f"{task.output}: its name must end in {', '.join(ENDINGS)}.",
            )
        )
    ours = (task.output, *parts_of(task.output), _made(task.output))
    if any(_same(task.source, each) for each in ours):
        raise Refused(
            Text(
                "Tệp kết quả không được trùng tệp đầu vào; chọn tên khác.",
                "The output must not be the input; choose another name.",
            )
        )
    known = {field.name for kind in CATALOGUE.values() for field in kind.fields}
    for name in task.writing.claims:
        if name not in known:
            raise Refused(Text(f"Không có thông tin nào tên “{name}”.", f"No document has a claim called {name}."))
    named = task.writing.keep, task.writing.claims
    several = len(OWN) + sum(map(len, named))  # one column too few, and each behind it would tell what stands before it
    if any(len(set(names)) != len(names) for names in named) or len(task.writing.columns()) != several:
        raise Refused(Text("Một tên được ghi hai lần.", "A name is given twice."))


def run(
    task: Task,
    verifier: Verifier,
    *,
    processes: int,
    stop: Callable[[], bool] = lambda: False,
    reading: Told = lambda share, rows: None,
    told: Told = lambda share, rows: None,
    restart: bool = False,
    chunk_rows: int = CHUNK_ROWS,
) -> Summary:
    """Raises Refused, Unreadable, WorkerLost or OSError; what is written stays, and the next run goes on from there.

    `reading` is told how far the input is looked through, `told` how far its rows are judged.
    """
    check_names(task)
    check(verifier, task.writing.policy)
    with task.source.open("rb") as file:
        before = os.fstat(file.fileno())
        named = _named(task, _digest(file, before.st_size, reading), verifier)
    made = _made(task.output) if _columnar(task.output) else None
    held = settled(task.output, named, made)
    if held is not None:
        return _summary(held, held.place)
    if made is not None:
        parquet.check_installed()
    with closing((parquet if _columnar(task.source) else comma).opened(task.source, task.wanted)) as sheet:
        output = Output(task.output, named, sheet.start, restart=restart)
        with closing(output):
            begun = output.point.place
            ended = _fill(output, sheet, task.writing, _Judging(verifier, processes, stop, told, chunk_rows))
            if _moved(before, os.stat(task.source)):
                raise Refused(_CHANGED)
            if ended:
                _finish(output, task.writing, made)
            return _summary(output.point, begun)


@dataclass(frozen=True, slots=True)
class _Judging:
    verifier: Verifier
    processes: int
    stop: Callable[[], bool]
    told: Told
    chunk_rows: int


def _fill(output: Output, sheet: Sheet, writing: Writing, how: _Judging) -> bool:
    """Whether it was the input that ended."""
    point, rows = output.point, _Rows(sheet.rows(output.point.place), how.stop)
    if not point.length:
        output.write(writing.head())
    try:
        judged = in_order(writing, how.verifier, chunks(rows, how.chunk_rows), processes=how.processes)
        with closing(judged):
            for number, (chunk, done) in enumerate(judged, start=1):
                output.write(done.lines)
                point.place = chunk.end
                point.outcomes.update(done.outcomes)
                point.codes.update(done.codes)
                if number % KEEP_EVERY == 0:
                    output.keep()
                how.told(chunk.end.at / sheet.total, chunk.end.row - sheet.start.row)
    except (Unreadable, WorkerLost):
        output.keep()
        raise
    output.keep()
    return rows.ended


class _Rows:
    """Rows until it is time to stop; `ended` where it was the rows that came to their end."""

    def __init__(self, rows: Iterator[Row], stop: Callable[[], bool]) -> None:
        self._rows, self._stop = rows, stop
        self.ended = False

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            if self._stop():
                return
            yield row
        self.ended = True


def _finish(output: Output, writing: Writing, made: Path | None) -> None:
    output.point.complete = True
    output.keep()
    if made is not None:
        parquet.write(made, output.lines(), writing.columns())
    output.finish(made)


def _summary(point: Point, begun: Place) -> Summary:
    return Summary(point.place.row - 1, point.outcomes, point.codes, point.complete, begun.row - 1)


def _named(task: Task, digest: str, verifier: Verifier) -> Mapping[str, str]:
    """What an output answers. A policy is told by a digest: it may hold a challenge. Trust data may be newer, but not another's."""
    writing = task.writing
    columns = [task.wanted.column, writing.keep, writing.claims, writing.language, task.output.suffix.lower()]
    return {
        "input": digest,
        "columns": json.dumps(columns),
        "trust": " ".join(sorted(map(fingerprint, verifier.bundle.trust.anchors))),
        "policy": hashlib.sha256(repr(writing.policy).encode()).hexdigest(),
    }


def _digest(file: BinaryIO, size: int, reading: Told) -> str:
    digest, done = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        digest.update(block)
        done += len(block)
        reading(min(done / max(size, 1), 1.0), 0)
    return digest.hexdigest()


def _moved(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether it is another file, or was written to."""
    names = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
    return any(getattr(before, name) != getattr(after, name) for name in names)


def _columnar(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _made(path: Path) -> Path:
    return path.with_name(f"{path.name}.part.parquet")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()
