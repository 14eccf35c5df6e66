"""`foreign FILE|TEXT|-`: a document of another framework, against the anchors given with it.

Exit: 0 accepted, 1 rejected, 2 cannot tell yet. Nothing of it is accepted that `--accept` does not name.
"""

import argparse
from pathlib import Path

from certs.catalogue import Text
from verifier import scan
from verifier.commands.check import source
from verifier.commands.terminal import INTERNAL, UsageError, Words, command, dump, screen
from verifier.foreign import Foreign, Report, told
from verifier.foreign.anchors import AnchorsError, from_folder, read_issuer, read_signers, together
from verifier.result import Outcome
from verifier.scan import NothingToCheck
from verifier.tools import display
from verifier.tools.display import Screen

_EXITS = {Outcome.ACCEPTED: 0, Outcome.REJECTED: 1, Outcome.UNDETERMINED: 2}
TITLE, NAME = Text("Giấy tờ", "Document"), Text("Họ tên", "Name")


def add(words: Words) -> None:
    made = command(words, "foreign", _foreign, "check an EU Digital COVID Certificate or a SMART Health Card")
    made.add_argument("source", metavar="FILE|TEXT|-")
    made.add_argument("--code", type=int, metavar="N", help="of several codes in a picture, the N-th")
    made.add_argument(
        "--accept",
        action="append",
        required=True,
        metavar="KIND",
        help="eu_dcc, eu_dcc.vaccination, shc.immunization, …",
    )
    made.add_argument(
        "--anchors", type=Path, metavar="DIR", help="a folder of anchors (anchors.toml), as the counter has it"
    )
    made.add_argument(
        "--signers",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="document signers (EU DCC): PEM or DER",
    )
    made.add_argument(
        "--issuer", action="append", nargs=2, default=[], metavar=("URL", "JWKS"), help="of health cards, with its keys"
    )
    made.add_argument(
        "--revocations", action="append", type=Path, default=[], metavar="FILE", help="card revocation list, JSON"
    )


def _foreign(options: argparse.Namespace) -> int:
    foreign = _door(options)
    try:
        text = scan.only(source(options.source), choose=options.code)
        report = foreign.inspect(text, accept=tuple(options.accept))
    except NothingToCheck as nothing:
        raise UsageError(nothing.reason.of(options.lang)) from nothing
    except OSError as error:
        raise UsageError(f"{options.source}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"--{error}") from error
    print(dump(report.to_json()) if options.json else _told(report, screen(options)))
    return INTERNAL if report.code == "internal" else _EXITS[report.outcome]


def _door(options: argparse.Namespace) -> Foreign:
    given = bool(options.signers or options.issuer or options.revocations)
    if given and options.anchors:
        raise UsageError("--anchors says whom to believe already: leave --signers, --issuer and --revocations out")
    try:
        if options.anchors:
            return from_folder(options.anchors).foreign
        signers = tuple(signer for path in options.signers for signer in read_signers(path))
        lists = tuple(options.revocations)
        return Foreign(together(signers, tuple(read_issuer(url, Path(keys), lists) for url, keys in options.issuer)))
    except AnchorsError as error:
        raise UsageError(str(error)) from error


def _told(report: Report, look: Screen) -> str:
    sign, word, colour = display.WORDS[report.outcome]
    lines = [look.paint(f"{sign} {look.of(word)}", f"1;{colour}"), ""]
    if report.verified is None:
        lines += [f"  {look.of(text)}" for text in (report.reason, report.advice) if text is not None]
        return "\n".join([*lines, f"  ({report.code})"])
    verified = report.verified
    rows = [(TITLE, told.title(verified)), (NAME, Text.same(verified.full_name or "–"))]
    rows += [*told.matters(verified), *told.dates(verified)]
    width = max(len(look.of(label)) for label, _ in rows)
    lines += [f"  {look.of(label):<{width}}  {look.of(value)}" for label, value in rows]
    return "\n".join([*lines, "", "  " + look.paint(look.of(told.NOT_BOUND), "33")])
