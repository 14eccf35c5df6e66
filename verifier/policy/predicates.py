"""Questions to what a document says, as small frozen values: over 18, class B valid today, insurance in force.

Spec: Law 36/2024/QH15 Art. 57 (classes and their ends), Civil Code 2015 Art. 20 (adults), Art. 148 (a term ends with its last day).

A closed set, composed by `Either` and `Each`. The answer is yes, no, or *not told*, and *not told* is never taken for yes:
 - a fact that was not shown is not told; of a list of which a part was withheld, only what was shown can say yes
 - one yes is enough for `Either`, one no for `Each`, whatever else is not told
 - where only month or year of a date is known, the doubt counts against whoever shows it
Days are Vietnam's: a document that ends today is good until midnight there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType

from certs.documents.values import PartialDate, Typed, Value

HANOI = timezone(timedelta(hours=7))  # no summer time


@dataclass(frozen=True, slots=True)
class Says:
    """The fact is one of these: `Says("sex", "female")`, `Says("class", "B", "C1")`."""

    claim: str
    values: tuple[str | int | bool, ...]

    def __init__(self, claim: str, *values: str | int | bool) -> None:
        object.__setattr__(self, "claim", claim)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The number is this or more."""

    claim: str
    least: int


@dataclass(frozen=True, slots=True)
class InForce:
    """Today is no later than the day in `until`, and no earlier than that in `since`, where one is named. In a row, no end is
    no end; elsewhere a document without one does not answer."""

    until: str
    since: str | None = None


@dataclass(frozen=True, slots=True)
class Aged:
    """So many years have passed since the day of birth."""

    years: int
    claim: str = "birth_date"


@dataclass(frozen=True, slots=True)
class Row:
    """The list has a row that answers yes to each of these."""

    claim: str
    where: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these."""

    of: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Each:
    """All of these: one choice of an `Either`."""

    of: tuple["Predicate", ...]


Predicate = Says | AtLeast | InForce | Aged | Row | Either | Each

OVER_18 = Either((Says("age_over_18", True), Aged(18)))


def drives(*classes: str) -> Predicate:
    """One of these classes of a driving licence was given and has not ended: `drives("B")`. Which further classes the law lets
    a holder drive is for who asks to name."""
    return Row("classes", (Says("class", *classes), InForce("expires", since="issued")))


# An identity card has a first and a last day too, and insures nobody: the benefit level tells the insurance card from it.
_CARD_IN_FORCE = Each((AtLeast("benefit_level", 0), InForce("valid_until", since="valid_from")))
INSURED = Either((InForce("insurance_until"), _CARD_IN_FORCE))


def today(now: int) -> date:
    return datetime.fromtimestamp(now, UTC).astimezone(HANOI).date()


def answer(predicate: Predicate, told: Typed, *, day: date, partial: Iterable[str] = ()) -> bool | None:
    """True or False; None where the answer is not told. `partial` are facts of which a part was withheld."""
    return _ANSWERS[type(predicate)](predicate, told, day, frozenset(partial))


def names(predicate: Predicate) -> frozenset[str]:
    """The facts of the document that it asks about."""
    match predicate:
        case Either(of) | Each(of):
            return frozenset().union(*map(names, of))
        case InForce(until, since):
            return frozenset({until} if since is None else {until, since})
        case _:
            return frozenset({predicate.claim})


# --- one function a kind ----------------------------------------------------------------------------------------------


def _says(asked: Says, told: Typed, _day: date, partial: frozenset[str]) -> bool | None:
    if _untold(asked.claim, told, partial):
        return None
    said = told[asked.claim]
    return any(type(said) is type(value) and said == value for value in asked.values)  # True is not 1


def _at_least(asked: AtLeast, told: Typed, _day: date, partial: frozenset[str]) -> bool | None:
    said = None if _untold(asked.claim, told, partial) else told[asked.claim]
    return said >= asked.least if type(said) is int else None


def _in_force(asked: InForce, told: Typed, day: date, partial: frozenset[str]) -> bool | None:
    if asked.since is not None:
        begun = None if _untold(asked.since, told, partial) else _last(told[asked.since])
        if begun is None or begun > day:
            return None if begun is None else False
    if _untold(asked.until, told, partial):
        return None
    ends = told[asked.until]
    if ends is None:
        return True
    first = _first(ends)
    return None if first is None else day <= first


def _aged(asked: Aged, told: Typed, day: date, partial: frozenset[str]) -> bool | None:
    born = None if _untold(asked.claim, told, partial) else _last(told[asked.claim])
    return None if born is None else _birthday(born, asked.years) <= day


def _row(asked: Row, told: Typed, day: date, partial: frozenset[str]) -> bool | None:
    rows = told.get(asked.claim)
    if not isinstance(rows, tuple):
        return None
    answers = [_all(asked.where, row, day, frozenset()) for row in rows if isinstance(row, Typed)]
    if True in answers:
        return True
    return None if None in answers or asked.claim in partial else False


def _either(asked: Either, told: Typed, day: date, partial: frozenset[str]) -> bool | None:
    answers = [answer(each, told, day=day, partial=partial) for each in asked.of]
    return True if True in answers else None if None in answers else False


def _each(asked: Each, told: Typed, day: date, partial: frozenset[str]) -> bool | None:
    return _all(asked.of, told, day, partial)


def _all(asked: tuple[Predicate, ...], told: Typed, day: date, partial: frozenset[str]) -> bool | None:
    answers = [answer(each, told, day=day, partial=partial) for each in asked]
    return False if False in answers else None if None in answers else True


_ANSWERS: Mapping[type, Callable[..., bool | None]] = MappingProxyType(
    {
        Says: _says,
        AtLeast: _at_least,
        InForce: _in_force,
        Aged: _aged,
        Row: _row,
        Either: _either,
        Each: _each,
    }
)


def _untold(claim: str, told: Typed, partial: frozenset[str]) -> bool:
    return claim not in told or claim in partial


def _first(value: Value) -> date | None:
    return value.first if isinstance(value, PartialDate) else value if isinstance(value, date) else None


def _last(value: Value) -> date | None:
    return value.last if isinstance(value, PartialDate) else value if isinstance(value, date) else None


def _birthday(born: date, years: int) -> date:
    """Who was born on 29 February has a birthday on 1 March of a year without one."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)
