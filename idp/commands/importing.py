"""`people import FILE` and `documents import TYPE FILE`: CSV or Parquet into a register; what is refused goes into a file to mend."""

import argparse
import secrets
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from certs.catalogue import CATALOGUE
from idp.commands.opening import BY, opened, settings
from idp.commands.terminal import (
    CONFIGURATION,
    DONE,
    INTERNAL,
    REFUSED,
    STOPPED,
    USAGE,
    Failed,
    Words,
    command,
    show,
    show_one,
    stop_on_signal,
)
from idp.login.standing import today
from idp.ports import Ports
from idp.progress import Count
from idp.registries.changes import By
from idp.registries.importing import batches, columns, comma, documents, parquet, people, rewriting
from idp.registries.importing.columns import Layout
from idp.registries.importing.register import Register, Settled, State
from idp.registries.importing.rejects import InUse, Rejects
from idp.registries.importing.sheet import ExtraMissing, Sheet, Unreadable
from idp.registries.importing.tally import Tally
from idp.storage.errors import Conflict, Unavailable
from idp.storage.sql import SqlStorage

TRIES = 6  # of a batch that another writer came in between
PAUSE_SECONDS = 0.1  # before the second; twice as long before each next one

_WHOLE = "CSV in UTF-8 or Parquet, its columns named as the fields are or by their labels"


def add_people(actions: Words) -> None:
    made = command(actions, "import", _people, f"bring people in from a file: {_WHOLE}", within=True)
    _options(made)


def add_documents(actions: Words) -> None:
    made = command(actions, "import", _documents, f"bring documents of one type in from a file: {_WHOLE}")
    made.add_argument("type", metavar="TYPE", choices=list(CATALOGUE), help=", ".join(CATALOGUE))
    _options(made)
    about = "write over documents that say otherwise; copies in wallets are invalid then, and are fetched again"
    made.add_argument("--replace", action="store_true", help=about)


def _options(made: argparse.ArgumentParser) -> None:
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument(
        "--ignore", action="append", default=[], metavar="COLUMN", help="leave a column out; may be repeated"
    )
    where = "where refused rows go, whole and with the reasons; nobody else may read it (default: FILE.rejects.csv)"
    made.add_argument("--rejects", type=Path, metavar="FILE", help=where)
    made.add_argument("--dry-run", action="store_true", help="look at every row and write none into the register")


def _people(options: argparse.Namespace) -> int:
    day, simulation = today(int(time.time())), settings(options).simulation
    register = people.register(new_id=_new_id, today=day, simulation=simulation, dry_run=options.dry_run)
    return _run(options, register, "people import")


def _documents(options: argparse.Namespace) -> int:
    day, simulation = today(int(time.time())), settings(options).simulation
    by = By(BY, int(time.time()), simulation)
    register = documents.register(
        CATALOGUE[options.type],
        today=day,
        simulation=simulation,
        dry_run=options.dry_run,
        rewrite=partial(rewriting.rewrite, by=by) if options.replace else None,
    )
    return _run(options, register, f"documents import {options.type}{' --replace' if options.replace else ''}")


def _new_id() -> str:
    """Nothing of the person is in it: it stands in the journal, where a number must not. It begins with the time, so that new
    ones lie beside one another in the indexes, which a large import is slow without."""
    return f"person-{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"


@dataclass(slots=True)
class _Import:
    """How far it came, and why no further."""

    tally: Tally
    seconds: float = 0.0
    stopped: bool = False
    broken: Unreadable | None = None

    @property
    def complete(self) -> bool:
        return not self.stopped and self.broken is None


def _run(options: argparse.Namespace, register: Register, words: str) -> int:
    with _sheet(options.file) as sheet, opened(options) as storage:
        layout = _layout(options, sheet, register)
        with _rejects(options, layout) as rejects:
            done = _import(sheet, layout, register, rejects, storage)
    _warn(options, done, rejects, words)
    _show(options, done, rejects)
    if done.stopped:
        return STOPPED
    return DONE if done.complete and not done.tally.counts[State.REFUSED] else REFUSED


@contextmanager
def _sheet(file: Path) -> Iterator[Sheet]:
    if not file.is_file():
        raise Failed(f"there is no file {file}", USAGE)
    try:
        with file.open("rb") as opened_file:
            is_parquet = opened_file.read(len(parquet.MAGIC)) == parquet.MAGIC
        sheet: Sheet = parquet.opened(file) if is_parquet else comma.opened(file)
    except ExtraMissing as error:
        raise Failed(str(error), CONFIGURATION) from None
    except Unreadable as error:
        raise Failed(f"{file}: {error}. Nothing was written.", REFUSED) from None
    except OSError as error:
        raise Failed(f"{file} cannot be read: {error.strerror}", USAGE) from None
    with closing(sheet):
        yield sheet


