"""The one shape of every credential format: issue, present, verify; and what a verification yields.

Each format is one file. `verify` returns `Verified` or raises a `CertsError`; only the files of this folder can make a
`Verified`, so that whoever holds one holds checked data.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from certs.catalogue import CATALOGUE, Text
from certs.documents.values import Typed
from certs.keys import PublicKey
from certs.proof import HOLDER_PROOF_AGE, HOLDER_PROOF_SKEW


class Step(IntEnum):
    """The checks of a verdict, in their order; the same numbers stand in code, refusals and documentation."""

    BOUNDS = 1
    FORMAT = 2
    ISSUER_SIGNATURE = 3
    CERTIFICATE_PATH = 4
    TRUST_LIST = 5
    VALIDITY = 6
    STATUS = 7
    HOLDER_PROOF = 8
    POLICY = 9


class Trail:
    """Which checks were begun: the last one is where a refusal happened."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def begin(self, step: Step) -> None:
        self.steps.append(step)


class Expected(NamedTuple):
    """What a verifier expects of a presentation. Times in seconds; `audience` and `challenge` are what it itself showed."""

    holder_proof: bool = True
    printed: bool = False  # a printed code is taken, though nobody's proof comes with it
    audience: str | None = None
    challenge: bytes | None = None
    proof_age: int = HOLDER_PROOF_AGE
    clock_skew: int = HOLDER_PROOF_SKEW
    status_age: int | None = None  # None: as the status list itself says


SEAL = object()  # known to this folder only; see tests/test_architecture.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A document's view whose every check held. Times are Unix seconds.

    `claims` has the catalogue's field names and JSON values, `typed` the same in Python's types. `holder_bound` tells that the holder's key signed this
    presentation, `printed` that it was made for paper and has no holder's key (`holder` is None): anybody may hold a copy;
    `audience` is who it was made for (None: anybody, so a copy may be shown elsewhere within its minute).
    `partial` names claims of which a part was withheld (SD-JWT): an empty list there does not mean none.
    `view` is '' where the holder chose single claims that make no view. `elements` is all that an mdoc showed, also what the
    catalogue has no field for: namespace, name, value. `known_as_of` tells how old each piece of trust data is on which this
    rests: `bundle`, `trust_list`, `crl` (the oldest of them) and `status_list`, where there is one.
    `signed` is what the holder's key covers, in the bytes of its format; empty where nobody signed.
    """

    document: str
    view: str
    claims: Mapping[str, Any] = field(repr=False)  # a log, or a traceback with its values, must not learn what they say
    issuer: str
    issuer_name: Text
    issued: int
    expires: int
    holder_bound: bool
    holder: PublicKey | None
    audience: str | None
    challenge: bytes | None
    presented_at: int | None
    status_as_of: int | None  # None: not looked at (a wallet keeping what it was just given)
    trust_as_of: int
    printed: bool = False
    partial: tuple[str, ...] = ()
    elements: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    known_as_of: Mapping[str, int] = field(default_factory=dict)
    signed: tuple[bytes, ...] = field(default=(), repr=False)
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not SEAL:
            raise TypeError("only a credential format's verify makes Verified")

    @property
    def holder_thumbprint(self) -> str | None:
        """RFC 7638 thumbprint of the key that the issuer bound the credential to; None where it is printed."""
        return None if self.holder is None else self.holder.thumbprint()

    @property
    def typed(self) -> Typed:
        """The claims in the types of the catalogue: `typed.day("birth_date")`, `typed.rows("classes")`, `typed["points"]`."""
        kind = CATALOGUE.get(self.document)
        return Typed(kind.fields if kind else (), self.claims)

    @property
    def level(self) -> int | None:
        """The level of identity account, 1 or 2, without which its authority gives nobody this kind of document."""
        kind = CATALOGUE.get(self.document)
        return kind.account_level if kind else None

    @property
    def presentation_id(self) -> bytes | None:
        """32 bytes that name this presentation: the holder's key and what it signed, not the signature. None where nobody did.

        Of an ECDSA signature (r, s) anybody makes another good one, (r, n - s); and what it does not cover (elements of an mdoc
        left out) anybody changes. Neither may make a second presentation of one.
        """
        if self.holder is None or not self.signed:
            return None
        hasher = hashlib.sha256()
        for part in (self.holder.thumbprint().encode(), *self.signed):
            hasher.update(len(part).to_bytes(8, "big"))
            hasher.update(part)
        return hasher.digest()
