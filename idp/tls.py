"""The demonstration's https: a root bound to this machine's names, and one certificate for each role.

Spec: RFC 5280 §4.2.1.10 (the root can certify nothing but this machine), RFC 9525 §3 (names)

    <folder>/tls/ca.pem                 what a browser is told to trust
    <folder>/ca/tls-root.pem, .der      its key, offline with the others
    <folder>/<role>/tls.pem, tls.key    what that role's server presents

Nothing here is trusted by a verifier of documents, and nothing that signs documents is trusted by a browser.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import DAY, SERVER_DAYS, SIGNER_DAYS, TlsAuthority
from certs.desk import write
from certs.keys import MemorySigner
from certs.x509 import load
from idp.nation import Nation

HOSTS = ("localhost", "127.0.0.1", "::1")
ROLES = ("idp", "wallet", "verifier")
RENEWED = 30  # days before its end, a server's certificate is issued anew


@dataclass(frozen=True, slots=True)
class Served:
    """The files that a server of https reads."""

    certificate: Path
    key: Path


def ca_bundle(nation: Nation) -> Path | None:
    """The file of the root to trust; None where the nation is served over http."""
    return nation.folder / "tls" / "ca.pem" if nation.https else None


def served(nation: Nation, role: str) -> Served | None:
    if not nation.https:
        return None
    return Served(nation.folder / role / "tls.pem", nation.folder / role / "tls.key")


def certify(nation: Nation, *, now: int) -> bool:
    """Make what is missing, renew what ends soon; whether anything was made. A root stays for two years: then browsers have to
    be told of the next one."""
    made = [_certify(nation, role, now) for role in ROLES] if nation.https else []
    return any(made)


def _certify(nation: Nation, role: str, now: int) -> bool:
    files = Served(nation.folder / role / "tls.pem", nation.folder / role / "tls.key")
    if files.certificate.exists():
        held = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        if held.not_valid_after_utc.timestamp() > now + RENEWED * DAY:
            return False
    key = MemorySigner.generate()
    name = f"{role} on this machine (simulation)"
    certificate = _root(nation, now).issue(name, key.public, HOSTS, now=now - DAY, days=SERVER_DAYS)
    write(files.key, key.pem(), secret=True)
    write(files.certificate, certificate.public_bytes(Encoding.PEM))
    return True


def _root(nation: Nation, now: int) -> TlsAuthority:
    key, certificate = (nation.folder / "ca" / f"tls-root.{ending}" for ending in ("pem", "der"))
    if (
        not certificate.exists()
        or load(certificate.read_bytes()).not_valid_after_utc.timestamp() <= now + RENEWED * DAY
    ):
        made = TlsAuthority.create("https of this machine (simulation)", HOSTS, now=now - DAY, days=SIGNER_DAYS)
        write(key, made.key.pem(), secret=True)
        write(nation.folder / "tls" / "ca.pem", made.certificate.public_bytes(Encoding.PEM))
        write(certificate, made.certificate.public_bytes(Encoding.DER))  # last: its presence says that all is there
    return TlsAuthority(load(certificate.read_bytes()), MemorySigner.from_pem(key.read_bytes(), "ES256"))
