"""One text judged by one policy or by alternatives: a document or a verdict, and the way there. Nothing is used up here.

Spec: the steps of `certs.formats.Step`. Steps 1 to 8 are taken once for all alternatives that ask for the same proof.
"""

import logging
from typing import NamedTuple

from certs.bundle import Bundle, clock_is_behind
from certs.errors import CertsError, Unavailable
from certs.formats import Expected, Step, Verified
from certs.log import event
from verifier.foreign import card
from verifier.journey import Journey, NotingStatuses, NotingTrust
from verifier.policy.composed import OneDocument
from verifier.policy.single import (
    Policy,
    Unknown,
    bundle_is_stale,
    document_refusal,
    expected,
    expected_online,
)
from verifier.presented import Conversation, Form, form_of
from verifier.presented import verify as verify_presented
from verifier.result import Outcome, Rejected, Undetermined, Verdict

log = logging.getLogger(__name__)


class Ruling(NamedTuple):
    """What one policy says: `verified` where it accepts, else `verdict`."""

    policy: Policy
    journey: Journey
    verified: Verified | None = None
    verdict: Verdict | None = None
    taken_once: bool = False  # a guard was asked, and this was the first

    @property
    def outcome(self) -> Outcome:
        if self.verdict is None:
            return Outcome.ACCEPTED
        return Outcome.UNDETERMINED if isinstance(self.verdict, Undetermined) else Outcome.REJECTED

    @property
    def rank(self) -> tuple[int, int]:
        """The higher, the nearer to a yes: among refusals the one that came furthest."""
        step = 0 if self.verdict is None else int(self.verdict.step)
        return _RANKS[self.outcome], step


_NOT_YET = frozenset({"issued_in_future", "not_yet_valid", "cert_not_yet_valid"})
_RANKS = {Outcome.REJECTED: 0, Outcome.UNDETERMINED: 1, Outcome.ACCEPTED: 2}


class Examined(NamedTuple):
    """Steps 1 to 8: a document whose proofs hold, or what stopped them."""

    journey: Journey
    verified: Verified | None = None
    error: Exception | None = None


def rule(text: str, demand: OneDocument, *, bundle: Bundle, conversation: Conversation | None, now: int) -> Ruling:
    """The first alternative that accepts; else the first that cannot tell; else the refusal that came furthest."""
    if isinstance(demand, Policy):
        examined = _examine(text, demand, bundle, conversation, now)
        return _judge(text, examined, examined.journey, demand, bundle, now)
    known: dict[tuple[Expected, Expected], Examined] = {}
    rulings: list[Ruling] = []
    for policy in demand.alternatives:
        proof = expected(policy), expected_online(policy)
        if proof not in known:
            known[proof] = _examine(text, policy, bundle, conversation, now)
        rulings.append(_judge(text, known[proof], known[proof].journey.branch(), policy, bundle, now))
        if rulings[-1].verdict is None:
            break
    return max(rulings, key=lambda ruling: ruling.rank)  # of equal ones the first


def _examine(text: str, policy: Policy, bundle: Bundle, conversation: Conversation | None, now: int) -> Examined:
    journey = Journey()
    try:
        if not isinstance(text, str):
            raise Rejected("encoding_invalid", Step.BOUNDS, "not a text")
        if card.is_card(text):
            journey.trail.begin(Step.BOUNDS)
            raise Rejected(card.CODE, Step.ISSUER_SIGNATURE, "the plain code of an identity card")
        verified = verify_presented(  # 1 to 8
            text,
            trust=NotingTrust(bundle, journey),
            statuses=NotingStatuses(bundle.statuses, journey),
            now=now,
            policy=policy,
            conversation=conversation,
            trail=journey.trail,
        )
    except Exception as error:  # noqa: BLE001 — `_judge` says what it means; none of them is a yes
        return Examined(journey, None, error)
    return Examined(journey, verified)


def _judge(text: str, examined: Examined, journey: Journey, policy: Policy, bundle: Bundle, now: int) -> Ruling:
    try:
        if examined.verified is None:
            raise _of_the_clock(examined.error, bundle, now)
        return Ruling(policy, journey, _accept(text, examined.verified, policy, journey, bundle, now))
    except Verdict as verdict:
        return Ruling(policy, journey, None, verdict)
    except Unavailable as error:  # nobody noted it and went on: what is known so far is no yes, and no no either
        journey.unknown(journey.last, error.code)
        rejects = policy.meaning_of(error.code) is Unknown.REJECT
        return _refused(
            policy, journey, (Rejected if rejects else Undetermined)(error.code, journey.last, error.detail), error
        )
    except CertsError as error:
        return _refused(policy, journey, Rejected(error.code, journey.last, error.detail), error)
    except Exception as error:  # noqa: BLE001
        # Whatever went wrong in here is our fault, and never a yes. The text itself stays out of the log.
        event(log, logging.ERROR, "verification_failed", step=int(journey.last), error=error)
        return _refused(policy, journey, Rejected("internal", journey.last, type(error).__name__), error)


def _of_the_clock(error: Exception | None, bundle: Bundle, now: int) -> Exception:
    """Before its own trust data this clock is wrong, and not whatever it takes to be of the future."""
    if isinstance(error, CertsError) and error.code in _NOT_YET and clock_is_behind(bundle, now=now):
        return Unavailable("clock_unreliable", error.code)
    return error or AssertionError("neither a document nor an error")


def _accept(text: str, verified: Verified, policy: Policy, journey: Journey, bundle: Bundle, now: int) -> Verified:
    journey.trail.begin(Step.POLICY)  # 9
    refusal = document_refusal(verified, policy, now=now, chosen=form_of(text) is not Form.QR)
    if refusal is not None:
        raise Rejected(refusal.code, Step.POLICY, fields=refusal.fields)
    if clock_is_behind(bundle, now=now):
        journey.unknown(Step.VALIDITY, "clock_unreliable")
    if bundle_is_stale(bundle, policy, now=now):
        journey.unknown(Step.TRUST_LIST, "status_stale")
    open_questions = sorted(journey.unknowns.items())
    for step, code in open_questions:
        if policy.meaning_of(code) is Unknown.REJECT:
            raise Rejected(code, step)
    for step, code in open_questions:
        raise Undetermined(code, step)
    return verified


def _refused(policy: Policy, journey: Journey, verdict: Verdict, cause: Exception) -> Ruling:
    verdict.__cause__ = cause
    return Ruling(policy, journey, None, verdict)