def _layout(options: argparse.Namespace, sheet: Sheet, register: Register) -> Layout:
    fields = register.kind.fields
    try:
        return columns.match(
            sheet.columns, fields, ignore=options.ignore, aliases=register.aliases, derived=register.derived
        )
    except Unreadable as error:
        raise Failed(f"{options.file}: {error}. Nothing was written.", REFUSED) from None


@contextmanager
def _rejects(options: argparse.Namespace, layout: Layout) -> Iterator[Rejects]:
    path = options.rejects or options.file.with_name(f"{options.file.name}.rejects.csv")
    if path.exists() and path.samefile(options.file):
        raise Failed("--rejects names the file that is read; name another", USAGE)
    try:
        rejects = Rejects(path, layout)
    except InUse:
        raise Failed(
            f"another import writes {path} at this moment; name another file with --rejects", REFUSED
        ) from None
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}. Name another file with --rejects", USAGE) from None
    try:
        yield rejects
    finally:
        rejects.close()


def _import(sheet: Sheet, layout: Layout, register: Register, rejects: Rejects, storage: SqlStorage) -> _Import:
    done, stop, began = _Import(Tally()), stop_on_signal(), time.monotonic()
    count = Count(sys.stderr, 0, sheet.total, time.monotonic, sheet.unit)
    transact = _in_transactions(storage) if register.writes else _looking(storage)
    now = int(time.time())
    try:
        for tally in batches.run(sheet, layout, register, transact=transact, refuse=rejects.add, now=now):
            done.tally = tally
            count.reach(tally.at)
            if stop.is_set():
                done.stopped = tally.at < sheet.total
                break
    except Unreadable as error:
        done.broken = error
    finally:
        count.end()
        done.seconds = time.monotonic() - began
    return done


def _looking(storage: SqlStorage) -> Callable[[Callable[[Ports], list[Settled]]], list[Settled]]:
    def transact(work: Callable[[Ports], list[Settled]]) -> list[Settled]:
        with storage.reading() as ports:
            return work(ports)

    return transact


def _in_transactions(storage: SqlStorage) -> Callable[[Callable[[Ports], list[Settled]]], list[Settled]]:
    """Two who add the same at once: one is told of a conflict, and looks again. Nothing of the first try is kept."""

    def transact(work: Callable[[Ports], list[Settled]]) -> list[Settled]:
        for tried in range(TRIES):
            try:
                with storage.transaction() as ports:
                    return work(ports)
            except (Conflict, Unavailable) as error:
                why = error
                time.sleep(PAUSE_SECONDS * 2**tried)
        raise Failed(f"{why}. What is written stays; start the same import again, it goes on from there", INTERNAL)

    return transact


def _warn(options: argparse.Namespace, done: _Import, rejects: Rejects, words: str) -> None:
    data = ["--data", str(options.data)] if options.data else []
    if done.broken is not None:
        print(f"idp: {options.file}: {done.broken}. What was read before is settled.", file=sys.stderr)
    if done.stopped:
        print("idp: stopped; what is written stays. Give the same command again to continue.", file=sys.stderr)
    if rejects.aside is not None:
        print(f"idp: there was another {rejects.path}; it is {rejects.aside} now", file=sys.stderr)
    if rejects.rows:
        again = shlex.join(["python", "-m", "idp", *words.split(), str(rejects.path), *data])
        print(
            f"idp: {rejects.rows:,} rows were refused. They are in {rejects.path}, as you gave them, numbers included, and "
            f"with the reasons; only you may read it. Mend them there, then: {again}",
            file=sys.stderr,
        )


def _show(options: argparse.Namespace, done: _Import, rejects: Rejects) -> None:
    tally = done.tally
    row: dict[str, object] = {
        "file": str(options.file),
        "read": tally.read,
        **{state.value: tally.counts[state] for state in State},
        "rejects": str(rejects.path) if rejects.rows else None,
        "seconds": round(done.seconds, 1),
        "rows a second": round(tally.read / done.seconds) if done.seconds else 0,
        "dry run": options.dry_run,
        "complete": done.complete,
    }
    found = [*_faults(tally, noted=False), *_faults(tally, noted=True)]
    if options.json:
        show_one({**row, "faults": found}, options)
        return
    show_one({name: "–" if value is None else value for name, value in row.items()}, options)
    if found:
        print()
        show([{**one, "first in rows": ", ".join(map(str, one["first in rows"]))} for one in found], options)


def _faults(tally: Tally, *, noted: bool) -> list[dict[str, Any]]:
    """The most frequent first. A row with several faults is counted with each."""
    of = tally.noted if noted else tally.faults
    return [
        {
            "outcome": "noted" if noted else "refused",
            "code": code,
            "field": columns.shown([where]) or "–",
            "rows": found.rows,
            "first in rows": found.first,
            "meaning": found.says,
        }
        for (code, where), found in sorted(of.items(), key=lambda one: -one[1].rows)
    ]
