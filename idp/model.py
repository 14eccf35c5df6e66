"""The state's nouns: people, accounts, clients, sessions, grants, documents, events. Frozen values, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from certs.catalogue import Text


@dataclass(frozen=True, slots=True)
class Address:
    """Two tiers since 1 July 2025: commune and province; the detail is free text."""

    detail: str
    commune: str
    province: str


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the population register.

    `person_id` never changes; `pid` (12 digits) may be cancelled and re-set, with its history kept apart.
    `birth_date` is `YYYY`, `YYYY-MM` or `YYYY-MM-DD`: the register knows dates of unequal precision.
    """

    person_id: str
    pid: str
    name: str
    birth_date: str
    sex: str  # "male" | "female"
    nationality: str  # ISO 3166-1 alpha-2
    residence: Address
    place_of_birth: str
    phone: str | None = None  # E.164
    email: str | None = None
    deceased_on: str | None = None  # YYYY-MM-DD
    locked: bool = False  # the electronic identity is locked (Law 26/2023 Art. 34)


@dataclass(frozen=True, slots=True)
class CancelledPid:
    """A personal identification number that a person once had; never given to another person (Decree 70/2024 Art. 11)."""

    pid: str
    person_id: str
    cancelled_on: str
    reason: str


class AccountState(StrEnum):
    ACTIVE = "active"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Account:
    account_id: str
    person_id: str
    level: int  # 1 registered remotely, 2 proofed in person
    phone: str  # E.164
    email: str | None
    password_hash: str = field(repr=False)
    state: AccountState = AccountState.ACTIVE
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """All that says whether an account may be used, as of one moment: it, its person, and the person's cards."""

    account: Account
    person: Person | None
    cards: tuple["Document", ...]


@dataclass(frozen=True, slots=True)
class Client:
    """A relying party, as registered (OpenID Connect Dynamic Client Registration 1.0 §2)."""

    client_id: str
    name: Text
    purpose: Text
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    profile: str = "agency"  # baseline | agency | bank
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 (a name, not a secret)
    secret_hash: str | None = field(default=None, repr=False)  # SHA-256 hex of a 256-bit random secret
    id_token_signed_response_alg: str = "RS256"  # noqa: S105 (the default of OpenID Connect Registration §2)
    application_type: str = "web"  # web | native
    entitled_to_pid: bool = True  # `sub` is the personal identification number
    metadata: Mapping[str, Any] = field(default_factory=dict)  # the rest of what it registered, by its names there
    secret_sealed: str | None = field(default=None, repr=False)  # where the secret is a key: what `Sealer` opens


@dataclass(frozen=True, slots=True)
class InitialToken:
    """What lets applications register themselves, and as what (RFC 7591 §1.2: an initial access token)."""

    token_hash: str = field(repr=False)
    name: str  # whom it was given to
    profile: str
    scopes: tuple[str, ...]  # the most that such a client may ask for
    entitled_to_pid: bool
    uses: int  # that are left
    expires: int


@dataclass(frozen=True, slots=True)
class Registration:
    """That a client registered itself: what it shows to read and change that, and what it may be at most (RFC 7592)."""

    client_id: str
    token_hash: str = field(repr=False)
    scopes: tuple[str, ...]
    issued_at: int


class ClientOrder(StrEnum):
    """By what the register of clients may be sorted: a closed list, each the name of what it is."""

    NAME = "name"
    CLIENT_ID = "client_id"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class ClientQuestion:
    """Which clients to list, and in what order. `after`: the last one seen, by what it is sorted by and its id."""

    order: ClientOrder = ClientOrder.NAME
    descending: bool = False
    profile: str | None = None
    application_type: str | None = None
    client_id: str | None = None
    after: tuple[str, str] | None = None


class Role(StrEnum):
    """What a member of the state's staff may do."""

    CLIENTS = "clients"  # administer the applications that ask citizens to sign in


@dataclass(frozen=True, slots=True)
class Member:
    """Of the state's staff: a citizen's own account, which holds a role."""

    account_id: str
    role: Role
    since: int
    granted_by: str


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. Only the hash of the cookie's value is stored."""

    session_hash: str
    account_id: str
    sid: str  # what relying parties may see (OpenID Connect Back-Channel Logout §2.1)
    authenticated_at: int
    acr: str
    amr: tuple[str, ...]
    expires: int  # absolute end
    idle_until: int  # the end if nothing is heard of it
    seen_at: int
    device: str = ""  # as its browser names itself, shortened: for the person to know it again
    place: str = ""  # the network that it came from, shortened


