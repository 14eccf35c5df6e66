"""What `check` is asked: its options, and the policy and the conversation that they make.

Spec: OpenID4VP 1.0 Annex B.2.6 (session transcripts: redirect, Digital Credentials API).
"""

import argparse
import re
from pathlib import Path

from certs.catalogue import CATALOGUE
from certs.formats.session_transcript import SessionTranscript, digital_credentials, redirect
from verifier.policy import ADULT, Policy
from verifier.presented import Conversation

TRANSCRIPT_LIMIT = 64 * 1024  # bytes


class UsageError(Exception):
    """The command cannot be carried out as given; the text says what to do."""


def sha256(text: str) -> str:
    """As `python -m certs show` prints it; colons and blanks between the bytes are taken too, as other tools print them."""
    digits = re.sub(r"[:\s]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]{64}", digits) is None:
        raise argparse.ArgumentTypeError("a SHA-256 fingerprint has 64 hexadecimal digits; see: python -m certs show")
    return digits


def add(check: argparse.ArgumentParser) -> None:
    check.add_argument(
        "source",
        help="a PNG or JPEG file, a text file, an mdoc file, a text (VN1:…, an SD-JWT, an mdoc as base64url), or - for "
        "standard input",
    )
    check.add_argument("--bundle", type=Path, required=True, help="the trust bundle (see: bundle fetch)")
    check.add_argument(
        "--root", metavar="SHA256", type=sha256, help="fingerprint of the root that the bundle must stand on"
    )
    check.add_argument("--type", action="append", default=[], choices=sorted(CATALOGUE), help="accept only this kind")
    check.add_argument("--view", action="append", default=[], choices=_views(), help="accept only this view")
    check.add_argument("--over-18", action="store_true", help="accept only a document that says: 18 or over")
    check.add_argument("--audience", help="the name for which it must have been made; online, our client_id")
    asked = check.add_mutually_exclusive_group()
    asked.add_argument("--challenge", metavar="HEX", help="the challenge that the code must answer")
    asked.add_argument("--nonce", metavar="TEXT", help="the same as text: the nonce of a request online")
    talk = check.add_mutually_exclusive_group()
    talk.add_argument("--response-uri", metavar="URI", help="mdoc: where the answer to our request was sent (redirect)")
    talk.add_argument("--origin", metavar="ORIGIN", help="mdoc: the page that asked (Digital Credentials API)")
    talk.add_argument("--transcript", metavar="FILE", type=Path, help="mdoc: the encoded session transcript")
    check.add_argument("--printed", action="store_true", help="accept a printed code too: anyone may hold a copy of it")
    check.add_argument("--no-holder", action="store_true", help="accept what does not prove who shows it")
    check.add_argument("--portrait", type=Path, metavar="FILE", help="write the portrait of what was accepted there")
    check.add_argument("--max-status-age", type=int, metavar="SECONDS", help="how old a status list may be")
    check.add_argument("--code", type=int, metavar="N", help="which code, when the picture holds several")


def policy(options: argparse.Namespace) -> Policy:
    try:
        challenge = None if options.challenge is None else bytes.fromhex(options.challenge)
    except ValueError as error:
        raise UsageError("--challenge: hexadecimal digits are needed") from error
    if options.nonce is not None:
        challenge = options.nonce.encode()
    return Policy(
        documents=_documents(options.type, options.view),
        claims=ADULT.claims if options.over_18 else (),
        require_holder_proof=not options.no_holder,
        accept_printed=options.printed,
        audience=_audience(options),
        challenge=challenge,
        max_status_age=options.max_status_age,
    )


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
