"""`population`: the synthetic nation grows to so many people, at any time, in a database that may be in use."""

import argparse
import sys
import threading
import time

from idp.commands.opening import opened, settings
from idp.commands.terminal import (
    CONFIGURATION,
    DONE,
    REFUSED,
    STOPPED,
    USAGE,
    Failed,
    Words,
    command,
    show_one,
    stop_on_signal,
)
from idp.demo import SEED
from idp.login.standing import today
from idp.progress import Count
from idp.registries import growth
from idp.registries.growth import CannotGrow
from idp.registries.synthetic import MOST, Populated
from idp.storage.errors import Conflict
from idp.storage.sql import SqlStorage


def add(words: Words) -> None:
    grown = command(words, "population", _population, "add synthetic people until the register holds so many")
    grown.add_argument(
        "--people", type=int, required=True, metavar="N", help=f"people in the register then, to {MOST:,}"
    )
    grown.add_argument(
        "--seed", type=int, default=SEED, metavar="S", help=f"of their lots (default {SEED}, the demo's)"
    )
    grown.add_argument(
        "--documents",
        action="store_true",
        help="also the documents of those who are added, as the demonstration makes them, some six each; a seventh as fast",
    )


def _population(options: argparse.Namespace) -> int:
    """People and their numbers, in force and cancelled. No accounts: a register knows nobody's password."""
    if not 0 < options.people <= MOST:
        raise Failed(f"--people is a number from 1 to {MOST}", USAGE)
    if not settings(options).simulation:
        raise Failed("synthetic people live in a simulation alone: IDP_SIMULATION=1", CONFIGURATION)
    stop = stop_on_signal()
    with opened(options) as storage:
        before = _present(storage, options)
        began = time.monotonic()
        made = _grow(storage, options, before, stop)
        seconds = time.monotonic() - began
    held = before + made.people
    if held < options.people:
        print(f"idp: stopped; what is written stays. Continue with: {_again(options)}", file=sys.stderr)
    elif not made.people:
        print(f"idp: the register holds {held:,} people already; nothing was added", file=sys.stderr)
    row = {
        "people": held,
        "added": made.people,
        "cancelled numbers": made.resets,
        "documents": made.documents,
        "rows": made.rows,
        "seconds": round(seconds, 1),
        "people a second": round(made.people / seconds) if made.people else 0,
        "complete": held >= options.people,
    }
    show_one(row, options)
    return DONE if held >= options.people else STOPPED


def _present(storage: SqlStorage, options: argparse.Namespace) -> int:
    with storage.reading() as ports:
        try:
            return growth.present(ports, seed=options.seed, today=today(int(time.time())))
        except CannotGrow as error:
            raise Failed(f"{error}. Nothing was added.", REFUSED) from error


def _grow(storage: SqlStorage, options: argparse.Namespace, before: int, stop: threading.Event) -> Populated:
    now = int(time.time())
    made, places = Populated(0, 0, 0), range(before, options.people)
    count = Count(sys.stderr, before, options.people, time.monotonic)
    batches = growth.batches(
        storage, seed=options.seed, places=places, papers=options.documents, now=now, today=today(now)
    )
    try:
        for batch in batches:
            made = Populated(made.people + batch.people, made.resets + batch.resets, made.documents + batch.documents)
            count.reach(before + made.people)
            if stop.is_set():
                break
    except Conflict as error:
        raise Failed(f"somebody else adds people at this moment. Afterwards: {_again(options)}", REFUSED) from error
    finally:
        count.end()
    return made


def _again(options: argparse.Namespace) -> str:
    words = ["python -m idp population", f"--people {options.people}", f"--seed {options.seed}"]
    words += ["--documents"] if options.documents else []
    return " ".join([*words, *([f"--data {options.data}"] if options.data else [])])