@dataclass(frozen=True, slots=True)
class Reached:
    """A relying party that a session was used at, and the person's name there."""

    client_id: str
    subject: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is over, and who has to hear of it."""

    sid: str
    account_id: str
    reached: tuple[Reached, ...]


@dataclass(frozen=True, slots=True)
class Logout:
    """That a session is over, on its way to one relying party (OpenID Connect Back-Channel Logout §2.5)."""

    logout_id: int
    sid: str
    client_id: str
    account_id: str
    subject: str = field(repr=False)
    tries: int  # with the present one, whose mark it is: who holds an older one holds nothing


class AuthenticatorKind(StrEnum):
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"  # one row a code; using it removes the row
    PASSCODE = "passcode"  # six digits, for the app
    PASSKEY = "passkey"
    DEVICE = "device"  # the key of a wallet on a phone


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Something beside the password that an account signs in with (NIST SP 800-63B-4 §3)."""

    authenticator_id: str
    account_id: str
    kind: AuthenticatorKind
    name: str  # as the citizen called it
    created_at: int
    key: str | None = None  # what it is found by, unique within its kind: a hash or thumbprint, at most 64 characters
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)  # public key, sealed secret, hash
    counter: int = 0  # only rises: a passkey's signature counter, the last step of a one-time code
    last_used_at: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may be tried. `steps`: up to this number of tries, so many seconds to wait after each."""

    name: str
    steps: tuple[tuple[int, int], ...]  # rising; the last one's wait holds for all that follow
    kept: int  # seconds that a count is remembered after its wait is over
    window: bool = False  # remembered from the first try on, whatever follows; otherwise from the last

    def wait(self, tries: int) -> int:
        return next((wait for most, wait in self.steps if tries <= most), self.steps[-1][1])


@dataclass(frozen=True, slots=True)
class Message:
    """A short message to a telephone. There is no network behind it: a page of the simulation shows it."""

    phone: str  # E.164
    text: Text = field(repr=False)
    sent_at: int
    expires: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What one citizen allowed one client; every token of the family hangs on it."""

    grant_id: str
    account_id: str
    client_id: str
    scopes: tuple[str, ...]
    purpose: str  # "openid" | "issuance"
    opened_at: int
    expires: int
    details: Mapping[str, Any] = field(default_factory=dict)  # acr, amr, auth_time, configuration ids …


@dataclass(frozen=True, slots=True)
class Token:
    """An access or refresh token, by its hash. `generation` counts rotations, so that order never rests on clocks.

    `scopes` where the token may do less than its grant (RFC 6749 §6); `audience` where it is for other resources than our
    own (RFC 8707 §2.2); `replaced`: a refresh token that was exchanged for the next, as storage found it; `jkt`: the key that
    it is bound to (RFC 9449 §6).
    """

    token_hash: str
    grant_id: str
    kind: str  # "access" | "refresh"
    expires: int
    generation: int = 0
    scopes: tuple[str, ...] | None = None
    audience: tuple[str, ...] | None = None
    replaced: bool = False
    jkt: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a single-use value held, and when it ends. `again` is True for every taker but the first."""

    payload: Mapping[str, Any]
    again: bool
    expires: int


@dataclass(frozen=True, slots=True)
class Consent:
    account_id: str
    client_id: str
    scopes: tuple[str, ...]
    given_at: int


class DocumentState(StrEnum):
    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Document:
    """A row of a sector register: one person's licence, health book, card. `record` follows `certs.catalogue`."""

    document_id: str
    person_id: str
    type: str
    record: Mapping[str, Any]
    state: DocumentState = DocumentState.VALID
    valid_until: str | None = None  # YYYY-MM-DD


SPOUSE = "spouse_identification_number"  # the field of a record that names another person's number
EARLIER = "earlier"  # in the place of a wallet: issued before anybody wrote down which
PRINTED = "printed"  # in the place of a holder's thumbprint: signed for paper, for nobody's key


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """That a document's view was signed for a holder's key, and where its status stands. No claim values."""

    credential_id: str
    document_id: str
    view: str
    holder_thumbprint: str
    status_list: int
    status_index: int
    issued_at: int
    expires: int
    client_id: str | None = None  # that asked for it
    wallet: str = EARLIER  # the same for all that one wallet on one device holds, as far as we know: `issuance.wallets`
    device: str = ""  # as the browser named itself in which its person agreed
    locked: bool = False  # by its person, since the device is lost; nobody lifts that: documents are issued anew


class Ground(StrEnum):
    """What an issuer waits for before it signs."""

    REVIEW = "review"  # an officer looks first
    REGISTER = "register"  # it does not answer


@dataclass(frozen=True, slots=True)
class Hold:
    """That nothing is signed from one document, or from any of a kind, until the hold is lifted."""

    subject: str  # as `idp.issuance.holds` names documents and kinds
    ground: Ground
    since: int
    by: str


@dataclass(frozen=True, slots=True)
class SignedList:
    """A status list as it was signed last: of which version, when, and by the certificate with this SHA-256."""

    number: int
    version: int
    issued: int
    signer: bytes
    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PublishedBundle:
    """A bundle that was published: what it was made of, in short; a hash of each of its parts; and its bytes."""

    sequence: int
    issued: int
    content: str
    manifest: bytes = field(repr=False)
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One of the keys that the provider signs with; what its times mean is said in `idp.oidc.keys.signing_keys`."""

    kid: str
    alg: str
    jwk: Mapping[str, str]  # the public one, as it is published
    prepared_at: int
    active_from: int | None = None
    retired_at: int | None = None
    removed_at: int | None = None
    private: str | None = field(default=None, repr=False)  # what the safe opens; None once nobody needs it


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal: who, what, when; names of claims, never values; a PID only masked."""

    at: int
    kind: str
    account_id: str | None = None
    client_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


# What is done to what is registered of a client.
CLIENT_EVENTS = ("client_added", "client_changed", "client_removed")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the journal has it. Numbers rise; on PostgreSQL not always in the order in which they were committed."""

    event_id: int
    event: Event


@dataclass(frozen=True, slots=True)
class Block:
    """Some events in a row, sealed: whoever changes one of them must change this and every later block."""

    number: int  # from 1, without a gap
    last_event_id: int
    sealed_at: int
    leaves: bytes = field(repr=False)  # of each event its number and its hash
    previous: bytes = field(repr=False)  # the hash of the block before
    hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the journal, and who was still writing when it was read: below it nothing comes late once they are done."""

    event_id: int
    writers: frozenset[str] = frozenset()
