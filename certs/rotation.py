"""When a key and its certificate give way to the next ones, so that nobody ever meets a signer that they do not know yet.

Spec: RFC 4210 §4.4 (a root's next key); NIST SP 800-57 part 1 §5.3.4, §5.3.6 (a signer signs for less long than it is valid)

A certificate's life in days, for a document signer of two years:

    0 ──────────── made known ────────── takes over ──────────────────────────── ends
                   the next one is       the next one signs; this one            what this one signed has
                   made and published    stays published and signs no more       ended before: it is dropped

Between *made known* and *takes over* lies longer than any list or bundle lasts (`ahead`): whoever refreshes at all knows the
next one before they meet its first signature. Between *takes over* and *ends* lies longer than anything that it signs lasts
(`outlives`). What is late is done at once: then somebody offline may have to refresh first, and still nothing is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from cryptography import x509

from certs.catalogue import CATALOGUE
from certs.lote import TrustList
from certs.profiles import DAY, ROOT_DAYS, SIGNER_DAYS
from certs.x509 import Usage

AHEAD = 30  # days; a trust list lasts as long, a bundle a week
MARGIN = 7  # days in which whoever rotates may be late
BACKDATED = DAY  # certificates begin a day before they are made: clocks of other machines may be behind
_LISTS = 31  # days: nothing that is published lasts longer


@dataclass(frozen=True, slots=True)
class Plan:
    """In days. A certificate of a shorter life than planned gives way in the same proportions."""

    life: int
    outlives: int
    ahead: int = AHEAD


@dataclass(frozen=True, slots=True)
class Dates:
    """Of one certificate. Unix seconds."""

    made_known: int
    takes_over: int
    latest: int  # from here on, what it signs could outlive it
    ends: int


class Step(Enum):
    """What is due, or was done, with one signer."""

    PREPARE = "prepare"  # the next one is made, to be published
    SWITCH = "switch"  # the next one signs from now on
    RETIRE = "retire"  # a former one has ended and need not be published any more


@dataclass(frozen=True, slots=True)
class Generations:
    """The certificates of one signer: who signs, who is to follow, who signed before."""

    current: x509.Certificate
    following: x509.Certificate | None = None
    former: tuple[x509.Certificate, ...] = ()

    @property
    def published(self) -> tuple[x509.Certificate, ...]:
        """What verifiers must know, the one that signs first."""
        return (self.current, *((self.following,) if self.following else ()), *self.former)


_LONGEST = max(max(kind.credential_days, kind.printed_days or 0) for kind in CATALOGUE.values())
PLANS: Mapping[Usage, Plan] = MappingProxyType(
    {
        Usage.DOCUMENT_SIGNER: Plan(SIGNER_DAYS, _LONGEST),
        Usage.STATUS_SIGNER: Plan(SIGNER_DAYS, _LISTS),
        Usage.TRUST_LIST_SIGNER: Plan(SIGNER_DAYS, _LISTS),
        Usage.BUNDLE_SIGNER: Plan(SIGNER_DAYS, _LISTS),
        Usage.READER: Plan(SIGNER_DAYS, _LISTS),
    }
)
ROOT_PLAN = Plan(ROOT_DAYS, SIGNER_DAYS)  # a signer never has a shorter life because its root ends


def dates(certificate: x509.Certificate, plan: Plan) -> Dates:
    began, ends = _seconds(certificate)
    life = ends - began
    scale = min(1.0, life / (plan.life * DAY))
    latest = ends - int(plan.outlives * DAY * scale)
    takes_over = latest - int(MARGIN * DAY * scale)
    return Dates(takes_over - int(plan.ahead * DAY * scale), takes_over, latest, ends)


def due(held: Generations, plan: Plan, *, now: int) -> Step | None:
    """The one thing to do next; asked again after each."""
    if any(_seconds(each)[1] < now for each in held.former):
        return Step.RETIRE
    when = dates(held.current, plan)
    if held.following is None:
        return Step.PREPARE if now >= when.made_known else None
    known = _seconds(held.following)[0] + BACKDATED
    if now >= when.latest or now >= max(when.takes_over, known + (when.takes_over - when.made_known)):
        return Step.SWITCH
    return None


def relist(trust_list: TrustList, signers: Sequence[Generations], *, sequence: int, now: int, days: int) -> TrustList:
    """The list with all published certificates of each signer wherever one of them stood; nobody else gains a right."""

    def published(certificates: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
        kept = [each for each in certificates if _seconds(each)[1] >= now]
        for signer in signers:
            if any(each in signer.published for each in certificates):
                kept += [each for each in signer.published if each not in kept]
        return tuple(kept)

    return TrustList(
        sequence,
        now,
        now + days * DAY,
        tuple(replace(each, certificates=published(each.certificates)) for each in trust_list.services),
        readers=tuple(replace(each, certificates=published(each.certificates)) for each in trust_list.readers),
    )


def usage_of(certificate: x509.Certificate) -> Usage | None:
    """What it may sign; None for a root, and for what is not one of ours. Proves nothing."""
    try:
        purposes = list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return None
    return next((usage for usage in Usage if purposes == [usage.value]), None)


def is_root(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _seconds(certificate: x509.Certificate) -> tuple[int, int]:
    return int(certificate.not_valid_before_utc.timestamp()), int(certificate.not_valid_after_utc.timestamp())
