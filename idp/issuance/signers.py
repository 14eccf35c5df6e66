"""What the running provider signs with: one key for each authority that issues today, and two for what it publishes.

A key is a file or lies in a token; the certificate beside it says which. Both are looked at each time, so that a signer that
was rotated signs from the next request on. The root's key and the trust list's are not here: they belong to the operator of
the trust scheme and stay offline.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from certs.catalogue import AUTHORITIES
from certs.desk import Desk, Ending, read
from certs.errors import CertsError
from certs.keys import FileSigner, PublicKey, Signer
from certs.pkcs11 import Token, TokenSigner

STATUS = "status"
BUNDLE = "bundle"
ALGORITHM = "ES256"
ENDING = Ending(key="pem", certificate="der")
NAMES = (*AUTHORITIES, STATUS, BUNDLE)


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
    return Desk(folder, name, ENDING).key()


def certificate_path(folder: Path, name: str) -> Path:
    return Desk(folder, name, ENDING).certificate()


def load(folder: Path, tokens: Mapping[str, Token] | None = None) -> Signers:
    """Every signer of the folder under a name of ours; a key that others may read is refused. `tokens` says whose key is in
    a token and not in a file: a token that is away makes its signer unavailable, not the provider."""
    held = _Folder(folder, tokens or {})
    for name in held:
        held.open(name)
    return Signers(held)


class _Folder(Mapping[str, CertifiedSigner]):
    """The signers of a folder as they are now. A certificate is read again when its file is another one."""

    def __init__(self, folder: Path, tokens: Mapping[str, Token]) -> None:
        self._folder = folder
        self._tokens = tokens
        self._read: dict[str, tuple[tuple[int, int], CertifiedSigner]] = {}

    def __getitem__(self, name: str) -> CertifiedSigner:
        """Raises KeyError for who never signs here, SigningUnavailable for who cannot now."""
        try:
            if name not in NAMES or not self._there(name):
                raise KeyError(name)
            return self.open(name)
        except (OSError, CertsError, ValueError) as error:
            raise SigningUnavailable(name) from error

    def __iter__(self) -> Iterator[str]:
        return (name for name in NAMES if self._there(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def open(self, name: str) -> CertifiedSigner:
        """Raises OSError, ValueError or CertsError."""
        path = certificate_path(self._folder, name)
        about = path.stat()
        stamp = (about.st_mtime_ns, about.st_ino)
        known = self._read.get(name)
        if known is not None and known[0] == stamp:
            return known[1]
        certificate = read(path)
        signer = self._signer(name, certificate)
        if signer.public != PublicKey.from_crypto(certificate.public_key(), ALGORITHM):
            if known is not None:  # in the very moment of a rotation: the one before still holds
                return known[1]
            raise ValueError(f"{path} is not of the key beside it")
        made = CertifiedSigner(signer, certificate)
        self._read[name] = (stamp, made)
        return made

    def _there(self, name: str) -> bool:
        return certificate_path(self._folder, name).exists() and (
            name in self._tokens or key_path(self._folder, name).exists()
        )

    def _signer(self, name: str, certificate: x509.Certificate) -> Signer:
        token = self._tokens.get(name)
        if token is None:
            return FileSigner.load(key_path(self._folder, name), ALGORITHM)
        return _InToken(name, TokenSigner(token, PublicKey.from_crypto(certificate.public_key(), ALGORITHM)))


@dataclass(frozen=True, slots=True)
class _InToken:
    """A token that is away is one thing that the provider knows how to answer."""

    name: str
    signer: TokenSigner

    @property
    def public(self) -> PublicKey:
        return self.signer.public

    def sign(self, message: bytes) -> bytes:
        try:
            return self.signer.sign(message)
        except OSError as error:
            raise SigningUnavailable(self.name) from error
