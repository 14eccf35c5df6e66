"""`challenge`: ask face to face by a signed code, then read the answer of the phone from standard input (a hand scanner).

Exit: 0 accepted, 1 rejected, 2 cannot tell yet. Without `--purpose` and `--view` it lists what may be asked.
"""

import argparse
import sys
import time
from pathlib import Path

from certs import qr
from certs.challenge import views_for
from certs.errors import CertsError
from certs.trust import Reader
from verifier.challenge import LIFETIME, Asker, Question, ask, inspect_answer, purposes
from verifier.commands.check import exit_code
from verifier.commands.opening import load
from verifier.commands.terminal import DONE, UsageError, Words, command, dump, screen
from verifier.once import MemoryOnce
from verifier.scan import TEXT_LIMIT
from verifier.tools import display
from verifier.verifier import Verifier


def add(words: Words) -> None:
    made = command(words, "challenge", _challenge, "ask by a signed code, and check what answers it")
    made.add_argument("--bundle", type=Path, required=True, help="the trust bundle (see: bundle fetch)")
    made.add_argument("--root", metavar="SHA256", help="fingerprint of the root that the bundle must stand on")
    made.add_argument("--key", type=Path, required=True, metavar="FILE.pem", help="the reader's key")
    made.add_argument("--certificate", type=Path, required=True, metavar="FILE.der", help="its certificate")
    made.add_argument("--purpose", metavar="TEXT", help="what for: the Vietnamese text on the trust list")
    made.add_argument("--view", action="append", default=[], metavar="KIND.VIEW", help="any one of these answers")
    made.add_argument("--lifetime", type=int, default=LIFETIME, metavar="SECONDS", help=f"at most 300; else {LIFETIME}")
    made.add_argument("--out", type=Path, metavar="FILE.png", help="write the code there; else the terminal shows it")


def _challenge(options: argparse.Namespace) -> int:
    verifier = Verifier(load(options.bundle, options.root))
    try:
        asker = Asker.load(options.key, options.certificate)
        readers = purposes(asker, verifier.bundle.trust, now=int(time.time()))
        if options.purpose is None or not options.view:
            print("\n".join(_may(readers)))
            return DONE
        views = tuple(_named(each) for each in options.view)
        question = ask(
            asker,
            verifier.bundle.trust,
            purpose=options.purpose,
            views=views,
            now=int(time.time()),
            lifetime=options.lifetime,
        )
    except (CertsError, OSError, ValueError) as error:
        raise UsageError(f"cannot ask: {error}") from error
    _show(question, options)
    text = sys.stdin.readline(TEXT_LIMIT + 2).strip("\r\n")
    report = inspect_answer(text, question, verifier=verifier, once=MemoryOnce())
    print(dump(report.to_json()) if options.json else display.report(report, screen(options)))
    return exit_code(report)


def _show(question: Question, options: argparse.Namespace) -> None:
    """On the error stream where the terminal is for machines: the verdict alone is the result."""
    if options.out is not None:
        options.out.write_bytes(qr.draw_png(question.text))
    elif not options.json:
        print(qr.draw_blocks(question.text))
    print(question.text, file=sys.stderr)
    print("now scan the answer, or paste it and press Enter:", file=sys.stderr, flush=True)


def _named(view: str) -> tuple[str, str]:
    kind, _, name = view.partition(".")
    return kind, name


def _may(readers: tuple[Reader, ...]) -> list[str]:
    return [
        f"--purpose {reader.purpose.vi!r} --view {kind.name}.{view.name}"
        for reader in readers
        for kind, view in views_for(reader)
    ]
