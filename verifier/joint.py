"""Several texts judged by `AllOf`: which document meets which part, whether they are one person's, and what is said of each.

Spec: attacks KB-10; `verifier/policy/composed.py` (what is yes, no and cannot tell), `verifier/together.py` (one person).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from certs.catalogue import Text
from certs.formats import Step
from verifier.policy.composed import MOST, AllOf, OneDocument
from verifier.policy.single import Refusal
from verifier.reasons import REASONS
from verifier.result import Outcome, Rejected, Report, Verdict
from verifier.ruling import Ruling
from verifier.together import Together, join, twice

Rule = Callable[[str, OneDocument], Ruling]


@dataclass(frozen=True, slots=True)
class JointReport:
    """Everything about one check of several texts; `reports` has one for each, in the order in which they came.

    `together` is there only when the outcome is accepted. Where each document alone is accepted and all of them together are
    not, `code` says why, and `fields` which facts it is about.
    """

    outcome: Outcome
    reports: tuple[Report, ...]
    together: Together | None
    code: str | None = None
    fields: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """All of them, and all together."""
        return self.outcome is Outcome.ACCEPTED

    @property
    def reason(self) -> Text | None:
        """What happened, in both languages; None where it is accepted."""
        return None if self.code is None else REASONS[self.code].sentence

    @property
    def advice(self) -> Text | None:
        """What to do next, in both languages; None where it is accepted."""
        return None if self.code is None else REASONS[self.code].advice

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values. What was shown stands in it only where all of it is accepted."""
        reports = [report.to_json() for report in self.reports]
        if not self.accepted:
            reports = [{**report, "verified": None} for report in reports]
        said = None if self.code is None else REASONS[self.code]
        return {
            "outcome": self.outcome.value,
            "code": self.code,
            "fields": list(self.fields),
            "reason": None if said is None else {"vi": said.sentence.vi, "en": said.sentence.en},
            "advice": None if said is None else {"vi": said.advice.vi, "en": said.advice.en},
            "linked_by": [link.value for link in self.together.linked_by] if self.together else [],
            "documents": reports,
        }


@dataclass(frozen=True, slots=True)
class JointRuling:
    """`rulings` in the order of the texts, and for each part the number of its text; else `verdict`."""

    rulings: tuple[Ruling, ...]
    together: Together | None = None
    verdict: Verdict | None = None


def rule_all(texts: Sequence[str], demand: AllOf, rule: Rule) -> JointRuling:
    """1. no more texts than documents may come, and none twice
    2. each text meets a part of its own, and each part is met
    3. no document stands for two
    4. the documents are one person's
    """
    if len(texts) > MOST:  # 1
        return JointRuling((), None, Rejected("limit_exceeded", Step.BOUNDS, f"{len(texts)} texts"))
    table = [[rule(text, part) for part in demand.parts] for text in texts]
    best = tuple(max(row, key=lambda ruling: ruling.rank) for row in table)
    if _twice(texts, best):
        return JointRuling(best, None, Rejected("presentation_replayed", Step.HOLDER_PROOF, "the same twice"))
    met = _assigned(table, {Outcome.ACCEPTED}, len(demand.parts))  # 2
    if met is None:
        return JointRuling(best, None, _unmet(table, best, len(demand.parts)))
    chosen = tuple(table[number][met.index(number)] for number in range(len(texts)))
    in_order = [table[number][part] for part, number in enumerate(met)]
    documents = [(ruling.policy, ruling.verified) for ruling in in_order if ruling.verified]
    if twice(documents):  # 3
        return JointRuling(best, None, Rejected("presentation_replayed", Step.HOLDER_PROOF, "one document for two"))
    joined = join([verified for _, verified in documents], demand.linked_by)  # 4
    if isinstance(joined, Refusal):
        return JointRuling(chosen, None, Rejected(joined.code, Step.POLICY, "not one person", joined.fields))
    return JointRuling(chosen, joined)


def _twice(texts: Sequence[str], rulings: Sequence[Ruling]) -> bool:
    """One presentation: which document it is, `verifier.together.twice` tells."""
    written = [text for text in texts if isinstance(text, str)]
    named = [name for each in rulings if each.verified and (name := each.verified.presentation_id) is not None]
    return len(set(written)) < len(written) or len(set(named)) < len(named)


def _assigned(table: Sequence[Sequence[Ruling]], good: set[Outcome], parts: int) -> list[int] | None:
    """For each part the number of a text that meets it, every text once; None where there is no such way (Kuhn 1955)."""
    if len(table) != parts:
        return None
    text_of: list[int | None] = [None] * parts

    def place(text: int, tried: set[int]) -> bool:
        for part in range(parts):
            if part in tried or table[text][part].outcome not in good:
                continue
            tried.add(part)
            held = text_of[part]
            if held is None or place(held, tried):
                text_of[part] = text
                return True
        return False

    if not all(place(text, set()) for text in range(parts)):
        return None
    return [text for text in text_of if text is not None]


def _unmet(table: Sequence[Sequence[Ruling]], best: Sequence[Ruling], parts: int) -> Verdict:
    """A document that meets nothing is the reason; else one that is not known; else that one is missing or too many."""
    refused = next((each.verdict for each in best if each.outcome is Outcome.REJECTED), None)
    if refused is not None:
        return refused
    if len(table) > parts:
        return Rejected("policy_refused", Step.POLICY, "more documents than are asked for")
    if len(table) < parts:
        return Rejected("claims_missing", Step.POLICY, "a document is missing")
    if _assigned(table, {Outcome.ACCEPTED, Outcome.UNDETERMINED}, parts) is None:
        return Rejected("claims_missing", Step.POLICY, "two documents for one part, none for another")
    open_ones = (each.verdict for row in table for each in row if each.outcome is Outcome.UNDETERMINED)
    return next(each for each in open_ones if each is not None)
