"""The holder's keys behind one port: a software key that signs here, a browser key whose signatures arrive from outside.

Spec: OpenID4VCI 1.0 Appendix F.1 (key proof); `certs/qr.md` (holder proof).
"""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from certs import proof
from certs.errors import CertsError
from certs.keys import FileSigner, PublicKey, Signer
from wallet.errors import WalletError

ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class SoftwareKey:
    """A key that this process can use: command line, kiosks, tests."""

    signer: Signer

    @property
    def public(self) -> PublicKey:
        return self.signer.public

    def key_proof(self, *, audience: str, nonce: str, now: int) -> str:
        return proof.key_proof(self.signer, audience=audience, nonce=nonce, now=now)

    def holder_proof(
        self, credential: bytes, *, now: int, audience: str | None = None, challenge: bytes | None = None
    ) -> bytes:
        return proof.holder_proof(credential, self.signer, now=now, audience=audience, challenge=challenge)


@dataclass(frozen=True, slots=True)
class BrowserKey:
    """A key that never leaves the browser: known here by the one proof that it made for its credential."""

    public: PublicKey
    proven: str
    audience: str
    nonce: str

    def key_proof(self, *, audience: str, nonce: str, now: int) -> str:
        if (audience, nonce) != (self.audience, self.nonce):
            raise WalletError("proof_invalid", "the browser's proof is for another audience or nonce")
        return self.proven

    def holder_proof(
        self, credential: bytes, *, now: int, audience: str | None = None, challenge: bytes | None = None
    ) -> bytes:
        raise WalletError("key_elsewhere", "only the browser can sign with this key")


def from_browser(proven: str, *, audience: str, nonce: str, now: int) -> BrowserKey:
    """Take a key by the proof that came from the browser, after checking it as the issuer will (Appendix F.4)."""
    try:
        checked = proof.verify_key_proof(proven, audience=audience, now=now)
    except CertsError as error:
        of_another_time = error.code in ("presentation_stale", "issued_in_future")  # by the browser's clock
        raise WalletError("clock_wrong" if of_another_time else "proof_invalid", str(error)) from error
    if checked.nonce != nonce:
        raise WalletError("proof_invalid", "nonce of another credential")
    if checked.key.alg != ALGORITHM:
        raise WalletError("proof_invalid", f"a holder key of {checked.key.alg}")
    return BrowserKey(public=checked.key, proven=proven, audience=audience, nonce=nonce)


class SoftwareKeys:
    """Software keys in a folder, one file each, named by thumbprint."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self) -> SoftwareKey:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f"new-{secrets.token_hex(8)}.pem"  # of two processes each has its own
        key = SoftwareKey(FileSigner.load_or_create(draft, ALGORITHM))
        draft.rename(self._path(key.public.thumbprint()))
        return key

    def find(self, thumbprint: str) -> SoftwareKey:
        path = self._path(thumbprint)
        if not path.exists():
            raise WalletError("key_elsewhere", f"no key file {path.name}")
        return SoftwareKey(FileSigner.load(path, ALGORITHM))

    def has(self, thumbprint: str) -> bool:
        return self._path(thumbprint).exists()

    def forget(self, thumbprint: str) -> None:
        self._path(thumbprint).unlink(missing_ok=True)

    def _path(self, thumbprint: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", thumbprint):  # also keeps '/' and '..' out of the path
            raise WalletError("key_elsewhere", "not a thumbprint")
        return self._folder / f"{thumbprint}.pem"
