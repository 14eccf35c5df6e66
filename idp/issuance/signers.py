"""What the running provider signs with: one key for each authority that issues today, and two for what it publishes.

The root's key and the trust list's are not here: they belong to the operator of the trust scheme and stay offline.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from certs.catalogue import AUTHORITIES
from certs.keys import FileSigner, Signer
from certs.x509 import load as load_certificate

STATUS = "status"
BUNDLE = "bundle"
ALGORITHM = "ES256"


class SigningUnavailable(Exception):
    """The key cannot be used now: its file or its module is away."""


@dataclass(frozen=True, slots=True)
class CertifiedSigner:
    signer: Signer
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Signers:
    """By the authority's id, or by `STATUS` and `BUNDLE`."""

    held: Mapping[str, CertifiedSigner]

    def of(self, name: str) -> CertifiedSigner:
        """Raises SigningUnavailable."""
        try:
            return self.held[name]
        except KeyError:
            raise SigningUnavailable(name) from None

    def thumbprints(self) -> frozenset[str]:
        return frozenset(held.signer.public.thumbprint() for held in self.held.values())


def key_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.pem"


def certificate_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.der"


def load(folder: Path) -> Signers:
    """Every pair of key and certificate in the folder under a name of ours; a key that others may read is refused."""
    names = [name for name in (*AUTHORITIES, STATUS, BUNDLE) if key_path(folder, name).exists()]
    return Signers({name: _load_one(folder, name) for name in names})


def _load_one(folder: Path, name: str) -> CertifiedSigner:
    certificate = load_certificate(certificate_path(folder, name).read_bytes())
    return CertifiedSigner(FileSigner.load(key_path(folder, name), ALGORITHM), certificate)
