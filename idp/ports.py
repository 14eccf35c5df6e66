"""What the state's rules ask of storage. Race-safety lies in the verbs: no rule reads and then writes.

`Storage.transaction()` yields the ports bound to one transaction: all effects of one request commit together with their
journal entry, or none does. Refusals that must leave a trace are therefore values, not exceptions.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from certs.status import Status
from idp.model import (
    Account,
    AccountState,
    Authenticator,
    AuthenticatorKind,
    Block,
    CancelledPid,
    Client,
    ClientQuestion,
    Consent,
    Document,
    DocumentState,
    Ended,
    Event,
    Grant,
    Hold,
    InitialToken,
    IssuedCredential,
    Limit,
    Logout,
    Mark,
    Member,
    Message,
    Person,
    PublishedBundle,
    Recorded,
    Registration,
    Role,
    Session,
    SignedList,
    SigningKey,
    Standing,
    Taken,
    Token,
)

SWEPT_AT_ONCE = 1_000  # rows


class Ephemeral(Protocol):
    """Short-lived values, kept by the hash of (purpose, value): a value of one purpose is unknown to every other."""

    def put(self, purpose: str, value: str, payload: Mapping[str, Any], *, expires: int) -> None: ...

    def read(self, purpose: str, value: str, *, now: int) -> Mapping[str, Any] | None:
        """The payload while it lives and is not taken."""

    def take(self, purpose: str, value: str, *, now: int) -> Taken | None:
        """Use it up. Exactly one caller ever gets `again=False`; None when unknown or expired."""

    def once(self, purpose: str, value: str, *, expires: int) -> bool:
        """True for the first caller with this value, False for all others."""

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        """Remove what expired; returns how many rows. Every sweep takes so many at most, so that no lock is held long."""

    def void(self, *, limit: int = SWEPT_AT_ONCE) -> int:
        """Remove what nobody used so far. What was used stays known until it expires."""


class Grants(Protocol):
    def open(self, grant: Grant, tokens: Iterable[Token]) -> None: ...

    def add(self, grant_id: str, tokens: Iterable[Token]) -> None:
        """More tokens of a family. Of one that was closed meanwhile they are never live."""

    def live(self, token_hash: str, kind: str, *, now: int) -> tuple[Grant, Token] | None:
        """The grant behind a token that is neither expired nor of a closed family."""

    def of_account(self, account_id: str, purpose: str, *, now: int) -> tuple[Grant, ...]:
        """Those that are neither expired nor closed, in the order in which they were opened."""

    def rotate(self, refresh_hash: str, successors: Iterable[Token], *, now: int, spares: bool = False) -> Grant | None:
        """Replace a refresh token. None when it is unknown, expired, of a closed family, or was replaced before;
        in the last case the family is closed in the same statement's transaction. `spares`: it is left open, and the caller
        says in this transaction what becomes of it."""

    def close_family(self, grant_id: str, *, now: int) -> bool:
        """End a grant and every token of it; True if it was open."""

    def close_account(self, account_id: str, *, now: int, client_id: str | None = None) -> int: ...

    def close_some(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        """Of whomever. 0 once none is open."""

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        """Access tokens that expired, and whole families that did. A refresh token that was replaced stays as long as its
        family: when it comes back, the family ends."""


class Sessions(Protocol):
    def add(self, session: Session) -> None: ...

    def find(self, session_hash: str, *, now: int) -> Session | None:
        """While neither its absolute nor its idle end has come."""

    def of_account(self, account_id: str, *, now: int) -> tuple[Session, ...]:
        """The living ones, the last seen first."""

    def touch(self, session_hash: str, *, seen_at: int, idle_until: int) -> bool: ...

    def replace(self, session_hash: str, session: Session) -> bool:
        """The same session under a new id: nobody has to hear of it. False when it has ended meanwhile."""

    def reach(self, sid: str, client_id: str, *, subject: str) -> bool:
        """Note that the client was told of this session. False when it has ended: then it must not be told."""

    def end(self, session_hash: str) -> Ended | None:
        """This verb and the two below leave in `Logouts` a message to each client that the session reached."""

    def end_sid(self, account_id: str, sid: str) -> bool: ...

    def end_account(self, account_id: str, *, but: str | None = None) -> int:
        """`but` is the hash of the one session that goes on."""

    def end_some(self, *, limit: int = SWEPT_AT_ONCE) -> int:
        """Of whomever, with a message as above. 0 once there is none."""

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int: ...


class Logouts(Protocol):
    """The messages to relying parties that a session is over: written with its end, kept until they are told."""

    def waiting(self, *, now: int) -> bool:
        """Is there anything to claim?"""

    def claim(self, *, now: int, until: int, limit: int) -> tuple[Logout, ...]:
        """The oldest that are due: nobody else gets them before `until`. While one of a client is claimed or put off, its
        others wait."""

    def told(self, logout: Logout) -> bool:
        """Done with. False when it was claimed again meanwhile."""

    def put_off(self, logout: Logout, *, until: int) -> bool: ...

    def give_back(self, logout: Logout) -> bool:
        """It was not tried."""

    def give_up(self, *, before: int, limit: int = SWEPT_AT_ONCE) -> tuple[Logout, ...]:
        """Remove those that are known of since before that time."""


class Authenticators(Protocol):
    def add(self, authenticator: Authenticator) -> None: ...

    def by_key(self, kind: AuthenticatorKind, key: str) -> Authenticator | None: ...

    def hold(self, account_id: str) -> bool:
        """True if there is the account. Of those who hold its authenticators one goes on, the others when it has ended:
        for what an account has one of, or few."""

    def of_account(self, account_id: str) -> tuple[Authenticator, ...]:
        """In the order in which they were added."""

    def use(self, authenticator_id: str, *, now: int, counter: int | None = None) -> bool:
        """Note a use. With `counter`: only if it is above the one kept, which then rises; one winner for each value."""

    def rename(self, account_id: str, authenticator_id: str, name: str) -> bool: ...

    def remove(self, account_id: str, authenticator_id: str) -> bool:
        """True for exactly one caller."""

    def remove_kind(self, account_id: str, kind: AuthenticatorKind) -> int: ...


class Attempts(Protocol):
    """Tries, counted before what they try, each by one statement: of any number at once no more pass than the limit says."""

    def count(self, limit: Limit, value: str, *, now: int) -> int:
        """0: counted, go on. Otherwise the seconds to wait, and nothing was counted."""

    def waiting(self, limit: Limit, value: str, *, now: int) -> int:
        """The seconds to wait; counts nothing."""

    def refund(self, limit: Limit, value: str, *, now: int) -> None:
        """Take one try back: it was none. Ends the wait that it began."""

    def forget(self, *counts: tuple[Limit, str]) -> None:
        """In the order given: two that share some never wait for one another in a ring."""

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int: ...


class Messages(Protocol):
    """The simulated network of short messages."""

    def add(self, message: Message) -> None: ...

    def recent(self, *, now: int, phone: str | None = None, limit: int = 20) -> tuple[Message, ...]:
        """Newest first."""

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int: ...


class Accounts(Protocol):
    def add(self, account: Account) -> None: ...

    def get(self, account_id: str) -> Account | None: ...

    def by_person(self, person_id: str) -> Account | None: ...

    def by_phone(self, phone: str) -> Account | None: ...

    def set_state(self, account_id: str, state: AccountState) -> bool: ...

    def set_password(self, account_id: str, password_hash: str, *, replaces: str | None = None) -> bool:
        """With `replaces`: only while that is still the hash."""

    def set_level(self, account_id: str, level: int) -> bool: ...

    def set_email(self, account_id: str, email: str | None) -> bool: ...

    def set_phone(self, account_id: str, phone: str) -> bool:
        """Raises Conflict where it is another account's."""


