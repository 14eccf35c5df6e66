"""`bundle …`: fetch, refresh, carry or show the trust bundle. Exit: 0 done, 1 refused, 2 unreachable; 0 after --every is stopped."""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from certs.catalogue import Text
from certs.fetch import BUNDLE_LIMIT
from verifier import snapshot
from verifier.commands import asking
from verifier.commands.opening import fetcher, load
from verifier.commands.terminal import DONE, UsageError, Words, command, dump, group, line, screen
from verifier.keeper import Keeper, Source
from verifier.snapshot import Refresh
from verifier.tools import display

_EXITS = {
    snapshot.Outcome.UPDATED: 0,
    snapshot.Outcome.UNCHANGED: 0,
    snapshot.Outcome.REFUSED: 1,
    snapshot.Outcome.UNREACHABLE: 2,
}


def add(words: Words) -> None:
    actions = group(words, "bundle", "fetch, refresh, carry or show the trust bundle")
    _add_over_the_network(actions)
    _add_by_file(actions)


def _add_over_the_network(actions: Words) -> None:
    fetch = command(actions, "fetch", _fetch, "the first fetch, held against the root's fingerprint")
    fetch.add_argument("url")
    fetch.add_argument("--root", metavar="SHA256", type=asking.sha256, required=True, help="64 hexadecimal digits")
    fetch.add_argument("-o", "--output", type=Path, required=True)
    refresh = command(actions, "refresh", _refresh, "a newer one, held against the one in hand")
    refresh.add_argument("--bundle", type=Path, required=True)
    refresh.add_argument("--from", dest="url", metavar="URL", required=True)
    refresh.add_argument(
        "--every", type=_seconds, metavar="SECONDS", help="again and again, until Ctrl-C: so often, or a little oftener"
    )
    carry = command(actions, "download", _download, "to a file, for a counter without a network")
    carry.add_argument("url")
    carry.add_argument("--since", type=_sequence, metavar="N", help="only what changed since the bundle of that number")
    carry.add_argument("-o", "--output", type=Path, required=True)
    for made in (fetch, refresh, carry):
        made.add_argument("--ca-bundle", metavar="FILE", help="TLS roots in place of the system's")


def _add_by_file(actions: Words) -> None:
    take = command(actions, "import", _import, "from a file: a bundle, or what changed since the one in hand")
    take.add_argument("file", type=Path)
    take.add_argument(
        "--bundle", type=Path, required=True, help="the one in hand, or where the first one is to be kept"
    )
    take.add_argument(
        "--root", metavar="SHA256", type=asking.sha256, help="for the first one: the root it must stand on"
    )
    export = command(actions, "export", _export, "the bundle in hand to a file, checked before and whole or not at all")
    export.add_argument("--bundle", type=Path, required=True)
    export.add_argument("-o", "--output", type=Path, required=True)
    show = command(actions, "show", _show, "what a bundle holds, how old it is and until when each part is good")
    show.add_argument("file", type=Path)


def _sequence(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise argparse.ArgumentTypeError("a bundle's number; see: bundle show")
    return int(text)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text)):
        raise argparse.ArgumentTypeError("a number of seconds, from 1")
    return int(text)


def _fetch(options: argparse.Namespace) -> int:
    now = int(time.time())
    with closing(fetcher(options.url, options.ca_bundle)) as client:
        result = snapshot.fetch(client, options.url, options.output, root_sha256=options.root, now=now)
    return _told(result, options)


def _refresh(options: argparse.Namespace) -> int:
    held = load(options.bundle)
    if options.every is not None:
        return _keep(options)
    now = int(time.time())
    with closing(fetcher(options.url, options.ca_bundle)) as client:
        result = snapshot.refresh(client, options.url, options.bundle, held, now=now)
    return _told(result, options)


def _keep(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    logging.getLogger("verifier").addHandler(logging.NullHandler())  # each attempt is told once, here
    with closing(fetcher(options.url, options.ca_bundle)) as client:
        keeper = Keeper(Source(options.bundle, options.url, None), client)
        try:
            keeper.run(options.every, lambda result: _tell(result, options))
        except KeyboardInterrupt:
            return DONE
    return DONE


def _tell(result: Refresh, options: argparse.Namespace) -> None:
    _told(result, options, render=line)
    sys.stdout.flush()


def _import(options: argparse.Namespace) -> int:
    now = int(time.time())
    try:
        with options.file.open("rb") as file:
            data = file.read(BUNDLE_LIMIT + 1)  # a longer one is refused as such
    except OSError as error:
        raise UsageError(f"{options.file}: {error.strerror}") from error
    if options.bundle.exists():
        return _told(snapshot.take(data, options.bundle, load(options.bundle, options.root), now=now), options)
    if options.root is None:
        raise UsageError("--root: the first bundle is believed for the fingerprint of its root alone")
    return _told(snapshot.take_first(data, options.bundle, root_sha256=options.root, now=now), options)


def _export(options: argparse.Namespace) -> int:
    held = load(options.bundle)
    snapshot.replace(options.output, held.raw)
    return _told(Refresh(snapshot.Outcome.UPDATED, held), options, said=snapshot.WRITTEN)


def _download(options: argparse.Namespace) -> int:
    url = options.url if options.since is None else snapshot.since(options.url, options.since)
    with closing(fetcher(options.url, options.ca_bundle)) as client:
        result = snapshot.download(client, url, options.output)
    return _told(result, options, said=snapshot.WRITTEN if result.outcome is snapshot.Outcome.UPDATED else None)


def _told(
    result: Refresh, options: argparse.Namespace, *, said: Text | None = None, render: Callable[[object], str] = dump
) -> int:
    sequence = result.bundle.sequence if result.bundle else None
    if options.json:
        print(render({"outcome": result.outcome.value, "code": result.code, "sequence": sequence}))
    else:
        good = _EXITS[result.outcome] == 0
        why = "" if good else f" ({result.code}: {result.detail})"
        number = f" #{sequence}" if sequence else ""
        print((said or result.sentence).of(options.lang) + number + why, file=sys.stdout if good else sys.stderr)
    return _EXITS[result.outcome]


def _show(options: argparse.Namespace) -> int:
    held = load(options.file)
    if options.json:
        told = {
            "sequence": held.sequence,
            "issued": held.issued,
            "expires": held.expires,
            "trust_list": held.trust.list.sequence,
            "status_lists": [item.uri for item in held.statuses],
            "parts": [asdict(part) for part in held.parts()],
        }
        print(dump(told))
    else:
        print(display.bundle(held, screen(options), now=int(time.time())))
    return DONE
