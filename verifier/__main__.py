"""Commands of the verifier: check a document, keep the trust bundle, explain a reason.

python -m verifier check FILE|TEXT|- --bundle FILE     exit 0 accepted, 1 rejected, 2 cannot tell yet
python -m verifier bundle fetch|refresh|download|import|export|show    exit 0 done, 1 refused, 2 unreachable
python -m verifier explain [CODE]
anywhere: exit 64 the command was not right, 70 the program failed
"""

import argparse
import json
import sys
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from certs.bundle import Bundle
from certs.catalogue import Text
from certs.errors import CertsError
from certs.fetch import BUNDLE_LIMIT, Fetcher
from verifier import asking, display, facts, scan, snapshot
from verifier.asking import UsageError
from verifier.reasons import REASONS
from verifier.result import Outcome, Report
from verifier.scan import NothingToCheck
from verifier.snapshot import Refresh
from verifier.verifier import Verifier

USAGE, INTERNAL = 64, 70  # EX_USAGE and EX_SOFTWARE of sysexits(3)
_EXITS = {Outcome.ACCEPTED: 0, Outcome.REJECTED: 1, Outcome.UNDETERMINED: 2}
_REFRESH_EXITS = {
    snapshot.Outcome.UPDATED: 0,
    snapshot.Outcome.UNCHANGED: 0,
    snapshot.Outcome.REFUSED: 1,
    snapshot.Outcome.UNREACHABLE: 2,
}
_FILE_ENDINGS = (".png", ".jpg", ".jpeg", ".txt", ".cbor", ".mdoc", ".jwt")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(USAGE)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except UsageError as error:
        print(f"verifier: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output went away
        return INTERNAL
    except Exception as error:  # noqa: BLE001 — the last stand: no command ends in a traceback
        print(f"verifier: failed: {type(error).__name__}: {error}", file=sys.stderr)
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m verifier", description="Check a document's QR code, with or without a network.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="check a picture, a file, a text or standard input")
    asking.add(check)
    check.set_defaults(run=_check)
    _bundle_commands(commands.add_parser("bundle", help="fetch, refresh, carry or show the trust bundle"))
    explain = commands.add_parser("explain", help="what a reason code means and what to do")
    explain.add_argument("code", nargs="?")
    explain.set_defaults(run=_explain)
    for command in (check, explain):
        _add_output(command)
    return parser


def _bundle_commands(bundle: argparse.ArgumentParser) -> None:
    actions = bundle.add_subparsers(required=True, metavar="ACTION")
    fetch = actions.add_parser("fetch", help="the first fetch, held against the root's fingerprint")
    fetch.add_argument("url")
    fetch.add_argument("--root", metavar="SHA256", type=asking.sha256, required=True, help="64 hexadecimal digits")
    fetch.add_argument("-o", "--output", type=Path, required=True)
    fetch.set_defaults(run=_fetch)
    refresh = actions.add_parser("refresh", help="a newer one, held against the one in hand")
    refresh.add_argument("--bundle", type=Path, required=True)
    refresh.add_argument("--from", dest="url", metavar="URL", required=True)
    refresh.set_defaults(run=_refresh)
    take = actions.add_parser("import", help="from a file: a bundle, or what changed since the one in hand")
    take.add_argument("file", type=Path)
    take.add_argument(
        "--bundle", type=Path, required=True, help="the one in hand, or where the first one is to be kept"
    )
    take.add_argument(
        "--root", metavar="SHA256", type=asking.sha256, help="for the first one: the root it must stand on"
    )
    take.set_defaults(run=_import)
    export = actions.add_parser("export", help="the bundle in hand to a file, checked before and whole or not at all")
    export.add_argument("--bundle", type=Path, required=True)
    export.add_argument("-o", "--output", type=Path, required=True)
    export.set_defaults(run=_export)
    carry = actions.add_parser("download", help="to a file, for a counter without a network")
    carry.add_argument("url")
    carry.add_argument("--since", type=_sequence, metavar="N", help="only what changed since the bundle of that number")
    carry.add_argument("-o", "--output", type=Path, required=True)
    carry.set_defaults(run=_download)
    show = actions.add_parser("show", help="what a bundle holds, how old it is and until when each part is good")
    show.add_argument("file", type=Path)
    show.set_defaults(run=_show)
    for command in (fetch, refresh, carry):
        command.add_argument("--ca-bundle", metavar="FILE", help="TLS roots in place of the system's")
    for command in (fetch, refresh, take, export, carry, show):
        _add_output(command)


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="for machines")
    command.add_argument("--lang", choices=("vi", "en"), default="vi", help="language of the texts (default: vi)")


def _check(options: argparse.Namespace) -> int:
    policy, conversation = asking.policy(options), asking.conversation(options)
    bundle = _load(options.bundle, options.root)
    try:
        text = scan.only(_source(options.source), choose=options.code)
    except NothingToCheck as nothing:
        several = f" (--code 1 … --code {len(nothing.texts)})" if nothing.texts else ""
        raise UsageError(nothing.reason.of(options.lang) + several) from nothing
    except OSError as error:
        raise UsageError(f"{options.source}: {error.strerror}") from error
    report = Verifier(bundle).inspect(text, policy=policy, conversation=conversation)
    if options.portrait is not None:
        _keep_portrait(report, options.portrait)
    print(_dump(report.to_json()) if options.json else display.report(report, _screen(options)))
    return _exit_code(report)


