"""Who was told what, and whether it can be true: every value is won once, and nobody is told "used" before anybody used it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Use(NamedTuple):
    """One attempt. Times are of the machine's one steady clock, so they compare between processes."""

    value: str
    won: bool
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Verdict:
    uses: int
    values: int
    double: tuple[str, ...]  # won more than once
    unused: tuple[str, ...]  # refused to everybody
    early: tuple[str, ...]  # refused to somebody before the winner had begun

    @property
    def holds(self) -> bool:
        return not (self.double or self.unused or self.early)


def judge(uses: Iterable[Use]) -> Verdict:
    by_value: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        by_value[use.value].append(use)
    double, unused, early = [], [], []
    for value, attempts in by_value.items():
        won = [use for use in attempts if use.won]
        if len(won) > 1:
            double.append(value)
        elif not won:
            unused.append(value)
        elif any(use.ended < won[0].began for use in attempts if not use.won):
            early.append(value)
    count = sum(len(attempts) for attempts in by_value.values())
    return Verdict(count, len(by_value), tuple(double), tuple(unused), tuple(early))
