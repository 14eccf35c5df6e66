"""`foreign FILE|TEXT|-`: a document of another framework, against the anchors given with it.

Exit: 0 accepted, 1 rejected, 2 cannot tell yet. Nothing of it is accepted that `--accept` does not name.
"""

import argparse
from pathlib import Path
from typing import Any

from cryptography import x509

from certs.catalogue import Text
from certs.encoding import json_decode
from certs.errors import CertsError
from verifier import facts, scan
from verifier.commands.check import source
from verifier.commands.terminal import INTERNAL, UsageError, Words, command, dump, screen
from verifier.foreign import Foreign, Report, Verified, dcc, shc
from verifier.foreign.model import Anchors
from verifier.result import Outcome
from verifier.scan import NothingToCheck
from verifier.tools import display
from verifier.tools.display import Screen

_EXITS = {Outcome.ACCEPTED: 0, Outcome.REJECTED: 1, Outcome.UNDETERMINED: 2}
_PEM = b"-----BEGIN "
_NOT_BOUND = Text(
    "Không gắn với người xuất trình: đối chiếu họ tên và ngày sinh với giấy tờ khác.",
    "Not bound to whoever shows it: compare name and date of birth with another document.",
)
_LABELS = {
    "kinds": Text("Loại", "Kind"),
    "name": Text("Họ tên", "Name"),
    "birth": Text("Ngày sinh", "Date of birth"),
    "issuer": Text("Nơi cấp", "Issuer"),
    "issued": Text("Cấp lúc", "Issued"),
    "expires": Text("Có hạn đến", "Good until"),
}


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
    foreign = Foreign(_anchors(options))
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


def _anchors(options: argparse.Namespace) -> tuple[Anchors, ...]:
    signers = tuple(signer for path in options.signers for signer in _signers(path))
    lists = tuple(_json(path) for path in options.revocations)
    issuers = tuple(_issuer(url, Path(path), lists) for url, path in options.issuer)
    dccs = (dcc.Anchors(signers),) if signers else ()
    return (*dccs, *((shc.Anchors(issuers),) if issuers else ()))


def _signers(path: Path) -> list[dcc.Signer]:
    try:
        data = path.read_bytes()
        pem = data.lstrip().startswith(_PEM)
        found = x509.load_pem_x509_certificates(data) if pem else [x509.load_der_x509_certificate(data)]
        return [dcc.Signer(each) for each in found]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (ValueError, CertsError) as error:
        raise UsageError(f"{path}: no certificate of a document signer ({error})") from error


def _issuer(url: str, path: Path, lists: tuple[dict[str, Any], ...]) -> shc.Issuer:
    try:
        return shc.Issuer(url, _json(path), lists)
    except (ValueError, CertsError) as error:
        raise UsageError(f"--issuer {url} {path}: {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json_decode(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except CertsError as error:
        raise UsageError(f"{path}: not JSON ({error})") from error
    if not isinstance(value, dict):
        raise UsageError(f"{path}: not a JSON object")
    return value


def _told(report: Report, look: Screen) -> str:
    sign, word, colour = display.WORDS[report.outcome]
    lines = [look.paint(f"{sign} {look.of(word)}", f"1;{colour}"), ""]
    if report.verified is None:
        lines += [f"  {look.of(text)}" for text in (report.reason, report.advice) if text is not None]
        return "\n".join([*lines, f"  ({report.code})"])
    rows = _rows(report.verified)
    width = max(len(look.of(_LABELS[name])) for name, _ in rows)
    lines += [f"  {look.of(_LABELS[name]):<{width}}  {value}" for name, value in rows]
    return "\n".join([*lines, "", "  " + look.paint(look.of(_NOT_BOUND), "33")])


def _rows(verified: Verified) -> list[tuple[str, str]]:
    rows = [
        ("kinds", ", ".join(verified.kinds)),
        ("name", verified.full_name or "–"),
        ("birth", verified.birth_date or "–"),
        ("issuer", verified.issuer),
        ("issued", facts.moment(verified.issued)),
    ]
    return rows if verified.expires is None else [*rows, ("expires", facts.moment(verified.expires))]
