"""What a relying party wants beyond genuineness: small frozen values, and the questions they ask of a verified document.

Spec: certs/qr.md (freshness, audience, challenge); the reason codes are those of `verifier/reasons.py`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from certs.bundle import CLOCK_SKEW, Bundle
from certs.catalogue import CATALOGUE
from certs.formats import Expected, Verified
from certs.formats.key_binding import KEY_BINDING_AGE, KEY_BINDING_SKEW
from certs.proof import HOLDER_PROOF_AGE, HOLDER_PROOF_SKEW

AGE = "age_over_18"


class Unknown(StrEnum):
    """What a question that cannot be answered now means for the verdict. It never means yes."""

    UNDETERMINED = "undetermined"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What is accepted here. The defaults suit a person at a counter, with or without a network.

    documents            names of kinds (`driving_licence`) or of single views (`driving_licence.licence`); empty: every kind
    claims               facts that must be there and say exactly this: `(("age_over_18", True),)`; empty: none
    require_holder_proof refuse what does not prove who shows it (a print, a copy)
    accept_printed       take a printed code all the same; what is not printed must still prove its holder
    audience             the name for which the wallet must have signed; None: one made for somebody in particular is refused
    challenge            the bytes that we showed and the wallet must have signed; None: we showed none
    fresh_for, skew      seconds that a shown code lives, and seconds by which two clocks may differ
    online_fresh_for, online_skew   the same of what was asked for online: a person reads a page between question and answer
    max_status_age       seconds that a status list is good for; None: as long as the list says of itself (its `ttl`)
    max_bundle_age       seconds that the trust data as a whole is good for; None: until the bundle's own end
    status_unavailable, status_stale, clock_unreliable   what each unanswered question means
    """

    documents: tuple[str, ...] = ()
    claims: tuple[tuple[str, object], ...] = ()
    require_holder_proof: bool = True
    accept_printed: bool = False
    audience: str | None = None
    challenge: bytes | None = None
    fresh_for: int = HOLDER_PROOF_AGE
    skew: int = HOLDER_PROOF_SKEW
    online_fresh_for: int = KEY_BINDING_AGE
    online_skew: int = KEY_BINDING_SKEW
    max_status_age: int | None = None
    max_bundle_age: int | None = None
    status_unavailable: Unknown = Unknown.UNDETERMINED
    status_stale: Unknown = Unknown.UNDETERMINED
    clock_unreliable: Unknown = Unknown.UNDETERMINED

    def meaning_of(self, code: str) -> Unknown:
        """What an unanswered question means here; a code that this policy does not know is a no."""
        meanings = {
            "status_unavailable": self.status_unavailable,
            "status_stale": self.status_stale,
            "clock_unreliable": self.clock_unreliable,
        }
        return meanings.get(code, Unknown.REJECT)


DEFAULT = Policy()


def expected(policy: Policy) -> Expected:
    """The part of a policy that the format itself checks (steps 7 and 8)."""
    return Expected(
        holder_proof=policy.require_holder_proof,
        printed=policy.accept_printed,
        audience=policy.audience,
        challenge=policy.challenge,
        proof_age=policy.fresh_for,
        clock_skew=policy.skew,
        status_age=policy.max_status_age,
    )


def expected_online(policy: Policy) -> Expected:
    """The same for an SD-JWT VC or an mdoc; nothing of these is ever printed."""
    return replace(expected(policy), printed=False, proof_age=policy.online_fresh_for, clock_skew=policy.online_skew)


ADULT = Policy(
    documents=tuple(
        f"{kind.name}.{view.name}" for kind in CATALOGUE.values() for view in kind.views if AGE in view.fields
    ),
    claims=((AGE, True),),
)


def takes(policy: Policy, document: str, view: str) -> bool:
    """Whether this kind and view of document is one that is asked for, whatever it says."""
    return not policy.documents or not {document, f"{document}.{view}"}.isdisjoint(policy.documents)


def holds(policy: Policy, verified: Verified) -> bool:
    """The same where the holder chose claim by claim: everything that a view must have is there, whatever more."""
    kind, told = CATALOGUE[verified.document], verified.claims.keys() - set(verified.partial)
    return takes(policy, kind.name, "") or any(
        takes(policy, kind.name, view.name) and told >= set(kind.needed(view)) for view in kind.views
    )


def document_refusal(verified: Verified, policy: Policy, *, chosen: bool = False) -> str | None:
    """The code by which this document is not what is wanted here, or None. `chosen`: claim by claim, not by a view."""
    if not (holds(policy, verified) if chosen else takes(policy, verified.document, verified.view)):
        return "policy_refused"
    for name, wanted in policy.claims:
        if name not in verified.claims or name in verified.partial:
            return "claims_missing"
        if verified.claims[name] != wanted:
            return "policy_refused"
    return None


def asks_nothing(policy: Policy) -> bool:
    """Whether every kind of document, saying whatever it says, is taken."""
    return not policy.documents and not policy.claims


def bundle_is_stale(bundle: Bundle, policy: Policy, *, now: int) -> bool:
    """Whether the trust data as a whole is too old to answer with: past its own end, or older than this policy takes."""
    too_old = policy.max_bundle_age is not None and now - bundle.issued > policy.max_bundle_age
    return too_old or now >= bundle.expires


def clock_is_behind(bundle: Bundle, *, now: int) -> bool:
    """Whether this machine's clock stands before the day on which its own trust data was signed: then it is wrong."""
    return now < bundle.issued - CLOCK_SKEW