class Standings(Protocol):
    """Account, population and documents read together: every step of every walk asks whether an account stands."""

    def read(self, account_id: str, *, card: str) -> Standing | None:
        """`card` is the type of the documents that count."""


class Clients(Protocol):
    def add(self, client: Client) -> None: ...

    def replace(self, client: Client) -> bool:
        """What is registered under this `client_id`, all of it. False when there is no such client."""

    def remove(self, client_id: str) -> bool:
        """True for exactly one caller. Its grants are closed; the consents to it, the messages that wait for it and where
        sessions reached it go with it."""

    def get(self, client_id: str) -> Client | None: ...

    def hold(self, client_id: str) -> Client | None:
        """As it is kept at this moment, and nobody changes or removes it before this transaction ends."""

    def all(self) -> tuple[Client, ...]: ...

    def listed(self, asked: ClientQuestion, *, limit: int) -> tuple[Client, ...]:
        """Some of them, sorted as asked and then by their ids. How names are sorted is the database's way."""


class Registrations(Protocol):
    """What admits applications that register themselves, and what each of them then shows."""

    def offer(self, token: InitialToken) -> None: ...

    def offered(self, token_hash: str, *, now: int) -> InitialToken | None:
        """While it has not expired and has a use left."""

    def take(self, token_hash: str, *, now: int) -> InitialToken | None:
        """Use it once; of any number at once no more get it than it has uses."""

    def recall(self, token_hash: str) -> bool:
        """What was registered by it stays."""

    def offers(self, *, now: int) -> tuple[InitialToken, ...]:
        """Those that can be used, the first that expires first."""

    def add(self, registration: Registration) -> None: ...

    def claim(self, token_hash: str) -> Registration | None:
        """Whose token this is. With the first use of a new one the one before ends."""

    def rotate(self, client_id: str, used: str, successor: str) -> bool:
        """Give a new token in the place of the one that was used, which stays good until the new one is used: an answer may
        be lost. False when that is no longer a token of this client."""

    def limit(self, client_id: str, scopes: tuple[str, ...]) -> bool:
        """From now on the most that it may ask for. False when it did not register itself."""

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        """Initial tokens that expired."""


