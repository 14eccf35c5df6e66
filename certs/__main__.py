"""Commands of the floor: make a root, issue a signer under it, take it back, rotate, look into whatever is signed.

`python -m certs root|signer|revoke|crl|rotate|doctor|show|peek|vectors` — see `--help` of each.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle, crl, doctor_command, pkcs11, qr, roots, rotate_command, vectors
from certs.authority import CRL_DAYS, ROOT_DAYS, SIGNER_DAYS, Authority
from certs.crl import REASONS, Revocation
from certs.desk import FORMER, Desk, write
from certs.errors import CertsError
from certs.formats import cwt
from certs.keys import FileSigner, PublicKey
from certs.vectors import challenge, device
from certs.x509 import Usage

_VECTORS = {"qr": vectors.document, "device": device.document, "challenge": challenge.document}
_REASONS = {reason.name.replace("_", "-"): reason for reason in REASONS}
_USAGES = {usage.name.lower().replace("_", "-"): usage for usage in Usage}


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    options.now = int(time.time())
    try:
        return options.run(options) or 0
    except (CertsError, OSError, ValueError) as error:
        print(f"certs: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m certs", description="Keys, certificates and signed things.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    root = commands.add_parser("root", help="make a root certificate and its key")
    root.add_argument("folder", type=Path, help="where root.key and root.pem go")
    root.add_argument("--name", default="VNeID reference root (simulation)")
    root.add_argument("--days", type=int, default=ROOT_DAYS)
    root.set_defaults(run=_root)

    signer = commands.add_parser("signer", help="issue a signer's certificate under a root")
    signer.add_argument("folder", type=Path, help="folder of root.key and root.pem")
    signer.add_argument("name", help="file name and common name, for instance public-security")
    signer.add_argument("--usage", choices=sorted(_USAGES), default="document-signer")
    signer.add_argument("--days", type=int, default=SIGNER_DAYS)
    signer.add_argument("--crl-uri", help="where the root's CRL is to be had: a verifier without it then cannot tell")
    signer.add_argument("--host", action="append", default=[], help="of a reader: a host that it speaks for")
    signer.add_argument("--pkcs11-module", type=Path, help="make the key in a token: the library that reaches it")
    signer.add_argument("--token", help="label of the token")
    signer.add_argument("--pin-file", type=Path, help="file of its user's PIN, readable by its owner alone")
    signer.set_defaults(run=_signer)
    _revocation_commands(commands)
    rotate_command.add(commands)
    doctor_command.add(commands)

    show = commands.add_parser("show", help="show a certificate (PEM or DER) or an offline bundle")
    show.add_argument("file", type=Path)
    show.set_defaults(run=_show)

    peek = commands.add_parser("peek", help="show what a QR text says, WITHOUT checking it")
    peek.add_argument("text", help="VN1:… or - for standard input")
    peek.set_defaults(run=_peek)

    published = commands.add_parser("vectors", help="print the published examples of one of our forms")
    published.add_argument("of", nargs="?", choices=sorted(_VECTORS), default="qr", help="which (default: certs/qr.md)")
    published.set_defaults(run=_vectors)
    return parser


def _revocation_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    revoke = commands.add_parser("revoke", help="take a certificate back: root.crl is signed anew with it")
    revoke.add_argument("folder", type=Path, help="folder of root.key, root.pem and root.crl")
    revoke.add_argument("certificate", type=Path, help="the certificate (PEM)")
    revoke.add_argument("--reason", choices=sorted(_REASONS), required=True)
    revoke.add_argument("--invalid-since", type=int, help="Unix seconds since when the key may have been misused")
    revoke.add_argument("--days", type=int, default=CRL_DAYS)
    revoke.set_defaults(run=_revoke)

    listing = commands.add_parser("crl", help="sign root.crl anew, before it ends or for the first time")
    listing.add_argument("folder", type=Path, help="folder of root.key, root.pem and root.crl")
    listing.add_argument("--days", type=int, default=CRL_DAYS)
    listing.set_defaults(run=_crl)


def _root(options: argparse.Namespace) -> None:
    key = FileSigner.load_or_create(options.folder / "root.key", "ES256")
    authority = Authority.create(options.name, now=int(time.time()), days=options.days, key=key)
    path = _write_new(options.folder / "root.pem", authority.certificate)
    print(f"{path}  SHA-256 {bundle.fingerprint(authority.certificate)}")


def _signer(options: argparse.Namespace) -> None:
    authority = _authority(options.folder)
    issued = authority.issue(
        options.name,
        _key(options),
        _USAGES[options.usage],
        now=int(time.time()),
        days=options.days,
        crl_uri=options.crl_uri,
        hosts=options.host,
    )
    print(_write_new(options.folder / f"{options.name}.pem", issued))


def _key(options: argparse.Namespace) -> PublicKey:
    """In a file beside the certificate, or in a token, where it stays."""
    place = (options.pkcs11_module, options.token, options.pin_file)
    if not any(place):
        return FileSigner.load_or_create(options.folder / f"{options.name}.key", "ES256").public
    if not all(place):
        raise ValueError("a key in a token needs --pkcs11-module, --token and --pin-file")
    token = pkcs11.Token(module=options.pkcs11_module, label=options.token, pin_file=options.pin_file)
    return pkcs11.make_key(token, options.name)


def _authority(folder: Path, *, of: x509.Certificate | None = None) -> Authority:
    """The root that signs today; or a former one where `of` is its signer, as only who issued it can revoke it."""
    root = Desk(folder, "root")
    for former in root.generations().former if of is not None else ():
        if of is not None and roots.issued(former, of):
            return Authority(former, root.signer(f"{FORMER}{former.serial_number:x}"))
    return roots.authority(root)


def _revoke(options: argparse.Namespace) -> None:
    now = int(time.time())
    certificate = x509.load_pem_x509_certificate(options.certificate.read_bytes())
    authority = _authority(options.folder, of=certificate)
    entry = authority.revoke(certificate, reason=_REASONS[options.reason], now=now, invalid_since=options.invalid_since)
    _publish_crl(options, authority, (entry,), now)


def _crl(options: argparse.Namespace) -> None:
    _publish_crl(options, _authority(options.folder), (), int(time.time()))


def _publish_crl(options: argparse.Namespace, authority: Authority, more: tuple[Revocation, ...], now: int) -> None:
    """The number is the time, so that a folder restored from an old copy never signs a number twice. After a rotation each
    root has a list of its own in `crls/`; that of the root that signs today is `root.crl` too."""
    beside = roots.crl_path(options.folder / "crls", authority.certificate)
    current = Desk(options.folder, "root").generations().current
    path = options.folder / "root.crl" if authority.certificate == current else beside
    entries, number = more, now
    if path.exists():
        held = crl.read(path.read_bytes(), (authority.certificate,), now=now)
        entries, number = (*held.revocations.values(), *more), max(held.number + 1, now)
    data = authority.sign_crl(entries, number=number, now=now, days=options.days)
    write(path, data)
    if beside.parent.exists() and beside != path:
        write(beside, data)
    _print_table([("file", path), *_crl_rows(data, authority.certificate, now)])


def _crl_rows(data: bytes, root: x509.Certificate, now: int) -> list[tuple[str, object]]:
    told = crl.read(data, (root,), now=now)
    return [
        ("number", told.number),
        ("issued", _when(told.issued)),
        ("next update", _when(told.next_update)),
        *(
            (f"{entry.serial:x}", f"{entry.reason.value}, {_when(entry.revoked)}")
            for entry in told.revocations.values()
        ),
    ]


def _write_new(path: Path, certificate: x509.Certificate) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
        file.write(certificate.public_bytes(Encoding.PEM))
    return path


def _show(options: argparse.Namespace) -> None:
    data = options.file.read_bytes()
    if b"PRIVATE KEY-----" in data[:64]:
        raise ValueError(f"{options.file}: this is a private key, and nothing of it is shown. Name its certificate")
    if data.startswith(b"-----BEGIN"):
        return _show_certificate(x509.load_pem_x509_certificate(data))
    if data[:1] == b"\x30":
        return _show_certificate(x509.load_der_x509_certificate(data))
    held = bundle.read(data, now=int(time.time()))
    lines = [
        ("sequence", held.sequence),
        ("issued", _when(held.issued)),
        ("expires", _when(held.expires)),
        *(("root SHA-256", bundle.fingerprint(anchor)) for anchor in held.trust.anchors),
        ("trust list", f"number {held.trust.list.sequence}, next update {_when(held.trust.list.next_update)}"),
        *(
            (f"  {service.document}", f"{service.authority}, from {_when(service.since)}{_until(service.until)}")
            for service in held.trust.list.services
        ),
        *((item.uri, f"{len(item)} entries, {_when(item.issued)}") for item in held.statuses),
        *(
            ("CRL", f"number {item.number}, {len(item.revocations)} revoked, next update {_when(item.next_update)}")
            for item in held.trust.crls
        ),
    ]
    _print_table(lines)


def _show_certificate(certificate: x509.Certificate) -> None:
    _print_table(
        [
            ("subject", certificate.subject.rfc4514_string()),
            ("issuer", certificate.issuer.rfc4514_string()),
            ("from", certificate.not_valid_before_utc.isoformat()),
            ("until", certificate.not_valid_after_utc.isoformat()),
            ("SHA-256", bundle.fingerprint(certificate)),
        ]
    )


def _peek(options: argparse.Namespace) -> None:
    text = sys.stdin.read().strip() if options.text == "-" else options.text
    contents = cwt.peek(qr.from_text(text))
    print("NOT CHECKED: this is only what the text says.", file=sys.stderr)
    told = {
        "document": contents.document.name,
        "view": contents.view.name,
        "issuer": contents.issuer,
        "issued": _when(contents.issued),
        "expires": _when(contents.expires),
        "claims": dict(contents.claims),
        "status": {"uri": contents.status_uri, "index": contents.status_index},
    }
    print(json.dumps(told, ensure_ascii=False, indent=2))


def _vectors(options: argparse.Namespace) -> None:
    print(json.dumps(_VECTORS[options.of](), ensure_ascii=False, indent=1))


def _when(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def _until(seconds: int | None) -> str:
    return "" if seconds is None else f" until {_when(seconds)}"


def _print_table(rows: list[tuple[str, object]]) -> None:
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")


if __name__ == "__main__":
    sys.exit(main())
