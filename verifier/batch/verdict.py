"""The verdict on one row: yes, no or not known yet, why, when, and of an accepted document the claims asked for alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from verifier.policy.composed import OneDocument
from verifier.result import Outcome, Undetermined, Verdict
from verifier.verifier import Verifier

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """`code` is None for a yes. `claims` holds what was asked for and told whole. `checked_at` is in Unix seconds."""

    outcome: Outcome
    code: str | None
    claims: Mapping[str, Any] = field(repr=False)
    checked_at: int

    def __reduce__(self) -> tuple[Any, ...]:
        """For the way between two processes: a mapping that cannot be changed does not travel."""
        return _again, (self.outcome, self.code, dict(self.claims), self.checked_at)


def _again(outcome: Outcome, code: str | None, claims: dict[str, Any], checked_at: int) -> RowVerdict:
    return RowVerdict(outcome, code, MappingProxyType(claims) if claims else NOTHING, checked_at)


def check(verifier: Verifier, policy: OneDocument) -> None:
    """Raises ValueError where this verifier cannot be asked so, before the first row rather than in every one."""
    judged("", verifier, policy, ())


def judged(row: object, verifier: Verifier, policy: OneDocument, claims: tuple[str, ...]) -> RowVerdict:
    """`verifier.verify` refuses by itself whatever is no text."""
    now = int(verifier.clock())
    try:
        verified = verifier.verify(row, policy=policy)  # type: ignore[arg-type]
    except Verdict as verdict:
        outcome = Outcome.UNDETERMINED if isinstance(verdict, Undetermined) else Outcome.REJECTED
        return RowVerdict(outcome, verdict.code, NOTHING, now)
    told = {name: verified.claims[name] for name in claims if name in verified.claims and name not in verified.partial}
    return RowVerdict(Outcome.ACCEPTED, None, MappingProxyType(told), now)
