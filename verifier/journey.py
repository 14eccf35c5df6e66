"""How far one verification came: the steps begun, and the questions on the way that could not be answered now.

Spec: the steps are those of `certs.formats.Step`. What cannot be known is noted and the checks go on, since a later *no* is final.
"""

from certs.bundle import Bundle
from certs.errors import Unavailable
from certs.formats import Step, Trail
from certs.status import StatusLists
from certs.trust import TrustedSigner, TrustStore
from verifier.policy.single import Policy, asks_nothing
from verifier.result import Check, CheckOutcome, Verdict


class Journey:
    def __init__(self) -> None:
        self.trail = Trail()
        self.unknowns: dict[Step, str] = {}

    @property
    def last(self) -> Step:
        return self.trail.steps[-1] if self.trail.steps else Step.BOUNDS

    def unknown(self, step: Step, code: str) -> None:
        self.unknowns.setdefault(step, code)

    def branch(self) -> "Journey":
        """So far the same; what comes is its own."""
        branch = Journey()
        branch.trail.steps.extend(self.trail.steps)
        branch.unknowns.update(self.unknowns)
        return branch

    def checks(
        self, policy: Policy, *, refused: Verdict | None = None, holder_bound: bool = True, taken_once: bool = False
    ) -> tuple[Check, ...]:
        not_asked = set[Step]()
        if asks_nothing(policy) and not taken_once:
            not_asked.add(Step.POLICY)
        if not holder_bound:
            not_asked.add(Step.HOLDER_PROOF)
        return tuple(self._check(step, refused, not_asked) for step in Step)

    def _check(self, step: Step, refused: Verdict | None, not_asked: set[Step]) -> Check:
        if refused is not None and step == refused.step:
            return Check(step, CheckOutcome.FAILED, refused.code)
        if step in self.unknowns:
            return Check(step, CheckOutcome.UNKNOWN, self.unknowns[step])
        if step not in self.trail.steps or step in not_asked:
            return Check(step, CheckOutcome.SKIPPED)
        return Check(step, CheckOutcome.PASSED)


class NotingStatuses(StatusLists):
    """The bundle's status lists, for one verification: an answer that cannot be had is noted."""

    def __init__(self, lists: StatusLists, journey: Journey) -> None:
        vars(self).update(vars(lists))  # what was inflated once stays so
        self._journey = journey

    def check(self, uri: str, index: int, *, now: int, max_age: int | None = None) -> int:
        try:
            return super().check(uri, index, now=now, max_age=max_age)
        except Unavailable as error:
            self._journey.unknown(Step.STATUS, error.code)
            return 0  # never seen: whoever notes an unknown gets no Verified


class NotingTrust(TrustStore):
    """The bundle's trust, for one verification, likewise: a signer's revocation list that is missing or old is noted."""

    def __init__(self, bundle: Bundle, journey: Journey) -> None:
        vars(self).update(vars(bundle.trust))  # the index and the cache of paths stay those that were made once
        self.known_as_of = {"bundle": bundle.issued, **bundle.trust.known_as_of}
        self._journey = journey

    def check_path(self, signer: TrustedSigner, *, now: int, signed: int | None = None) -> None:
        try:
            super().check_path(signer, now=now, signed=signed)
        except Unavailable as error:  # the last of its checks
            self._journey.unknown(Step.CERTIFICATE_PATH, error.code)
