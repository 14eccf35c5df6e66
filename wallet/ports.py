"""What the wallet's rules ask of storage, of keys and of the network. Race-safety lies in the verbs.

`Storage.transaction()` yields the ports bound to one transaction: what a request changes commits together with its line
of history, or nothing does. Storage never sees an open document: payloads are sealed by `wallet.vault`.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from certs.fetch import Response
from certs.keys import PublicKey
from wallet.model import Entry, Head, Linked, SealedDocument


class Ephemeral(Protocol):
    """Short-lived sealed values, kept by the hash of (purpose, value): a value of one purpose is unknown to every other."""

    def put(self, purpose: str, value: str, sealed: bytes, *, expires: int) -> None: ...

    def read(self, purpose: str, value: str, *, now: int) -> bytes | None:
        """The payload while it lives and is not taken."""

    def take(self, purpose: str, value: str, *, now: int) -> bytes | None:
        """Use it up. Exactly one caller ever gets the payload; None for all others, when unknown or expired."""

    def once(self, purpose: str, value: str, *, expires: int) -> bool:
        """True for exactly one caller; False for every other, until it is swept after `expires`."""

    def sweep(self, *, now: int) -> int:
        """Remove what expired; returns how many rows."""


class Documents(Protocol):
    def alone(self, owner: str) -> None:
        """From here to the end of the transaction nobody else gets past this verb for this owner: what is read after it holds."""

    def keep(self, document: SealedDocument) -> None: ...

    def reseal(self, document: SealedDocument) -> bool:
        """Put other bytes in its place; False when this owner has none of this id."""

    def get(self, owner: str, document_id: str) -> SealedDocument | None:
        """None also for a document of another owner."""

    def of(self, owner: str) -> tuple[SealedDocument, ...]:
        """Newest first."""

    def remove(self, owner: str, document_id: str) -> bool: ...


class AwaitedDocuments(Protocol):
    """What a backup named and the issuer has not issued anew yet, or what it has promised; sealed like the documents."""

    def keep(self, document: SealedDocument) -> None: ...

    def reseal(self, document: SealedDocument) -> bool: ...

    def get(self, owner: str, document_id: str) -> SealedDocument | None: ...

    def of(self, owner: str) -> tuple[SealedDocument, ...]: ...

    def remove(self, owner: str, document_id: str) -> bool: ...


class History(Protocol):
    def append(self, owner: str, *entries: Entry) -> None:
        """At the end of this owner's chain (`wallet.chain`); of two at once one stands behind the other."""

    def read(self, owner: str, *, limit: int = 200) -> tuple[Entry, ...]:
        """Newest first."""

    def chain(self, owner: str) -> tuple[tuple[Linked, ...], Head | None]:
        """All lines, oldest first, as they lie there, and the end that was noted beside them."""


@dataclass(frozen=True, slots=True)
class Ports:
    ephemeral: Ephemeral
    documents: Documents
    history: History
    awaited: AwaitedDocuments
    promised: AwaitedDocuments


class Storage(Protocol):
    def transaction(self) -> AbstractContextManager[Ports]:
        """Write: commits on leaving, rolls back on an exception."""

    def reading(self) -> AbstractContextManager[Ports]:
        """A consistent view; nothing written through it is kept."""


class HolderSigner(Protocol):
    """The holder's key of one copy, wherever it lives. Software keys sign here; browser keys have signed already."""

    @property
    def public(self) -> PublicKey: ...

    def key_proof(self, *, audience: str, nonce: str, now: int) -> str: ...

    def holder_proof(
        self, credential: bytes, *, now: int, audience: str | None = None, challenge: bytes | None = None
    ) -> bytes: ...


class Web(Protocol):
    """The network, as `certs.fetch.Fetcher` gives it: bounded, guarded, no redirects. Raises FetchError."""

    def get(self, url: str, *, accept: str = ..., size_limit: int = ...) -> Response: ...

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        jwt: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response: ...
