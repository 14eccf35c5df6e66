"""What no document could ever meet: a policy that asks for it is refused when it is made, with the field and the kind named.

Spec: the fields and kinds of `certs/catalogue.py`. A kind that is not in the catalogue is not looked at.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from certs.catalogue import CATALOGUE, Kind
from certs.documents.model import Field
from verifier.policy.predicates import Aged, AtLeast, Each, Either, InForce, Predicate, Row, Says

_VALUES: Mapping[Kind, type] = MappingProxyType(
    {Kind.TEXT: str, Kind.DIGITS: str, Kind.CHOICE: str, Kind.COUNT: int, Kind.YES: bool}
)


class PolicyError(ValueError):
    """A policy that contradicts itself, or that no document can meet. The text says which part of it."""


def faults(
    documents: Iterable[str], asks: Iterable[str], claims: Iterable[tuple[str, object]], requires: Iterable[Predicate]
) -> Iterator[str]:
    """Each thing that is wrong, as a sentence. Where any kind is taken, one that can answer is enough."""
    kinds = [
        CATALOGUE[name] for name in dict.fromkeys(each.partition(".")[0] for each in documents) if name in CATALOGUE
    ]
    for kind in kinds:
        views = {f"{kind.name}.{view.name}" for view in kind.views}
        for named in documents:
            if named.startswith(f"{kind.name}.") and named not in views:
                yield f"{kind.name} has no view {named.removeprefix(f'{kind.name}.')}"
    for name in (*asks, *(name for name, _ in claims)):
        if not any(name in _fields(kind.fields) for kind in CATALOGUE.values()):
            yield f"no document has a field {name}"
        for kind in kinds:
            if name not in _fields(kind.fields):
                yield f"{kind.name} has no field {name}"
    for predicate in requires:
        wrong = {kind.name: unanswerable(predicate, kind.fields) for kind in kinds or CATALOGUE.values()}
        if kinds or all(wrong.values()):
            yield from (f"{kind}: {told}" if kinds else told for kind, told in wrong.items() if told)


def unanswerable(predicate: Predicate, fields: Iterable[Field]) -> str | None:
    """Why no document with these fields says yes or no to it; None where one can."""
    match predicate:
        case Either(of):
            each_told = [unanswerable(each, fields) for each in of]
            return None if None in each_told else "; ".join(filter(None, each_told)) or "either of nothing"
        case Each(of):
            return next(
                (told for each in of if (told := unanswerable(each, fields))), None if of else "each of nothing"
            )
        case InForce(until, since):
            return _dated(until, fields) or (None if since is None else _dated(since, fields))
        case Aged(_, claim):
            return _dated(claim, fields)
        case AtLeast(claim, _):
            return _of_kind(claim, fields, Kind.COUNT, "a number")
        case Row(claim, where):
            told = _of_kind(claim, fields, Kind.ROWS, "a list of rows")
            return told or unanswerable(Each(where), _fields(fields)[claim].columns)
        case Says(claim, values):
            return _says(claim, values, fields)


def _says(claim: str, values: tuple[object, ...], fields: Iterable[Field]) -> str | None:
    field = _fields(fields).get(claim)
    if field is None:
        return f"no field {claim}"
    if not values:
        return f"{claim}: one of nothing"
    kind = _VALUES.get(field.kind)
    if kind is None:
        return f"{claim} is {field.kind.value}, which nothing equals"
    for value in values:
        if type(value) is not kind:
            return f"{claim} never says {value!r}: it is {field.kind.value}"
        if field.choices and value not in field.choices:
            return f"{claim} never says {value!r}: its choices are {', '.join(field.choices)}"
    return None


def _dated(claim: str, fields: Iterable[Field]) -> str | None:
    return _of_kind(claim, fields, Kind.DATE, "a date")


def _of_kind(claim: str, fields: Iterable[Field], kind: Kind, called: str) -> str | None:
    field = _fields(fields).get(claim)
    if field is None:
        return f"no field {claim}"
    return None if field.kind is kind else f"{claim} is not {called}"


def _fields(fields: Iterable[Field]) -> Mapping[str, Field]:
    return {field.name: field for field in fields}
