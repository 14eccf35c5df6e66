"""What the state's rules ask of storage. Race-safety lies in the verbs: no rule reads and then writes.

`Storage.transaction()` yields the ports bound to one transaction: all effects of one request commit together with their
journal entry, or none does. Refusals that must leave a trace are therefore values, not exceptions.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from certs.status import Status
from idp.model import (
    Account,
    AccountState,
    CancelledPid,
    Client,
    Consent,
    Document,
    DocumentState,
    Event,
    Grant,
    IssuedCredential,
    Person,
    Session,
    Standing,
    Taken,
    Token,
)


class Ephemeral(Protocol):
    """Short-lived values, kept by the hash of (purpose, value): a value of one purpose is unknown to every other."""

    def put(self, purpose: str, value: str, payload: Mapping[str, Any], *, expires: int) -> None: ...

    def read(self, purpose: str, value: str, *, now: int) -> Mapping[str, Any] | None:
        """The payload while it lives and is not taken."""

    def take(self, purpose: str, value: str, *, now: int) -> Taken | None:
        """Use it up. Exactly one caller ever gets `again=False`; None when unknown or expired."""

    def once(self, purpose: str, value: str, *, expires: int) -> bool:
        """True for the first caller with this value, False for all others."""

    def sweep(self, *, now: int) -> int:
        """Remove what expired; returns how many rows."""


class Grants(Protocol):
    def open(self, grant: Grant, tokens: Iterable[Token]) -> None: ...

    def live(self, token_hash: str, kind: str, *, now: int) -> tuple[Grant, Token] | None:
        """The grant behind a token that is neither expired nor of a closed family."""

    def rotate(self, refresh_hash: str, successors: Iterable[Token], *, now: int) -> Grant | None:
        """Replace a refresh token. None when it is unknown, expired, of a closed family, or was replaced before;
        in the last case the family is closed in the same statement's transaction."""

    def close_family(self, grant_id: str, *, now: int) -> bool:
        """End a grant and every token of it; True if it was open."""

    def close_account(self, account_id: str, *, now: int, client_id: str | None = None) -> int: ...


class Sessions(Protocol):
    def add(self, session: Session) -> None: ...

    def find(self, session_hash: str, *, now: int) -> Session | None: ...

    def end(self, session_hash: str) -> bool: ...

    def end_account(self, account_id: str) -> int: ...


class Accounts(Protocol):
    def add(self, account: Account) -> None: ...

    def get(self, account_id: str) -> Account | None: ...

    def by_person(self, person_id: str) -> Account | None: ...

    def by_phone(self, phone: str) -> Account | None: ...

    def set_state(self, account_id: str, state: AccountState) -> bool: ...

    def set_password(self, account_id: str, password_hash: str) -> bool: ...


class Standings(Protocol):
    """Account, population and documents read together: every step of every walk asks whether an account stands."""

    def read(self, account_id: str, *, card: str) -> Standing | None:
        """`card` is the type of the documents that count."""


class Clients(Protocol):
    def add(self, client: Client) -> None: ...

    def get(self, client_id: str) -> Client | None: ...

    def all(self) -> tuple[Client, ...]: ...


class Consents(Protocol):
    def get(self, account_id: str, client_id: str) -> Consent | None: ...

    def hold(self, account_id: str, client_id: str) -> Consent | None:
        """As `get`, and nobody withdraws it before this transaction ends: what is given on its strength is found then."""

    def record(self, consent: Consent) -> None: ...

    def withdraw(self, account_id: str, client_id: str) -> bool: ...


class Population(Protocol):
    """The population register."""

    def add(self, people: Iterable[Person]) -> int: ...

    def get(self, person_id: str) -> Person | None: ...

    def hold(self, person_id: str) -> Person | None:
        """As `get`, and nobody changes the row before this transaction ends. Hold a person before their document."""

    def by_pid(self, pid: str) -> Person | None:
        """By the number in force; a cancelled number finds nobody."""

    def cancelled(self, person_id: str) -> tuple[CancelledPid, ...]: ...

    def reset_pid(self, person_id: str, pid: str, *, on: str, reason: str) -> None:
        """Give a new number; the old one is kept and can never be used again."""

    def update(self, person: Person) -> bool: ...

    def count(self) -> int: ...

    def each(self) -> Iterator[Person]: ...


class Documents(Protocol):
    """The sector registers, and what was issued from them."""

    def add(self, documents: Iterable[Document]) -> int: ...

    def get(self, document_id: str) -> Document | None: ...

    def hold(self, document_id: str) -> Document | None:
        """As `get`, and nobody changes the row before this transaction ends."""

    def of_person(self, person_id: str) -> tuple[Document, ...]: ...

    def set_state(self, document_id: str, state: DocumentState) -> bool: ...

    def record_issue(self, credential: IssuedCredential) -> None: ...

    def issued(self, document_id: str) -> tuple[IssuedCredential, ...]: ...


class Statuses(Protocol):
    """Token Status Lists by number. An index is given once, ever, and at random (draft-ietf-oauth-status-list §12.5)."""

    def create(self, number: int, size: int) -> None: ...

    def numbers(self) -> tuple[int, ...]: ...

    def allocate(self, number: int) -> int: ...

    def set(self, number: int, index: int, status: Status) -> None: ...

    def read(self, number: int) -> tuple[int, int, Mapping[int, Status]]:
        """(version, size, every entry that is not valid). The version rises with each change."""

    def version(self) -> int:
        """One number that rises with any change to any list."""


class Publications(Protocol):
    """Sequence numbers of what is published; they only rise."""

    def next_sequence(self, name: str) -> int: ...

    def current_sequence(self, name: str) -> int: ...


class Journal(Protocol):
    def append(self, event: Event) -> None: ...

    def read(self, *, account_id: str | None = None, kind: str | None = None, limit: int = 1000) -> tuple[Event, ...]:
        """Newest first."""


@dataclass(frozen=True, slots=True)
class Ports:
    ephemeral: Ephemeral
    grants: Grants
    sessions: Sessions
    accounts: Accounts
    standings: Standings
    clients: Clients
    consents: Consents
    population: Population
    documents: Documents
    statuses: Statuses
    publications: Publications
    journal: Journal


class Storage(Protocol):
    def transaction(self) -> AbstractContextManager[Ports]:
        """Write: commits on leaving, rolls back on an exception. Hash passwords outside of it."""

    def reading(self) -> AbstractContextManager[Ports]:
        """A consistent view; nothing written through it is kept."""
