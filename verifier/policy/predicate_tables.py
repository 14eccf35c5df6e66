"""Predicates as TOML tables, one verb a table: read, and written.

Spec: TOML 1.0; the verbs and their keys are `_VERBS`, told in `verifier/policy/file.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from verifier.policy.predicates import Aged, AtLeast, Each, Either, InForce, Predicate, Row, Says
from verifier.policy.toml_shapes import Path, Wrong, known, tables, typed

_DEPTH = 8  # of predicates within predicates


def read(value: Any, path: Path) -> tuple[Predicate, ...]:
    """Raises Wrong."""
    return tuple(_predicate(each, (*path, place)) for place, each in enumerate(tables(value, path)))


def write(predicate: Predicate) -> Mapping[str, Any]:
    """The table that `read` takes for it."""
    match predicate:
        case Says(claim, values):
            return {"claim": claim, "says": values}
        case AtLeast(claim, least):
            return {"claim": claim, "at_least": least}
        case InForce(until, since):
            return {"in_force": until} | ({} if since is None else {"since": since})
        case Aged(years, claim):
            return {"aged": years, "claim": claim}
        case Row(claim, where):
            return {"row": claim, "where": tuple(map(write, where))}
        case Either(of):
            return {"either": tuple(map(write, of))}
        case Each(of):
            return {"each": tuple(map(write, of))}


def _predicate(table: Mapping[str, Any], path: Path) -> Predicate:
    if len(path) > 3 * _DEPTH:
        raise Wrong(path, "predicates within predicates, too deep")
    verbs = [verb for verb in _VERBS if verb in table]
    if len(verbs) != 1:
        unknown = [key for key in table if key not in _VERBS and key not in ("claim", "since", "where")]
        where = (*path, unknown[0]) if unknown and not verbs else path
        raise Wrong(where, f"a predicate has exactly one of: {', '.join(_VERBS)}")
    required, optional, make = _VERBS[verbs[0]]
    known(table, {verbs[0], *required, *optional}, path)
    for key in required:
        if key not in table:
            raise Wrong(path, f"{verbs[0]} needs {key}")
    return make(table, path)


def _text(table: Mapping[str, Any], key: str, path: Path) -> str:
    text: str = typed(table[key], str, (*path, key))
    return text


def _says(table: Mapping[str, Any], path: Path) -> Predicate:
    values = table["says"] if isinstance(table["says"], list) else [table["says"]]
    if not all(isinstance(each, (str, int, bool)) for each in values):
        raise Wrong((*path, "says"), "words, whole numbers, true or false")
    return Says(_text(table, "claim", path), *values)


def _at_least(table: Mapping[str, Any], path: Path) -> Predicate:
    return AtLeast(_text(table, "claim", path), typed(table["at_least"], int, (*path, "at_least")))


def _in_force(table: Mapping[str, Any], path: Path) -> Predicate:
    return InForce(_text(table, "in_force", path), _text(table, "since", path) if "since" in table else None)


def _aged(table: Mapping[str, Any], path: Path) -> Predicate:
    years = typed(table["aged"], int, (*path, "aged"))
    return Aged(years, _text(table, "claim", path)) if "claim" in table else Aged(years)


def _row(table: Mapping[str, Any], path: Path) -> Predicate:
    return Row(_text(table, "row", path), read(table["where"], (*path, "where")))


def _either(table: Mapping[str, Any], path: Path) -> Predicate:
    return Either(read(table["either"], (*path, "either")))


def _each(table: Mapping[str, Any], path: Path) -> Predicate:
    return Each(read(table["each"], (*path, "each")))


_Make = Callable[[Mapping[str, Any], Path], Predicate]
_VERBS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], _Make]] = {
    "says": (("claim",), (), _says),
    "at_least": (("claim",), (), _at_least),
    "in_force": ((), ("since",), _in_force),
    "aged": ((), ("claim",), _aged),
    "row": (("where",), (), _row),
    "either": ((), (), _either),
    "each": ((), (), _each),
}
