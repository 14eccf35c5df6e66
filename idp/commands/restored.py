"""`restored`: said once after a database came back from a backup, before the servers are started."""

import argparse
import sys
import time

from idp import restoring
from idp.commands.opening import BY, opened
from idp.commands.terminal import REFUSED, Failed, Words, command, show_one


def add(words: Words) -> None:
    said = command(
        words, "restored", _restored, "after a backup was restored: end what may have been used since it was made"
    )
    said.add_argument("--yes", action="store_true", help="do not ask")


def _restored(options: argparse.Namespace) -> int:
    with opened(options) as storage:
        if not options.yes:
            _confirm()
        return show_one(restoring.restored(storage, by=BY, now=int(time.time())), options)


def _confirm() -> None:
    print(
        "Say this while no server runs, after a database was restored from a backup. There end:\n"
        "  - every session: people sign in again, and other applications hear of it\n"
        "  - every access and refresh token: applications ask again; what people allowed stays\n"
        "  - codes, offers and tokens for registering that were not used",
        file=sys.stderr,
    )
    print("End them? Type yes: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise Failed("nothing was ended. Without a question: --yes", REFUSED)