class Staff(Protocol):
    def grant(self, member: Member) -> bool:
        """False when the account holds this role already: nothing happened."""

    def withdraw(self, account_id: str, role: Role) -> bool: ...

    def holds(self, account_id: str, role: Role, *, to_the_end: bool = False) -> bool:
        """`to_the_end`: and nobody withdraws it before this transaction ends."""

    def all(self) -> tuple[Member, ...]:
        """Those who hold it longest first."""


class Consents(Protocol):
    def get(self, account_id: str, client_id: str) -> Consent | None: ...

    def hold(self, account_id: str, client_id: str, *, to_change: bool = False) -> Consent | None:
        """As `get`, and nobody withdraws it before this transaction ends: what is given on its strength is found then.
        `to_change`: nor does anybody else hold it."""

    def record(self, consent: Consent) -> None: ...

    def narrow(self, account_id: str, client_id: str, *, drop: Iterable[str]) -> Consent | None:
        """Take these scopes out, and leave the rest: what it then is. None when there was none of them to take."""

    def of_account(self, account_id: str) -> tuple[Consent, ...]:
        """The newest first."""

    def withdraw(self, account_id: str, client_id: str) -> bool: ...

    def withdraw_all(self, client_id: str) -> int:
        """Everybody's to this client: of how many people."""

    def count(self, client_id: str) -> int:
        """Of how many people this client has one."""


class Population(Protocol):
    """The population register."""

    def add(self, people: Iterable[Person]) -> int: ...

    def get(self, person_id: str) -> Person | None: ...

    def hold(self, person_id: str, *, to_change: bool = False) -> Person | None:
        """As `get`, and nobody changes the row before this transaction ends. Hold a person before their document.
        `to_change`: nor does anybody else hold it; of several, hold the one of the lower id first."""

    def by_pid(self, pid: str) -> Person | None:
        """By the number in force; a cancelled number finds nobody."""

    def known(self, pids: Collection[str], *, hold: bool = False, to_change: bool = False) -> Mapping[str, Person]:
        """Of these numbers, some thousands at most, those that were ever given, each with its person: one whose number is
        another has this one no more. `hold` and `to_change` as for one person, and of all of them at once."""

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

    def of_people(self, person_ids: Collection[str], type_: str) -> Mapping[str, tuple[Document, ...]]:
        """By the id of each of these people, some thousands at most, who has any: their documents of this type."""

    def naming_spouse(self, pid: str) -> tuple[Document, ...]:
        """In whose record, whoever's it is, this number stands as that of the spouse."""

    def set_state(self, document_id: str, state: DocumentState) -> bool: ...

    def set_record(self, document_id: str, record: Mapping[str, Any], *, valid_until: str | None) -> bool:
        """What stands in it from now on. False where there is none or it was revoked, which is final."""

    def claim_key(self, thumbprint: str, person_id: str) -> bool:
        """A holder's key is one person's, ever: from the first claim on this person's, and False for everybody else."""

    def record_issue(self, credential: IssuedCredential) -> None: ...

    def issued(self, document_id: str) -> tuple[IssuedCredential, ...]: ...

    def lock_issued(self, person_id: str, wallet: str) -> tuple[IssuedCredential, ...]:
        """Lock, for good, all that this wallet holds of the person's documents; prints are in no wallet. Those that were locked
        by this very call."""


class Holds(Protocol):
    """What is waited for before copies are signed."""

    def put(self, hold: Hold) -> bool:
        """False when there is one of this subject already: nothing happened."""

    def lift(self, subject: str) -> Hold | None:
        """Exactly one caller gets it."""

    def of(self, subjects: Collection[str]) -> tuple[Hold, ...]: ...

    def all(self) -> tuple[Hold, ...]:
        """The oldest first."""


