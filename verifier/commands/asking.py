"""What `check` is asked: its options, and the policy and the conversation that they make.

Spec: OpenID4VP 1.0 Annex B.2.6 (session transcripts: redirect, Digital Credentials API).
"""

import argparse
import re
from pathlib import Path
from typing import Any

from certs.catalogue import CATALOGUE
from certs.formats.session_transcript import SessionTranscript, digital_credentials, redirect
from verifier.commands.terminal import UsageError
from verifier.once import Once
from verifier.policy import file as policy_file
from verifier.policy.composed import AllOf, Demand, OneDocument, change
from verifier.policy.faults import PolicyError
from verifier.policy.ready import READY
from verifier.policy.single import ADULT, Policy
from verifier.presented import Conversation
from verifier.storage.sqlite import OnceUnusable, SqliteOnce

TRANSCRIPT_LIMIT = 64 * 1024  # bytes


def sha256(text: str) -> str:
    """As `python -m certs show` prints it; colons and blanks between the bytes are taken too, as other tools print them."""
    digits = re.sub(r"[:\s]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]{64}", digits) is None:
        raise argparse.ArgumentTypeError("a SHA-256 fingerprint has 64 hexadecimal digits; see: python -m certs show")
    return digits


def add(check: argparse.ArgumentParser) -> None:
    check.add_argument(
        "source",
        nargs="+",
        metavar="FILE|TEXT|FOLDER|-",
        help="a PNG or JPEG file, a text file, an mdoc file, a text (VN1:…, an SD-JWT, an mdoc as base64url), a folder of "
        "such files, or - for standard input; of several each is judged for itself, or all together where --policy asks "
        "for several documents of one person (all_of)",
    )
    add_trust(check)
    add_policy(check)
    add_once(check)
    talk = check.add_mutually_exclusive_group()
    talk.add_argument("--response-uri", metavar="URI", help="mdoc: where the answer to our request was sent (redirect)")
    talk.add_argument("--origin", metavar="ORIGIN", help="mdoc: the page that asked (Digital Credentials API)")
    talk.add_argument("--transcript", metavar="FILE", type=Path, help="mdoc: the encoded session transcript")
    check.add_argument("--portrait", type=Path, metavar="FILE", help="write the portrait of what was accepted there")
    check.add_argument("--code", type=int, metavar="N", help="which code, when the picture holds several")


def add_trust(made: argparse.ArgumentParser) -> None:
    made.add_argument("--bundle", type=Path, required=True, help="the trust bundle (see: bundle fetch)")
    made.add_argument(
        "--root", metavar="SHA256", type=sha256, help="fingerprint of the root that the bundle must stand on"
    )


def add_policy(made: argparse.ArgumentParser) -> None:
    """What is asked of a document, for every command that judges some."""
    made.add_argument(
        "--policy",
        metavar="NAME|FILE",
        help=f"in place of --type, --view and --over-18: {', '.join(READY)}, or a file in TOML",
    )
    made.add_argument("--type", action="append", default=[], choices=sorted(CATALOGUE), help="accept only this kind")
    made.add_argument("--view", action="append", default=[], choices=_views(), help="accept only this view")
    made.add_argument("--over-18", action="store_true", help="accept only a document that says: 18 or over")
    made.add_argument("--audience", help="the name for which it must have been made; online, our client_id")
    asked = made.add_mutually_exclusive_group()
    asked.add_argument("--challenge", metavar="HEX", help="the challenge that the code must answer")
    asked.add_argument("--nonce", metavar="TEXT", help="the same as text: the nonce of a request online")
    made.add_argument("--printed", action="store_true", help="accept a printed code too: anyone may hold a copy of it")
    made.add_argument("--no-holder", action="store_true", help="accept what does not prove who shows it")
    made.add_argument("--max-status-age", type=int, metavar="SECONDS", help="how old a status list may be")
    made.set_defaults(response_uri=None, origin=None, transcript=None, once=None)


def add_once(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--once", metavar="FILE", type=Path, help="take each presentation once; which were taken is kept in this file"
    )


def policy_of_one(options: argparse.Namespace, why: str) -> OneDocument:
    """`policy`, where only one document is judged at a time; `why` tells it."""
    demand = policy(options)
    if isinstance(demand, AllOf):
        raise UsageError(
            f"--policy: it asks for {len(demand.parts)} documents of one person, and {why}. Together they are judged by: "
            f"python -m verifier check {' '.join('ABCDEFGH'[: len(demand.parts)])} --policy {options.policy}"
        )
    return demand


