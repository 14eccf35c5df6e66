"""What a relying party wants beyond genuineness: small frozen values, and the questions they ask of a verified document.

Spec: certs/qr.md (freshness, audience, challenge); the reason codes are those of `verifier/reasons.py`.

One value for one document; `verifier/policy/composed.py` makes alternatives and several documents of them, `verifier/policy/file.py`
reads them from TOML, `verifier/policy/ready.py` has ready ones.
"""

from dataclasses import dataclass
from enum import StrEnum

from certs.bundle import Bundle
from certs.catalogue import CATALOGUE
from certs.formats import Expected, Verified
from certs.formats.key_binding import KEY_BINDING_AGE, KEY_BINDING_SKEW
from certs.proof import HOLDER_PROOF_AGE, HOLDER_PROOF_SKEW
from verifier.policy.faults import PolicyError, faults
from verifier.policy.predicates import Predicate, answer, names, today

AGE = "age_over_18"


class Unknown(StrEnum):
    """What a question that cannot be answered now means for the verdict. It never means yes."""

    UNDETERMINED = "undetermined"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What is accepted here. The defaults suit a person at a counter, with or without a network.

    documents            names of kinds (`driving_licence`) or of single views (`driving_licence.licence`); empty: every kind
    issuers              ids of authorities (`public-security`); empty: whoever the trust list entitles
    asks                 facts that must be told, whatever they say: `("full_name", "residence")`
    claims               facts that must be there and say exactly this: `(("age_over_18", True),)`; empty: none
    requires             questions that must be answered with yes, today: `(OVER_18, drives("B"))`, see `verifier.policy.predicates`
    require_holder_proof refuse what does not prove who shows it (a print, a copy)
    accept_printed       take a printed code all the same; what is not printed must still prove its holder
    audience             the name for which the wallet must have signed; None: one made for somebody in particular is refused
    challenge            the bytes that we showed and the wallet must have signed, so that no copy and no print is taken, whatever
                         the two above say; None: we showed none
    one_time             refuse what was shown here before; whoever verifies has to give a guard (`verifier.once`)
    fresh_for, skew      seconds that a shown code lives, and seconds by which two clocks may differ
    online_fresh_for, online_skew   the same of what was asked for online: a person reads a page between question and answer
    max_status_age       seconds that a status list is good for; None: as long as the list says of itself (its `ttl`)
    max_bundle_age       seconds that the trust data as a whole is good for; None: until the bundle's own end
    max_trust_list_age   the same of the trust list in it; None: as long as the trust data as a whole
    status_unavailable, status_stale, clock_unreliable   what each unanswered question means

    Raises PolicyError (a ValueError) for what contradicts itself, and for facts that no document of these kinds has.
    """

    documents: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    claims: tuple[tuple[str, object], ...] = ()
    requires: tuple[Predicate, ...] = ()
    require_holder_proof: bool = True
    accept_printed: bool = False
    audience: str | None = None
    challenge: bytes | None = None
    one_time: bool = False
    fresh_for: int = HOLDER_PROOF_AGE
    skew: int = HOLDER_PROOF_SKEW
    online_fresh_for: int = KEY_BINDING_AGE
    online_skew: int = KEY_BINDING_SKEW
    max_status_age: int | None = None
    max_bundle_age: int | None = None
    max_trust_list_age: int | None = None
    status_unavailable: Unknown = Unknown.UNDETERMINED
    status_stale: Unknown = Unknown.UNDETERMINED
    clock_unreliable: Unknown = Unknown.UNDETERMINED

    def __post_init__(self) -> None:
        if self.one_time and (self.accept_printed or not self.require_holder_proof):
            raise PolicyError("one_time: a copy is the same each time it is shown, so it cannot be taken once")
        for name in ("documents", "issuers", "asks"):
            if isinstance(getattr(self, name), str):  # parts of a text are in it
                raise PolicyError(f"{name}: a tuple of names")
        for fault in faults(self.documents, self.asks, self.claims, self.requires):
            raise PolicyError(fault)

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
        holder_proof=policy.require_holder_proof or policy.challenge is not None,
        printed=policy.accept_printed and policy.challenge is None,
        audience=policy.audience,
        challenge=policy.challenge,
        proof_age=policy.fresh_for,
        clock_skew=policy.skew,
        status_age=policy.max_status_age,
    )


def expected_online(policy: Policy) -> Expected:
    """The same for an SD-JWT VC or an mdoc; nothing of these is ever printed."""
    asked = expected(policy)
    return asked._replace(printed=False, proof_age=policy.online_fresh_for, clock_skew=policy.online_skew)


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a genuine document is not what is wanted: the code, and the fields that it is about (names, never values)."""

    code: str
    fields: tuple[str, ...] = ()


def document_refusal(verified: Verified, policy: Policy, *, now: int, chosen: bool = False) -> Refusal | None:
    """Why this document is not what is wanted here, or None. `chosen`: shown claim by claim, not by a view.

    1. a kind and view that is taken, of an authority that is taken   2. every fact that is asked for is told
    3. each that must say something says it   4. each question is answered with yes, at `now`
    """
    if not (holds(policy, verified) if chosen else takes(policy, verified.document, verified.view)):  # 1
        return Refusal("policy_refused")
    if policy.issuers and verified.issuer not in policy.issuers:
        return Refusal("policy_refused")
    wanted_facts = (*policy.asks, *(name for name, _ in policy.claims)) if policy.asks or policy.claims else ()  # 2
    missing = [name for name in wanted_facts if name not in verified.claims or name in verified.partial]
    if missing:
        return Refusal("claims_missing", tuple(missing))
    for name, wanted in policy.claims:  # 3
        if verified.claims[name] != wanted:
            return Refusal("policy_refused", (name,))
    return _unanswered(verified, policy, now) if policy.requires else None  # 4


def _unanswered(verified: Verified, policy: Policy, now: int) -> Refusal | None:
    """A *no* comes before a *not told*: it would be one whatever else were told."""
    day, told = today(now), verified.typed
    answers = [(each, answer(each, told, day=day, partial=verified.partial)) for each in policy.requires]
    for code, wanted in (("policy_refused", False), ("claims_missing", None)):
        for predicate, said in answers:
            if said is wanted:
                return Refusal(code, tuple(sorted(names(predicate))))
    return None


def asks_nothing(policy: Policy) -> bool:
    """Whether every kind of document, saying whatever it says, is taken."""
    return not (policy.documents or policy.issuers or policy.asks or policy.claims or policy.requires)


def bundle_is_stale(bundle: Bundle, policy: Policy, *, now: int) -> bool:
    """Whether the trust data as a whole is too old to answer with: past its own end, or older than this policy takes."""
    return (
        now >= bundle.expires
        or _over(policy.max_bundle_age, now - bundle.issued)
        or _over(policy.max_trust_list_age, now - bundle.trust.list.issued)
    )


def _over(most: int | None, age: int) -> bool:
    return most is not None and age > most
