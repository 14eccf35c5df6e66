"""Where the private halves of the provider's signing keys are: sealed in the database, or behind another door of this shape.

Spec: RFC 7517 §4; NIST SP 800-57 part 1 rev. 5 §6.2.1 (keys at rest)

Sealed in the database, not as files: several servers on several machines share one database and one `master.key` already
(pairwise subjects and sealed secrets need it), and must sign with the same keys, which files beside each server would not be.
A key and its times are then one row: a rotation is whole or has not been, whatever is killed, and no file is left without a row.
Who has the database alone, or a backup of it, has no key; `master.key` alone neither.

For keys in a hardware token a class of the same two verbs keeps the label of the token's object instead of the key
(`certs.pkcs11.TokenSigner` is such a `Signer`); nothing else changes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from certs.keys import MemorySigner, Signer
from idp.login.sealed import Sealer, Unreadable
from idp.model import SigningKey

PURPOSE = "signing key"
_INSIDE = {"Ed25519": "EdDSA"}  # what `certs.keys` calls it (RFC 9864 §2.2)


class Unusable(Exception):
    """The private half of a key cannot be had now: it does not open, or its token is away."""


class Safe(Protocol):
    def make(self, alg: str, *, now: int) -> SigningKey:
        """A new key, prepared now."""

    def open(self, key: SigningKey) -> Signer:
        """Raises Unusable."""


@dataclass(frozen=True, slots=True)
class SealedSafe:
    sealer: Sealer
    generate: Callable[[str], MemorySigner] = field(default=MemorySigner.generate)

    def make(self, alg: str, *, now: int) -> SigningKey:
        return self.keep(self.generate(inside(alg)), alg, now=now)

    def keep(self, signer: MemorySigner, alg: str, *, now: int) -> SigningKey:
        """One that is there already."""
        public = signer.public
        sealed = self.sealer.seal(signer.pem(), owner=public.kid, purpose=PURPOSE)
        return SigningKey(public.kid, alg, {**public.jwk(), "alg": alg}, prepared_at=now, private=sealed)

    def open(self, key: SigningKey) -> Signer:
        if key.private is None:
            raise Unusable(f"the private half of {key.alg} is gone")
        try:
            pem = self.sealer.open(key.private, owner=key.kid, purpose=PURPOSE)
        except (Unreadable, ValueError) as error:
            raise Unusable(f"the key for {key.alg} does not open: is master.key the one of this database?") from error
        return MemorySigner.from_pem(pem, inside(key.alg), key.kid)


def inside(alg: str) -> str:
    return _INSIDE.get(alg, alg)