def policy(options: argparse.Namespace) -> Demand:
    """The named one, or the one that the options make; with what the options say of proof and age in either."""
    try:
        named = _named(options) if options.policy is not None else _of_options(options)
        return change(named, **_changes(options))
    except PolicyError as error:
        raise UsageError(f"--policy: {error}" if options.policy is not None else str(error)) from error


def _of_options(options: argparse.Namespace) -> Policy:
    return Policy(
        documents=_documents(options.type, options.view),
        claims=ADULT.claims if options.over_18 else (),
    )


def _named(options: argparse.Namespace) -> Demand:
    if options.type or options.view or options.over_18:
        raise UsageError("--policy says which documents already: leave --type, --view and --over-18 out")
    try:
        return READY[options.policy] if options.policy in READY else policy_file.load(options.policy)
    except OSError as error:
        raise UsageError(f"--policy {options.policy}: {error.strerror}. Ready ones: {', '.join(READY)}") from error


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """What was given alone: a named policy keeps the rest."""
    try:
        challenge = None if options.challenge is None else bytes.fromhex(options.challenge)
    except ValueError as error:
        raise UsageError("--challenge: hexadecimal digits are needed") from error
    if options.nonce is not None:
        challenge = options.nonce.encode()
    given = {
        "require_holder_proof": False if options.no_holder else None,
        "accept_printed": True if options.printed else None,
        "audience": _audience(options),
        "challenge": challenge,
        "max_status_age": options.max_status_age,
    }
    return {name: value for name, value in given.items() if value is not None}


def guard(options: argparse.Namespace, policy: Demand) -> Once | None:
    """By which each presentation is taken once, where that is asked for."""
    if options.once is None:
        if policy.one_time:
            raise UsageError(
                "--once FILE is needed: this policy takes each presentation once, and has to remember which"
            )
        return None
    try:
        return SqliteOnce(options.once)
    except OnceUnusable as error:
        raise UsageError(f"--once {options.once}: {error}") from error


def _documents(types: list[str], views: list[str]) -> tuple[str, ...]:
    if not views:
        return tuple(types)
    kinds = [kind for kind in CATALOGUE.values() if not types or kind.name in types]
    named = tuple(f"{kind.name}.{view.name}" for kind in kinds for view in kind.views if view.name in views)
    if not named:
        raise UsageError("no kind of document has this view")
    return named


def _views() -> list[str]:
    return sorted({view.name for kind in CATALOGUE.values() for view in kind.views})


def _audience(options: argparse.Namespace) -> str | None:
    """By the Digital Credentials API an answer is made for the origin (OpenID4VP 1.0 Annex A.4)."""
    if options.origin is None:
        return str(options.audience) if options.audience is not None else None
    if options.audience is not None:
        raise UsageError("--origin names the audience already: leave --audience out")
    return f"origin:{options.origin}"


def conversation(options: argparse.Namespace) -> Conversation | None:
    """The one in which an mdoc was asked for; None where nothing is told of it."""
    if options.transcript is not None:
        return Conversation(_transcript(options))
    if options.response_uri is None and options.origin is None:
        return None
    if options.nonce is None:
        raise UsageError("--nonce TEXT is needed beside --response-uri and --origin")
    if options.origin is not None:
        return Conversation(digital_credentials(origin=options.origin, nonce=options.nonce, thumbprint=None))
    if options.audience is None:
        raise UsageError("--audience CLIENT_ID is needed beside --response-uri")
    uri = options.response_uri
    return Conversation(redirect(client_id=options.audience, nonce=options.nonce, response_uri=uri, thumbprint=None))


def _transcript(options: argparse.Namespace) -> SessionTranscript:
    try:
        with options.transcript.open("rb") as file:
            encoded = file.read(TRANSCRIPT_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{options.transcript}: {error.strerror}") from error
    if len(encoded) > TRANSCRIPT_LIMIT or encoded[:1] != b"\x83":
        raise UsageError("--transcript: this is no session transcript, which is an array of three in CBOR")
    return SessionTranscript(encoded, options.audience, options.nonce)