def _keep_portrait(report: Report, path: Path) -> None:
    picture = None if report.verified is None else facts.portrait(report.verified)
    if picture is None:
        raise UsageError("--portrait: nothing was accepted that has a portrait")
    try:
        path.write_bytes(picture.data)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _exit_code(report: Report) -> int:
    return INTERNAL if report.code == "internal" else _EXITS[report.outcome]


def _source(given: str) -> str | bytes | Path:
    """`-` is standard input; the name of a file that exists is that file; what looks like one is not taken for a text."""
    if given == "-":
        return sys.stdin.buffer.read(scan.FILE_LIMIT + 1)
    try:
        if Path(given).is_file():
            return Path(given)
    except (OSError, ValueError):  # too long for a name, or a NUL in it: then it is a text
        return given
    if given.lower().endswith(_FILE_ENDINGS):
        raise UsageError(f"{given}: no such file")
    return given


def _load(path: Path, root_sha256: str | None = None) -> Bundle:
    try:
        return snapshot.load(path, now=int(time.time()), root_sha256=root_sha256)
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}. Fetch one: python -m verifier bundle fetch URL --root SHA256 -o {path}"
        ) from error
    except CertsError as error:
        raise UsageError(f"{path}: not a bundle that can be used ({error})") from error


def _fetch(options: argparse.Namespace) -> int:
    now = int(time.time())
    with closing(_fetcher(options.url, options.ca_bundle)) as fetcher:
        result = snapshot.fetch(fetcher, options.url, options.output, root_sha256=options.root, now=now)
    return _told(result, options)


def _refresh(options: argparse.Namespace) -> int:
    held = _load(options.bundle)
    now = int(time.time())
    with closing(_fetcher(options.url, options.ca_bundle)) as fetcher:
        result = snapshot.refresh(fetcher, options.url, options.bundle, held, now=now)
    return _told(result, options)


def _import(options: argparse.Namespace) -> int:
    now = int(time.time())
    try:
        with options.file.open("rb") as file:
            data = file.read(BUNDLE_LIMIT + 1)  # a longer one is refused as such
    except OSError as error:
        raise UsageError(f"{options.file}: {error.strerror}") from error
    if options.bundle.exists():
        return _told(snapshot.take(data, options.bundle, _load(options.bundle, options.root), now=now), options)
    if options.root is None:
        raise UsageError("--root: the first bundle is believed for the fingerprint of its root alone")
    return _told(snapshot.take_first(data, options.bundle, root_sha256=options.root, now=now), options)


def _export(options: argparse.Namespace) -> int:
    held = _load(options.bundle)
    snapshot.replace(options.output, held.raw)
    return _told(Refresh(snapshot.Outcome.UPDATED, held), options, said=snapshot.WRITTEN)


def _download(options: argparse.Namespace) -> int:
    url = options.url if options.since is None else snapshot.since(options.url, options.since)
    with closing(_fetcher(options.url, options.ca_bundle)) as fetcher:
        result = snapshot.download(fetcher, url, options.output)
    return _told(result, options, said=snapshot.WRITTEN if result.outcome is snapshot.Outcome.UPDATED else None)


def _sequence(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise argparse.ArgumentTypeError("a bundle's number; see: bundle show")
    return int(text)


def _told(result: Refresh, options: argparse.Namespace, *, said: Text | None = None) -> int:
    sequence = result.bundle.sequence if result.bundle else None
    if options.json:
        print(_dump({"outcome": result.outcome.value, "code": result.code, "sequence": sequence}))
    else:
        good = _REFRESH_EXITS[result.outcome] == 0
        why = "" if good else f" ({result.code}: {result.detail})"
        number = f" #{sequence}" if sequence else ""
        print((said or result.sentence).of(options.lang) + number + why, file=sys.stdout if good else sys.stderr)
    return _REFRESH_EXITS[result.outcome]


def _show(options: argparse.Namespace) -> int:
    held = _load(options.file)
    if options.json:
        told = {
            "sequence": held.sequence,
            "issued": held.issued,
            "expires": held.expires,
            "trust_list": held.trust.list.sequence,
            "status_lists": [item.uri for item in held.statuses],
            "parts": [asdict(part) for part in held.parts()],
        }
        print(_dump(told))
    else:
        print(display.bundle(held, _screen(options), now=int(time.time())))
    return 0


def _explain(options: argparse.Namespace) -> int:
    if options.code is not None and options.code not in REASONS:
        raise UsageError(f"no such code: {options.code}. All codes: python -m verifier explain")
    entries = list(REASONS.values()) if options.code is None else [REASONS[options.code]]
    if options.json:
        texts = {
            entry.code: {
                "outcome": "undetermined" if entry.undetermined else "rejected",
                "reason": {"vi": entry.sentence.vi, "en": entry.sentence.en},
                "advice": {"vi": entry.advice.vi, "en": entry.advice.en},
            }
            for entry in entries
        }
        print(_dump(texts))
    else:
        print("\n\n".join(display.reason(entry, _screen(options)) for entry in entries))
    return 0


def _fetcher(url: str, ca_bundle: str | None) -> Fetcher:
    """Plain http is for this very machine only; an address out there must be https (the fetcher sees to it)."""
    try:
        return Fetcher(simulation=urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1"), ca_bundle=ca_bundle)
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(f"--ca-bundle {ca_bundle} cannot be used: {error.strerror or error}") from error


def _screen(options: argparse.Namespace) -> display.Screen:
    return display.Screen(options.lang, sys.stdout.isatty())


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    sys.exit(main())
