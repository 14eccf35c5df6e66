"""`doctor`: what checking documents stands on here, each with a mark and what to do about it.

Exit: 0 all is well, 2 something will not be soon, 1 something is not.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from certs.bundle import Bundle
from certs.errors import CertsError
from certs.fetch import BUNDLE_LIMIT, FetchError
from verifier import snapshot
from verifier.commands import asking
from verifier.commands.opening import fetcher
from verifier.commands.terminal import Words, command, dump, screen
from verifier.tools import doctor
from verifier.tools.display import Screen
from verifier.tools.doctor import Finding, State

_EXITS = {State.OK: 0, State.NOTE: 0, State.WARN: 2, State.FAIL: 1}
_SIGNS = {State.OK: ("✓", "32"), State.NOTE: ("–", "2"), State.WARN: ("!", "33"), State.FAIL: ("✕", "31")}


def add(words: Words) -> None:
    made = command(words, "doctor", _doctor, "look at the installation: trust data, clock, camera's decoder, extras")
    made.add_argument("--bundle", type=Path, help="the trust bundle (see: bundle fetch)")
    made.add_argument(
        "--root", metavar="SHA256", type=asking.sha256, help="fingerprint of the root that the bundle must stand on"
    )
    made.add_argument("--from", dest="url", metavar="URL", help="ask there too: TLS, and what lies there")
    made.add_argument("--ca-bundle", metavar="FILE", help="TLS roots in place of the system's")


def _doctor(options: argparse.Namespace) -> int:
    findings = list(_findings(options))
    worst = doctor.worst(findings)
    if options.json:
        print(dump({"state": worst.value, "findings": [finding.to_json() for finding in findings]}))
    else:
        print(_page(findings, screen(options)))
    return _EXITS[worst]


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    now = int(time.time())
    held, why = _held(options, now)
    if held is None:
        yield doctor.no_bundle(why, given=options.bundle is not None)
    else:
        yield from doctor.trust(held, now=now, root_sha256=options.root)
    yield doctor.decoder()
    yield from doctor.extras({package: _installed(package) for each in doctor.EXTRAS for package in each.packages})
    if options.url is not None:
        yield from _network(options, held)


def _held(options: argparse.Namespace, now: int) -> tuple[Bundle | None, str]:
    if options.bundle is None:
        return None, ""
    try:
        return snapshot.load(options.bundle, now=now), ""
    except OSError as error:
        return None, f"{options.bundle}: {error.strerror}"
    except CertsError as error:
        return None, f"{options.bundle}: {error.code}"


def _network(options: argparse.Namespace, held: Bundle | None) -> Iterator[Finding]:
    with closing(fetcher(options.url, options.ca_bundle)) as client:
        try:
            answer = client.get(options.url, accept=snapshot.MEDIA_TYPE, size_limit=BUNDLE_LIMIT)
        except FetchError as error:
            yield doctor.unreachable(str(error))
            return
    if answer.status != 200:
        yield doctor.unreachable(f"{answer.status}")
        return
    now, date = int(time.time()), answer.headers.get("date")
    yield from doctor.reached(answer.body, held, now=now, root_sha256=options.root, date=date)


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def _page(findings: list[Finding], look: Screen) -> str:
    width, lines = max(len(look.of(finding.name)) for finding in findings), []
    for finding in findings:
        sign, colour = _SIGNS[finding.state]
        lines.append(f"{look.paint(sign, colour)} {look.of(finding.name):<{width}}  {look.of(finding.said)}")
        if finding.advice is not None:
            lines.append(f"  {'':<{width}}  → {look.of(finding.advice)}")
    return "\n".join(lines)
