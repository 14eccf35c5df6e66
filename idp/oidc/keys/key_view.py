"""What one process knows of the provider's keys: read anew every few seconds, never for a single request.

Spec: OpenID Connect Core 1.0 §10.1.1; OWASP ASVS 5.0 V11.2.2 (keys can be replaced)

The first request after READ_EVERY reads them, outside of every transaction; the others go on with what is known, unless that
is so old that a removed key could still be in it: then they wait for the reader. A database that is away changes nothing:
what was known last goes on being published, and it is asked again READ_EVERY later.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

from certs.jose import KeySet
from certs.keys import PublicKey, Signer
from certs.log import event
from idp.model import SigningKey
from idp.oidc.keys import signing_keys
from idp.oidc.keys.key_safe import Safe
from idp.oidc.keys.signing_keys import ALGORITHMS
from idp.ports import Storage

TOO_OLD = 30  # seconds since the last reading was due

log = logging.getLogger("idp.keys")


@dataclass(frozen=True, slots=True)
class _Known:
    keys: tuple[SigningKey, ...] = ()
    signing: Mapping[str, SigningKey] = field(default_factory=dict)
    public: Mapping[str, PublicKey] = field(default_factory=dict)
    opened: dict[str, Signer] = field(
        default_factory=dict, repr=False
    )  # filled as they are used: an RSA key costs time


class KeyView(Mapping[str, Signer]):
    """By algorithm the key that signs. `clock` is the time of day, `steady` any that only rises."""

    def __init__(self, storage: Storage, safe: Safe, *, clock: Callable[[], int], steady: Callable[[], float]) -> None:
        self._storage, self._safe, self._clock, self._steady = storage, safe, clock, steady
        self._known = _Known()
        self._reader = Lock()
        self._read()
        self._due = steady() + signing_keys.READ_EVERY

    def refreshed(self) -> "KeyView":
        """Read anew if it is time. Call it where no transaction is open."""
        if self._steady() >= self._due and self._reader.acquire(blocking=self._steady() >= self._due + TOO_OLD):
            try:
                if self._steady() >= self._due:  # nobody read while we waited
                    self._try_to_read()
            finally:
                self._reader.release()
        return self

    def published(self) -> KeySet:
        """What stands in /jwks now, and what signatures of ours are verified by."""
        known = self._known
        return KeySet(tuple(known.public[key.kid] for key in signing_keys.published(known.keys, now=self._clock())))

    def __getitem__(self, alg: str) -> Signer:
        """Raises KeyError for an algorithm that is not ours, Unusable for a key that cannot sign now."""
        known = self._known
        if alg not in known.opened:
            known.opened[alg] = self._safe.open(known.signing[alg])
        return known.opened[alg]

    def __iter__(self) -> Iterator[str]:
        return (alg for alg in ALGORITHMS if alg in self._known.signing)

    def __len__(self) -> int:
        return len(self._known.signing)

    def _try_to_read(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - what is known goes on, whatever is wrong with the database
            event(log, logging.ERROR, "keys_not_read", error=error)
        self._due = self._steady() + signing_keys.READ_EVERY

    def _read(self) -> None:
        with self._storage.reading() as ports:
            keys = ports.signing_keys.all()
        before = self._known
        if keys == before.keys:
            return
        signing = signing_keys.signing(keys)
        self._known = _Known(
            keys,
            signing,
            {key.kid: before.public.get(key.kid) or PublicKey.from_jwk(key.jwk) for key in keys},
            {alg: signer for alg, signer in dict(before.opened).items() if _same(signing.get(alg), signer)},
        )


def _same(key: SigningKey | None, signer: Signer) -> bool:
    return key is not None and key.kid == signer.public.kid