class Statuses(Protocol):
    """Token Status Lists by number, several of a kind. An index is given once, ever, and at random
    (draft-ietf-oauth-status-list-20 §12.5.1, §13.3)."""

    def add(self, number: int, *, kind: int, size: int) -> bool:
        """A list with nothing in it. False when there is one of this number: nothing happened."""

    def numbers(self) -> tuple[int, ...]: ...

    def current(self, kind: int) -> int | None:
        """The first list of that kind that is not closed."""

    def draw(self, number: int) -> int | None:
        """An index that was never given, drawn at random. None when so many are given that drawing did not find one."""

    def close(self, number: int) -> None:
        """From this list nothing is drawn any more; it is published and changed as ever."""

    def set(self, number: int, index: int, status: Status) -> None:
        """INVALID is final: what was revoked or replaced stays so, whatever is set later."""

    def look_up(self, number: int, index: int) -> Status:
        """What stands at one place; VALID where nothing was ever set."""

    def read(self, number: int) -> tuple[int, int, Mapping[int, Status]]:
        """(version, size, every entry that is not valid). The version rises with each change."""

    def versions(self) -> Mapping[int, int]:
        """By number, the version of each list, all of one moment."""

    def version(self) -> int:
        """One number that rises with any change to any list."""


class Publications(Protocol):
    """Sequence numbers of what is published, which only rise; the lists signed last; the bundles made of them."""

    def next_sequence(self, name: str) -> int: ...

    def current_sequence(self, name: str) -> int: ...

    def signed_lists(self) -> Mapping[int, SignedList]:
        """By number, what was signed last of each status list."""

    def keep_list(self, signed: SignedList) -> None:
        """In the place of what was signed before."""

    def keep_bundle(self, bundle: PublishedBundle, *, since: int) -> None:
        """The newest. Of those before it the bytes go, and those issued before `since` go altogether."""

    def newest_bundle(self) -> PublishedBundle | None: ...

    def manifest(self, sequence: int) -> bytes | None:
        """Of a bundle that is still remembered."""


class SigningKeys(Protocol):
    """The provider's own: every one there ever was. The database itself admits one prepared and one that signs of each
    algorithm; which, is the rules' business."""

    def all(self) -> tuple[SigningKey, ...]:
        """The oldest first."""

    def hold(self) -> tuple[SigningKey, ...]:
        """As `all`, as they are at this moment, and nobody else holds them before this transaction ends: hold before `put`."""

    def put(self, key: SigningKey) -> None:
        """A new one, or what became of one. Raises Conflict for a second one prepared, or a second one that signs."""


class Journal(Protocol):
    def append(self, event: Event) -> None: ...

    def read(self, *, account_id: str | None = None, kind: str | None = None, limit: int = 1000) -> tuple[Event, ...]:
        """Newest first."""

    def history(
        self,
        account_id: str,
        *,
        kinds: tuple[str, ...],
        limit: int,
        before: int | None = None,
        client_id: str | None = None,
    ) -> tuple[Recorded, ...]:
        """What concerns one account, newest first, below the number `before`: as fast after a million other events."""

    def of_client(self, client_id: str, *, limit: int) -> tuple[Recorded, ...]:
        """What was done to what is registered of it (`CLIENT_EVENTS`), newest first: as fast after a million other events."""

    def whole(self, account_id: str, *, after: int, limit: int) -> tuple[Recorded, ...]:
        """Everything that concerns one account, oldest first, above the number `after`."""


class Chain(Protocol):
    """The seals over the journal: blocks, each over the one before."""

    def mark(self) -> Mark:
        """The newest event that is committed. Read it in a `reading()` of its own, before what is asked after it."""

    def settled(self, mark: Mark) -> bool:
        """From now on nothing can be committed whose number is at or below the mark's."""

    def after(self, event_id: int, *, until: int, limit: int) -> tuple[Recorded, ...]:
        """Oldest first: above the first number, up to the second."""

    def waiting(self, event_id: int) -> int:
        """How many events are above this number."""

    def newest(self) -> Block | None: ...

    def blocks(self, *, after: int, limit: int) -> tuple[Block, ...]:
        """In the order of their numbers, above this one."""

    def holds(self, block_hash: bytes) -> int | None:
        """The number of the block with this hash."""

    def seal(self, block: Block) -> bool:
        """Add it. False when a block of this number is there already: somebody else was first, and nothing happened."""


@dataclass(frozen=True, slots=True)
class Ports:
    ephemeral: Ephemeral
    grants: Grants
    sessions: Sessions
    logouts: Logouts
    authenticators: Authenticators
    attempts: Attempts
    messages: Messages
    accounts: Accounts
    standings: Standings
    clients: Clients
    registrations: Registrations
    staff: Staff
    consents: Consents
    population: Population
    documents: Documents
    holds: Holds
    statuses: Statuses
    publications: Publications
    signing_keys: SigningKeys
    journal: Journal
    chain: Chain


class Storage(Protocol):
    def transaction(self) -> AbstractContextManager[Ports]:
        """Write: commits on leaving, rolls back on an exception. Hash passwords outside of it."""

    def reading(self) -> AbstractContextManager[Ports]:
        """A consistent view; nothing written through it is kept."""
