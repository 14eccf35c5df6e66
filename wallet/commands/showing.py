"""`show-qr` and `present`: documents go out, by a QR or to a named verifier; a verifier's request is `answering`'s."""

import argparse
import sys
from pathlib import Path

from certs import qr
from certs.challenge import is_challenge
from certs.encoding import b64url_encode
from certs.errors import Malformed
from wallet.commands.answering import answer
from wallet.commands.terminal import DONE, Words, command, say, show_json, write_private
from wallet.config import ConfigError
from wallet.errors import WalletError
from wallet.folder import FolderWallet, Shown
from wallet.formats import MDOC, SD_JWT
from wallet.present import type_of

PICTURES = (".png", ".svg")
FORMAT_NAMES = {"sd-jwt": SD_JWT, "mdoc": MDOC}
FEW = 1  # copies left at which the person is told


def add(words: Words) -> None:
    show = command(words, "show-qr", _show, "a fresh QR of a document")
    show.add_argument("document", metavar="DOC", nargs="?", help="id, beginning of an id, or type")
    show.add_argument("--view", help="which view (default: the type's first, or what is asked for)")
    show.add_argument("--out", type=Path, metavar="FILE.png|FILE.svg", help="write a picture")
    show.add_argument("--text", action="store_true", help="print the text in place of a QR")
    show.add_argument("--audience", help="for whom the proof is made")
    show.add_argument(
        "--challenge", metavar="TEXT|HEX", help="what the verifier shows: VN1Q:…, checked and answered; or bytes"
    )

    present = command(words, "present", _present, "answer a verifier's request, or make a presentation for one by hand")
    present.add_argument(
        "document", metavar="REQUEST|DOC", help="a verifier's link (openid4vp://…); or id, beginning of an id, or type"
    )
    present.add_argument("--yes", action="store_true", help="REQUEST: agree without being asked")
    present.add_argument("--format", choices=FORMAT_NAMES, default="sd-jwt", help="DOC, as all that follows")
    present.add_argument("--audience", help="the verifier's client_id, with its prefix")
    present.add_argument("--nonce", help="the verifier's nonce")
    present.add_argument("--claims", metavar="A,B", help="which claims, by their names in the catalogue")
    present.add_argument("--view", help="all claims of a view, in place of --claims")
    present.add_argument("--response-uri", metavar="URL", help="mdoc: where the answer goes (default: the audience)")
    present.add_argument(
        "--out", type=Path, metavar="FILE", help="write it to a file (mdoc: as it is, not in base64url)"
    )


def _show(folder: FolderWallet, options: argparse.Namespace) -> int:
    if options.out and options.out.suffix not in PICTURES:
        raise ConfigError("--out takes a name that ends in .png or .svg")
    shown = _answer(folder, options) if is_challenge(options.challenge or "") else _plain(folder, options)
    text, version = shown.text, qr.version(shown.text)
    if options.out:
        picture = qr.draw_png(text) if options.out.suffix == ".png" else qr.draw_svg(text).encode()
        options.out.write_bytes(picture)
    if options.json:
        file = str(options.out) if options.out else None
        show_json({"text": text, "version": version, "unused": shown.unused, "file": file})
    elif options.text:
        print(text)
    elif options.out:
        say(f"{options.out}: QR version {version}, fresh for a minute")
    else:
        rows = qr.draw_blocks(text).split("\n")
        print("\n".join(map(_in_colour, rows) if sys.stdout.isatty() else rows))
        say(f"QR version {version}, fresh for a minute")
    _tell_left(shown.unused)
    return DONE


def _answer(folder: FolderWallet, options: argparse.Namespace) -> Shown:
    """To a challenge that holds; whoever gave the command has agreed, and is told to whom."""
    if options.audience is not None:
        raise ConfigError("--audience stands in the challenge already")
    shown, asked = folder.answer(options.challenge, name=options.document, view=options.view)
    say(f"for {asked.reader.name.en} ({asked.reader.organisation}): {asked.reader.purpose.en}")
    return shown


def _plain(folder: FolderWallet, options: argparse.Namespace) -> Shown:
    if options.document is None:
        raise ConfigError("which document? give its id or type")
    try:
        challenge = None if options.challenge is None else bytes.fromhex(options.challenge)
    except ValueError as error:
        raise ConfigError("--challenge: a text that begins with VN1Q:, or hexadecimal digits") from error
    return folder.show(options.document, view=options.view, audience=options.audience, challenge=challenge)


def _in_colour(row: str) -> str:
    """White on black whatever the terminal's own colours are: on light ones the code would be its own negative."""
    return f"\033[97;40m{row}\033[0m"


def _present(folder: FolderWallet, options: argparse.Namespace) -> int:
    if "://" in options.document:
        return answer(folder, options)
    if not options.audience or not options.nonce:
        raise ConfigError("give --audience CLIENT_ID and --nonce TEXT, or the verifier's link in place of DOC")
    if bool(options.claims) == bool(options.view):
        raise ConfigError("give --claims A,B or --view NAME")
    document, name = folder.find(options.document), FORMAT_NAMES[options.format]
    type_ = type_of(document)
    try:
        claims = type_.view(options.view).fields if options.view else options.claims.split(",")
    except (KeyError, Malformed) as error:
        raise WalletError("view_unknown", options.view) from error
    data = folder.present(
        document.document_id,
        format=name,
        claims=claims,
        audience=options.audience,
        nonce=options.nonce,
        response_uri=options.response_uri,
    )
    left = folder.unused(document, name)
    text = b64url_encode(data) if name == MDOC else data.decode("ascii")
    if options.out:
        write_private(options.out, data)
    if options.json:
        file = str(options.out) if options.out else None
        show_json({"presentation": text, "format": name, "claims": list(claims), "unused": left, "file": file})
    elif not options.out:
        print(text)
    _tell_left(left)
    return DONE


def _tell_left(unused: int) -> None:
    if unused <= FEW:
        say(f"{unused} unused {'copy' if unused == 1 else 'copies'} left: receive the document again for new ones")
