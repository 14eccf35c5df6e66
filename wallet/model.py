"""The citizen's nouns: people, documents, their signed copies, history. Frozen values, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SESSION_SECONDS = 12 * 3600  # one day's errands; the provider decides how strongly one signs in


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in, as the identity provider said. `birth_date` and `name` only where it told them."""

    pid: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    birth_date: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider's ID token says of a sign-in, by the provider's clock."""

    sid: str | None  # the session there: when that ends, so does ours
    issued: int
    authenticated: int  # when its person last proved who they are; 0 where it was not told


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser of the wallet. Kept sealed; found by the hash of the cookie's value."""

    person: Person
    csrf: str = field(repr=False)
    signed_in_at: int
    expires: int
    told: Told


@dataclass(frozen=True, slots=True)
class Copy:
    """A document, or one view of it, signed by the issuer for one holder key."""

    view: str  # '' where the whole document was signed, of which the holder shows parts
    thumbprint: str  # RFC 7638 of the holder's key
    issued: int
    expires: int
    issuer: str
    credential: bytes = field(repr=False)
    format: str  # its name in OpenID4VCI
    configuration: str  # by which the issuer knows what to sign again


@dataclass(frozen=True, slots=True)
class Document:
    document_id: str
    type: str
    credential_issuer: str
    received_at: int
    copies: tuple[Copy, ...]
    renewal: str | None = field(default=None, repr=False)  # the issuer's refresh token, where it gave one
    notifications: tuple[str, ...] = ()  # by which the issuer knows its answers, where it wants to hear of them


@dataclass(frozen=True, slots=True)
class ToProve:
    """Copies to come: for each of them a key of its own must sign this nonce."""

    configuration: str
    type: str
    view: str
    nonce: str
    format: str
    copies: int = 1


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A document as storage sees it: whose (a pseudonym), which, when, and bytes that only the vault opens."""

    document_id: str
    owner: str
    received_at: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a citizen's history: names of claims, never values."""

    at: int
    kind: str  # see `wallet.history`
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Linked:
    """A line of the history at its place in its owner's chain, with the hash that it and all before it have (`wallet.chain`)."""

    place: int  # from 1
    entry: Entry
    link: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """How long an owner's chain is, and where it ends: kept apart from the lines, so that a missing last one is noticed."""

    place: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Awaited:
    """A document that a backup names, to be issued anew: nothing of it can be shown."""

    document_id: str  # in the wallet that wrote the backup
    type: str
    credential_issuer: str
    issuer: str
    configurations: tuple[str, ...]
    expires: int
    about: str = field(default="", repr=False)  # what tells it from the person's others of its kind
    renewal: str | None = field(default=None, repr=False)
