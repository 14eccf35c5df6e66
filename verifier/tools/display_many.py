"""Several verdicts on a terminal: a line each, and at the end what they came to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from certs.catalogue import Text
from verifier import facts
from verifier.reasons import REASONS
from verifier.result import Outcome, Report
from verifier.tools.display import WORDS, Screen

NAME_MOST = 48  # characters of a name that are shown
NAMES_WIDTH = 12  # where the longest name is not known beforehand
_ROWS = Text("Tổng số", "All together")
_MOST = 8  # codes


@dataclass(frozen=True, slots=True)
class Judged:
    """Something with a name and its verdict; `report` is None where nothing could be checked, and `why` says so."""

    name: str
    report: Report | None
    why: Text | None = None

    @property
    def outcome(self) -> Outcome:
        """What could not be looked at is not known to be good."""
        return Outcome.UNDETERMINED if self.report is None else self.report.outcome

    def to_json(self) -> dict[str, object]:
        if self.report is None:
            why = None if self.why is None else {"vi": self.why.vi, "en": self.why.en}
            return {"source": self.name, "outcome": None, "reason": why}
        return {"source": self.name, **self.report.to_json()}


def row(judged: Judged, screen: Screen, *, width: int = 0) -> str:
    """One line: the name, the verdict, and who it is about or why not."""
    sign, word, colour = WORDS[judged.outcome]
    verdict = screen.paint(f"{sign} {screen.of(word):<{_verdict_width(screen)}}", colour)
    return f"{shown(judged.name):<{width}}  {verdict}  {_about(judged, screen)}".rstrip()


def table(several: Iterable[Judged], screen: Screen) -> str:
    rows = list(several)
    width = max((len(shown(each.name)) for each in rows), default=0)
    return "\n".join(row(each, screen, width=width) for each in rows)


def tally(outcomes: Mapping[str, int], codes: Mapping[str, int], screen: Screen) -> str:
    """How many of each outcome, and the most frequent reasons."""
    lines = []
    counted = [(WORDS[outcome], outcomes.get(outcome.value, 0)) for outcome in Outcome]
    labels = [f"{sign} {screen.of(word)}" for (sign, word, _), _ in counted] + [f"  {screen.of(_ROWS)}"]
    numbers = [f"{count:,}" for _, count in counted] + [f"{sum(outcomes.values()):,}"]
    colours = [colour for (_, _, colour), _ in counted] + [""]
    wide, far = max(map(len, labels)), max(map(len, numbers))
    for label, number, colour in zip(labels, numbers, colours, strict=True):
        text = f"{label:<{wide}}  {number:>{far}}"
        lines.append(screen.paint(text, colour) if colour else text)
    frequent = sorted(codes.items(), key=lambda one: -one[1])[:_MOST]
    if frequent:
        lines.append("")
    name_width = max((len(code) for code, _ in frequent), default=0)
    count_width = max((len(f"{count:,}") for _, count in frequent), default=0)
    for code, count in frequent:
        sentence = screen.of(REASONS[code].sentence) if code in REASONS else ""
        lines.append(f"  {code:<{name_width}}  {count:>{count_width},}  {sentence}")
    return "\n".join(lines)


def shown(name: str) -> str:
    """A file's name as a terminal may show it: no control characters, and not longer than a column."""
    clean = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return clean if len(clean) <= NAME_MOST else f"{clean[: NAME_MOST // 2 - 1]}…{clean[-NAME_MOST // 2 :]}"


def _verdict_width(screen: Screen) -> int:
    return max(len(screen.of(word)) for _, word, _ in WORDS.values())


def _about(judged: Judged, screen: Screen) -> str:
    report = judged.report
    if report is None:
        return "" if judged.why is None else screen.of(judged.why)
    if report.verified is None:
        return "" if report.code is None or report.reason is None else f"{report.code}: {screen.of(report.reason)}"
    name = facts.person(report.verified)
    return " · ".join(part for part in (screen.of(facts.title(report.verified)), name) if part)
