"""A backup as a file: sealed under a passphrase, of a format that hostile files cannot use to take memory or time.

Spec: `wallet/backup.md` (the format); RFC 7914 (scrypt); NIST SP 800-38D (AES-256-GCM).

Reading a file, nothing of it believed before the last step:
 1. of a size that a backup has, and with our first four bytes       (backup_malformed)
 2. of a version that we know                                        (backup_newer, backup_malformed)
 3. a cost between what protects and what we are ready to spend       (backup_malformed)
 4. opens under the passphrase, with its header as associated data   (backup_unopened)
"""

import secrets
import threading
import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from wallet import words
from wallet.errors import WalletError
from wallet.ports import Storage

MAGIC, VERSION, SCRYPT = b"VNWB", 1, 1
FILE_LIMIT = 8 * 1024 * 1024  # about 20,000 lines of history
SHORTEST, LONGEST = 12, 1_000  # characters of a passphrase
SALT_BYTES, NONCE_BYTES, TAG_BYTES = 16, 12, 16
_HEADER = len(MAGIC) + 5
_START = _HEADER + SALT_BYTES + NONCE_BYTES
TURN_SECONDS = 10
TRIES, TRIES_SECONDS = (
    6,
    900,
)  # derivations of one person in a while: a mistyped passphrase or two, and no load to speak of
_turn = threading.Lock()  # one derivation at a time: ten people at once shall not take ten times its memory


@dataclass(frozen=True, slots=True)
class Cost:
    """scrypt takes 128 · r · 2^log_n bytes, and p times the work."""

    log_n: int
    r: int
    p: int

    @property
    def bearable(self) -> bool:
        """At least 16 MiB, so that it protects; at most 256 MiB and four times the work, so that no file is an attack."""
        return 14 <= self.log_n <= 18 and self.r == 8 and 1 <= self.p <= 4


COST = Cost(17, 8, 1)  # 128 MiB and a third of a second: what OWASP's list of 2024 recommends for scrypt


def seal(content: bytes, passphrase: str, *, cost: Cost = COST) -> bytes:
    """A backup file. Raises WalletError for a passphrase that protects nothing."""
    secret = _secret(passphrase)
    if len(content) + _START + TAG_BYTES > FILE_LIMIT:
        raise WalletError("backup_too_large", f"{len(content)} bytes")
    header = MAGIC + bytes((VERSION, SCRYPT, cost.log_n, cost.r, cost.p))
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_key(secret, salt, cost)).encrypt(nonce, content, header + salt)
    return header + salt + nonce + sealed


def checked_passphrase(passphrase: str) -> str:
    """The passphrase, before anything is done for its sake. Raises WalletError for one that protects nothing."""
    _secret(passphrase)
    return passphrase


def open_(file: bytes, passphrase: str) -> bytes:
    """What was sealed. Raises WalletError."""
    if not _START + TAG_BYTES <= len(file) <= FILE_LIMIT or not file.startswith(MAGIC):  # 1
        raise WalletError("backup_malformed", f"{len(file)} bytes")
    version, derivation, *numbers = file[len(MAGIC) : _HEADER]
    if version != VERSION:  # 2
        raise WalletError("backup_newer" if version > VERSION else "backup_malformed", f"version {version}")
    cost = Cost(*numbers)
    if derivation != SCRYPT or not cost.bearable:  # 3
        raise WalletError("backup_malformed", f"derivation {derivation} at cost {numbers}")
    salt, nonce = file[_HEADER : _HEADER + SALT_BYTES], file[_HEADER + SALT_BYTES : _START]
    try:
        key = _key(_normal(passphrase), salt, cost)
        return AESGCM(key).decrypt(nonce, file[_START:], file[: _HEADER + SALT_BYTES])  # 4
    except InvalidTag as error:
        raise WalletError("backup_unopened", "other passphrase, or altered bytes") from error


def admit(storage: Storage, owner: str, *, now: int) -> None:
    """Before a derivation on a server of many: one of this person's tries, whichever process is asked. Raises WalletError."""
    while_ = now // TRIES_SECONDS
    over = (while_ + 1) * TRIES_SECONDS
    with storage.transaction() as ports:
        ports.ephemeral.sweep(now=now)
        if not any(ports.ephemeral.once("backup", f"{owner}:{while_}:{n}", expires=over) for n in range(TRIES)):
            raise WalletError("too_many_tries", "derivations of one person", fill=words.waiting(str(over - now)))


def _key(secret: bytes, salt: bytes, cost: Cost) -> bytes:
    if not _turn.acquire(timeout=TURN_SECONDS):
        raise WalletError("too_many_tries", "others are deriving keys", fill=words.waiting(None))
    try:
        return Scrypt(salt=salt, length=32, n=1 << cost.log_n, r=cost.r, p=cost.p).derive(secret)
    finally:
        _turn.release()


def _secret(passphrase: str) -> bytes:
    if not SHORTEST <= len(unicodedata.normalize("NFC", passphrase)) <= LONGEST:
        raise WalletError("passphrase_short", f"not {SHORTEST} to {LONGEST} characters")
    return _normal(passphrase)


def _normal(passphrase: str) -> bytes:
    """Keyboards write one Vietnamese letter in several ways; the passphrase is the same. What is no text opens nothing."""
    return unicodedata.normalize("NFC", passphrase)[:LONGEST].encode("utf-8", "surrogatepass")
