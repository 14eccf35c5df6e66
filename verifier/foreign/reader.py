"""The door to foreign documents: a text, the anchors given, and the kinds that the caller accepts, by name.

Spec: the steps and reason codes of `verifier.verifier`; none of these formats can prove who shows it, so step 8 never runs.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from certs.catalogue import Text
from certs.errors import CertsError, Unavailable
from certs.formats import Step, Trail
from certs.log import event
from verifier.foreign.model import Anchors, Framework, Verified
from verifier.result import Check, CheckOutcome, Outcome, Rejected, Undetermined, Verdict

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one check. `verified` is there only when the outcome is accepted."""

    outcome: Outcome
    framework: Framework | None  # by what its text begins with; None: of no framework that has anchors here
    checks: tuple[Check, ...]
    verified: Verified | None
    code: str | None
    reason: Text | None
    advice: Text | None

    @property
    def accepted(self) -> bool:
        return self.outcome is Outcome.ACCEPTED

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values; texts in both languages."""
        return {
            "outcome": self.outcome.value,
            "framework": self.framework,
            "code": self.code,
            "reason": _text(self.reason),
            "advice": _text(self.advice),
            "checks": [
                {"step": int(each.step), "name": each.step.name.lower(), "outcome": each.outcome, "code": each.code}
                for each in self.checks
            ],
            "verified": None if self.verified is None else _verified(self.verified),
        }


@dataclass(frozen=True, slots=True)
class Foreign:
    """Checks documents of the frameworks whose anchors it was given, and of no other. Opens no socket."""

    anchors: tuple[Anchors, ...]
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        if len({each.framework for each in self.anchors}) != len(self.anchors):
            raise ValueError("anchors of one framework given twice")

    def verify(self, text: str, *, accept: tuple[str, ...]) -> Verified:
        """The verified document, or `Rejected`, or `Undetermined`, whatever the text.

        `accept` names kinds (`eu_dcc.vaccination`) or a whole framework (`eu_dcc`). Raises ValueError where it names none, or
        one of a framework that has no anchors here.

        1. Bounds: it begins as a framework does whose anchors are here, is no longer than a QR code holds, cleanly encoded.
        2. Format: it is built as that framework says, compressed as it must be, and no larger inside than it may be.
        3. Issuer signature: by the key of an anchor that its key id names.
        4. Certificate: that anchor's certificate is valid now (EU DCC).
        5. Trust list: the anchor may sign this kind, and is the issuer that the document names; the anchors are not past their end.
        6. Validity: in date.
        7. Status: not withdrawn, where the issuer publishes that.
        9. Policy: one of its kinds is accepted here.
        """
        return self._run(text, self._accepted(accept), Trail())

    def inspect(self, text: str, *, accept: tuple[str, ...]) -> Report:
        """The same, as a value with every check."""
        trail, accepted = Trail(), self._accepted(accept)
        anchors = self._of(text) if isinstance(text, str) else None
        framework = anchors.framework if anchors else None
        try:
            verified = self._run(text, accepted, trail)
        except Verdict as verdict:
            open_question = isinstance(verdict, Undetermined)
            outcome = Outcome.UNDETERMINED if open_question else Outcome.REJECTED
            told = verdict.code, verdict.reason, verdict.advice
            return Report(outcome, framework, _checks(trail, verdict), None, *told)
        return Report(Outcome.ACCEPTED, framework, _checks(trail, None), verified, None, None, None)

    def _accepted(self, accept: tuple[str, ...]) -> frozenset[str]:
        known = {each.framework.value for each in self.anchors}
        if not accept or isinstance(accept, str) or any(name.split(".")[0] not in known for name in accept):
            raise ValueError(f"accept: name what is accepted, of {', '.join(sorted(known)) or 'no framework'}")
        return frozenset(accept)

    def _of(self, text: str) -> Anchors | None:
        return next((each for each in self.anchors if text.startswith(each.prefix)), None)

    def _run(self, text: str, accepted: frozenset[str], trail: Trail) -> Verified:
        try:
            return self._decide(text, accepted, trail)
        except Verdict:
            raise
        except Unavailable as error:
            raise Undetermined(error.code, trail.steps[-1], error.detail) from error
        except CertsError as error:
            raise Rejected(error.code, trail.steps[-1], error.detail) from error
        except Exception as error:
            # Whatever went wrong in here is our fault, and never a yes. The text itself stays out of the log.
            event(log, logging.ERROR, "verification_failed", step=int(trail.steps[-1]), error=error)
            raise Rejected("internal", trail.steps[-1], type(error).__name__) from error

    def _decide(self, text: str, accepted: frozenset[str], trail: Trail) -> Verified:
        trail.begin(Step.BOUNDS)  # 1
        if not isinstance(text, str):
            raise Rejected("encoding_invalid", Step.BOUNDS, "not a text")
        anchors = self._of(text)
        if anchors is None:
            raise Rejected("prefix_unknown", Step.BOUNDS, "of no framework that has anchors here")
        verified = anchors.check(text, now=int(self.clock()), trail=trail)  # 1 to 7
        trail.begin(Step.POLICY)  # 9
        if accepted.isdisjoint((verified.framework.value, *verified.kinds)):
            raise Rejected("policy_refused", Step.POLICY)
        return verified


def _checks(trail: Trail, verdict: Verdict | None) -> tuple[Check, ...]:
    return tuple(_check(step, trail, verdict) for step in Step)


def _check(step: Step, trail: Trail, verdict: Verdict | None) -> Check:
    if verdict is not None and verdict.step == step:
        unknown = isinstance(verdict, Undetermined)
        return Check(step, CheckOutcome.UNKNOWN if unknown else CheckOutcome.FAILED, verdict.code)
    return Check(step, CheckOutcome.PASSED if step in trail.steps else CheckOutcome.SKIPPED)


def _text(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"vi": text.vi, "en": text.en}


def _verified(verified: Verified) -> dict[str, Any]:
    return {
        "framework": verified.framework.value,
        "kinds": list(verified.kinds),
        "claims": dict(verified.claims),
        "full_name": verified.full_name,
        "birth_date": verified.birth_date,
        "issuer": verified.issuer,
        "signer": verified.signer,
        "issued": verified.issued,
        "expires": verified.expires,
        "holder_bound": verified.holder_bound,
        "status_as_of": verified.status_as_of,
        "trust_as_of": verified.trust_as_of,
    }
