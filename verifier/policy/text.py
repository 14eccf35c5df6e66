"""A policy as the TOML that `verifier/policy/file.py` reads: what is as it is by default is left out.

Spec: TOML 1.0. `policy_file.loads(dumps(policy)) == policy`; a challenge is not written, since it is new each time.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any

from verifier.policy import predicate_tables
from verifier.policy.composed import AllOf, AnyOf, Demand
from verifier.policy.single import Policy

_DEFAULTS = Policy()


def dumps(demand: Demand) -> str:
    """Raises ValueError for a policy with a challenge."""
    return "".join(f"{line}\n" for line in _lines(demand, ""))


def _lines(demand: Demand, path: str) -> Iterable[str]:
    match demand:
        case Policy():
            yield from _policy(demand, path)
        case AnyOf(alternatives):
            yield from _listed(alternatives, f"{path}any_of")
        case AllOf(parts, linked_by):
            yield f"linked_by = {_value(linked_by)}"
            yield from _listed(parts, f"{path}all_of")


def _listed(members: Iterable[Policy | AnyOf], path: str) -> Iterable[str]:
    for each in members:
        yield ""
        yield f"[[{path}]]"
        yield from _lines(each, f"{path}.")


def _policy(policy: Policy, path: str) -> Iterable[str]:
    if policy.challenge is not None:
        raise ValueError("a challenge is new each time, and stands in no file")
    for field in fields(Policy):
        value = getattr(policy, field.name)
        if value != getattr(_DEFAULTS, field.name) and field.name != "requires":
            yield f"{field.name} = {_value(dict(value) if field.name == 'claims' else value)}"
    for predicate in policy.requires:
        yield ""
        yield f"[[{path}requires]]"
        yield from (f"{key} = {_value(value)}" for key, value in predicate_tables.write(predicate).items())


def _value(value: Any) -> str:
    """Inline; a TOML text is written as a JSON one is."""
    match value:
        case bool():
            return "true" if value else "false"
        case StrEnum() | str():
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
        case int():
            return str(value)
        case Mapping():
            return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
        case tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
    raise ValueError(f"{type(value).__name__} cannot be written")
