"""A policy in a file: TOML in, the frozen value out, and back. A key that is not known is an error and no policy.

Spec: TOML 1.0. The keys are the fields of `verifier.policy.Policy`, with their meaning; `challenge` is no key, since it is new
each time. Around them:

    any_of = [[…]] tables      alternatives for one document, each a policy                  → AnyOf
    all_of = [[…]] tables      documents of one person, each a policy or an `any_of`         → AllOf
    linked_by = ["number"]     beside all_of: what shows that it is one person
    claims = { points = 12 }   a table of facts and what they must say
    [[form]]                   a field of one's own form: name, claim, unless_told                → `verifier.policy.own_form`
    [[requires]]               one predicate a table:
        claim = "points",  at_least = 1                       claim = "class",  says = ["B", "C1"]
        in_force = "valid_until",  since = "valid_from"       aged = 18,  claim = "birth_date"
        row = "classes",  where = [ predicates ]              either = [ predicates ]      each = [ predicates ]

`loads(policy_text.dumps(policy)) == policy` for every policy without a challenge. Comments and the order of keys are not kept.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

from certs.catalogue import AUTHORITIES, CATALOGUE
from verifier.policy import predicate_tables
from verifier.policy.composed import AllOf, AnyOf, Demand, Link
from verifier.policy.faults import PolicyError
from verifier.policy.own_form import FormField, OwnForm
from verifier.policy.single import Policy, Unknown
from verifier.policy.toml_place import line_of
from verifier.policy.toml_shapes import Path as Place
from verifier.policy.toml_shapes import Wrong, choice, known, tables, typed, words, written

FILE_LIMIT = 64 * 1024  # bytes
_DEFAULTS = Policy()
_KEYS = {field.name: type(getattr(_DEFAULTS, field.name)) for field in fields_of(Policy) if field.name != "challenge"}
_FORM_KEYS = {"name": str, "claim": str, "unless_told": bool}
_NUMBERS = frozenset({"max_status_age", "max_bundle_age", "max_trust_list_age"})


def load(path: str | Path) -> Demand:
    """The policy. Raises OSError, and PolicyError with file, line and key for what is no policy."""
    return load_form(path).policy


def load_form(path: str | Path) -> OwnForm:
    """The policy with the form beside it, which has no field where the file has none. Raises as `load`."""
    with Path(path).open("rb") as file:
        data = file.read(FILE_LIMIT + 1)
    if len(data) > FILE_LIMIT:
        raise PolicyError(f"{path}: longer than {FILE_LIMIT} bytes")
    try:
        return loads_form(data.decode("utf-8"), name=str(path))
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8") from error


def loads(text: str, *, name: str = "policy") -> Demand:
    """Raises PolicyError: `stop.toml: line 4: requires[0].at_leats: unknown key; known are …`."""
    return loads_form(text, name=name).policy


def loads_form(text: str, *, name: str = "policy") -> OwnForm:
    """Raises PolicyError; AskedTwice's text is in it where the form asks for what a document holds."""
    try:
        table = tomllib.loads(text)
        fields = _form(table.pop("form", []), ("form",))
        demand = _demand(table, ())
        with _placed(("form",)):
            return OwnForm(demand, fields)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{name}: {error}") from error  # says line and column itself
    except Wrong as wrong:
        line = line_of(text, wrong.path)
        place = f"line {line}: " if line else ""
        raise PolicyError(f"{name}: {place}{written(wrong.path)}{wrong.says}") from wrong


# --- policies ---------------------------------------------------------------------------------------------------------


def _form(value: Any, path: Place) -> tuple[FormField, ...]:
    read = []
    for place, each in enumerate(tables(value, path)):
        here = (*path, place)
        known(each, _FORM_KEYS, here)
        if "name" not in each:
            raise Wrong(here, "a field needs a name")
        read.append(FormField(**{key: typed(one, _FORM_KEYS[key], (*here, key)) for key, one in each.items()}))
    return tuple(read)


def _demand(table: Mapping[str, Any], path: Place) -> Demand:
    if "all_of" not in table:
        return _one(table, path)
    known(table, {"all_of", "linked_by"}, path)
    parts = tables(table["all_of"], (*path, "all_of"))
    read = tuple(_one(each, (*path, "all_of", place)) for place, each in enumerate(parts))
    links = table.get("linked_by", [Link.NUMBER])
    with _placed(path):
        return AllOf(read, _links(links, (*path, "linked_by")))


def _one(table: Mapping[str, Any], path: Place) -> Policy | AnyOf:
    if "any_of" not in table:
        return _policy(table, path)
    known(table, {"any_of"}, path)
    alternatives = tables(table["any_of"], (*path, "any_of"))
    read = tuple(_policy(each, (*path, "any_of", place)) for place, each in enumerate(alternatives))
    with _placed(path):
        return AnyOf(read)


def _policy(table: Mapping[str, Any], path: Place) -> Policy:
    known(table, _KEYS, path)
    given = {key: _value(key, value, (*path, key)) for key, value in table.items()}
    _in_the_catalogue(given, path)
    with _placed(path):
        return Policy(**given)


def _in_the_catalogue(given: Mapping[str, Any], path: Place) -> None:
    """Here a name that is misspelt is an error: as a value it would quietly refuse everybody."""
    views = {f"{kind.name}.{view.name}" for kind in CATALOGUE.values() for view in kind.views}
    for key, listed in (("documents", {*CATALOGUE, *views}), ("issuers", set(AUTHORITIES))):
        for place, name in enumerate(given.get(key, ())):
            if name not in listed:
                raise Wrong((*path, key, place), f"no such {'document' if key == 'documents' else 'authority'}: {name}")


def _value(key: str, value: Any, path: Place) -> Any:
    if key == "claims":
        return tuple(typed(value, dict, path).items())
    if key == "requires":
        return predicate_tables.read(value, path)
    if key in _NUMBERS or _KEYS[key] is int:
        number = typed(value, int, path)
        if number < 0:
            raise Wrong(path, "a number of seconds, not below 0")
        return number
    if _KEYS[key] is tuple:
        return words(value, path)
    if _KEYS[key] is Unknown:
        return choice(Unknown, value, path)
    return typed(value, bool if _KEYS[key] is bool else str, path)


def _links(value: Any, path: Place) -> tuple[Link, ...]:
    return tuple(choice(Link, each, (*path, place)) for place, each in enumerate(typed(value, list, path)))


@contextmanager
def _placed(path: Place) -> Iterator[None]:
    """What the value itself refuses, with its place in the file."""
    try:
        yield
    except PolicyError as error:
        raise Wrong(path, str(error)) from error
