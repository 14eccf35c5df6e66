"""A signer's keys and certificates on disk, while one generation gives way to the next. Every step can be cut off and resumed.

    NAME.key  NAME.pem                 who signs
    NAME.next.key  NAME.next.pem       who is made known and does not sign yet
    NAME.former-SERIAL.pem             who signed before: published until it ends; its key is gone
    NAME.former-SERIAL.key             a root's alone: it still signs its revocation list
    NAME.handover-SERIAL.pem           a root's alone: its next key, certified by itself (RFC 4210 §4.4)

The endings differ from place to place (`Ending`); a key in a token has no file, and its certificate names it.
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.keys import FileSigner, PublicKey, Signer
from certs.rotation import Generations, Plan, Step, due
from certs.x509 import load

ALGORITHM = "ES256"
_STEPS = 64  # at once; former ones may be many where nobody looked for years
NEXT, FORMER, HANDOVER = ".next", ".former-", ".handover-"
Certify = Callable[[PublicKey], x509.Certificate]
MakeKey = Callable[[Path], PublicKey]


@dataclass(frozen=True, slots=True)
class Ending:
    """How files of keys and of certificates are called in a folder; a certificate ends in pem or der, and is that."""

    key: str
    certificate: str


CERTS = Ending("key", "pem")


@dataclass(frozen=True, slots=True)
class Desk:
    """The files of one signer."""

    folder: Path
    name: str
    ending: Ending = CERTS

    def key(self, generation: str = "") -> Path:
        return self.folder / f"{self.name}{generation}.{self.ending.key}"

    def certificate(self, generation: str = "") -> Path:
        return self.folder / f"{self.name}{generation}.{self.ending.certificate}"

    def generations(self) -> Generations:
        """Raises FileNotFoundError where nobody signs yet, Malformed for what is not a certificate."""
        following = self.certificate(NEXT)
        former = sorted(self.folder.glob(f"{self.name}{FORMER}*.{self.ending.certificate}"))
        return Generations(
            read(self.certificate()),
            read(following) if following.exists() else None,
            tuple(read(path) for path in former),
        )

    def handovers(self) -> tuple[x509.Certificate, ...]:
        return tuple(map(read, sorted(self.folder.glob(f"{self.name}{HANDOVER}*.{self.ending.certificate}"))))

    def signer(self, generation: str = "") -> FileSigner:
        return FileSigner.load(self.key(generation), ALGORITHM)


def read(path: Path) -> x509.Certificate:
    """A certificate in PEM or DER. Raises OSError or Malformed."""
    data = path.read_bytes()
    if data.startswith(b"-----BEGIN"):
        try:
            data = x509.load_pem_x509_certificate(data).public_bytes(Encoding.DER)
        except ValueError as error:
            raise ValueError(f"{path} is no certificate") from error
    return load(data)


def write(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Whole or not at all; what is secret is never readable by others, not even for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    partial.replace(path)


def write_certificate(path: Path, certificate: x509.Certificate) -> None:
    write(path, certificate.public_bytes(Encoding.PEM if path.suffix == ".pem" else Encoding.DER))


def file_key(path: Path) -> PublicKey:
    """A key in a file: the one that is there already, where a step was cut off."""
    return FileSigner.load_or_create(path, ALGORITHM).public


def open_desk(desk: Desk, certify: Certify, make_key: MakeKey = file_key) -> None:
    """The first generation, where there is none."""
    if not desk.certificate().exists():
        write_certificate(desk.certificate(), certify(make_key(desk.key())))


def advance(
    desk: Desk, plan: Plan, certify: Certify, *, now: int, make_key: MakeKey = file_key, keeps_key: bool = False
) -> tuple[Step, ...]:
    """Do whatever is due with one signer, and say what. `keeps_key`: a former key still signs revocation lists."""
    _resume(desk, keeps_key)
    done: list[Step] = []
    while (step := due(desk.generations(), plan, now=now)) is not None:
        if len(done) >= _STEPS:
            raise ValueError(f"{desk.name}: the certificates that are made for it have ended already")
        if step is Step.PREPARE:
            write_certificate(desk.certificate(NEXT), certify(make_key(desk.key(NEXT))))
        elif step is Step.SWITCH:
            _switch(desk, keeps_key)
        else:
            _retire(desk, now)
        done.append(step)
    return tuple(done)


def _switch(desk: Desk, keeps_key: bool) -> None:
    """In this order: whoever was cut off in between is found by `_resume`, and whoever reads the certificate last never has
    a new one without its key."""
    held = desk.generations()
    generation = f"{FORMER}{held.current.serial_number:x}"
    write_certificate(desk.certificate(generation), held.current)
    if desk.key(NEXT).exists():
        if keeps_key:
            write(desk.key(generation), desk.key().read_bytes(), secret=True)
        desk.key(NEXT).replace(desk.key())
    desk.certificate(NEXT).replace(desk.certificate())


def _resume(desk: Desk, keeps_key: bool) -> None:
    """A switch that was cut off: its certificate still stands beside a key that has taken its place already; or a former
    certificate is noted and still is the one that signs."""
    held = desk.generations()
    if held.following is not None and desk.key().exists() and not desk.key(NEXT).exists():
        if _fits(desk.signer(), held.following):
            desk.certificate(NEXT).replace(desk.certificate())
        else:
            desk.certificate(NEXT).unlink()  # a certificate whose key never came to be
    held = desk.generations()
    for generation in (f"{FORMER}{each.serial_number:x}" for each in held.former if each == held.current):
        desk.certificate(generation).unlink()
        if keeps_key:
            desk.key(generation).unlink(missing_ok=True)


def _fits(signer: Signer, certificate: x509.Certificate) -> bool:
    return signer.public == PublicKey.from_crypto(certificate.public_key())


def _retire(desk: Desk, now: int) -> None:
    for each in desk.generations().former:
        if each.not_valid_after_utc.timestamp() < now:
            generation = f"{FORMER}{each.serial_number:x}"
            desk.certificate(generation).unlink()
            desk.key(generation).unlink(missing_ok=True)
