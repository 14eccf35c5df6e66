"""Policies put together: alternatives for one document, and several documents of one person.

    AnyOf((insurance_card, health_record))                       # one document that meets either
    AllOf((identity, AnyOf((insurance_card, health_record))))    # two documents, of one and the same person

What cannot be known follows the same rule as everywhere: `AnyOf` is yes where one alternative is, else *cannot tell yet* where
one of them is, else no, for the reason of the alternative that came furthest. `AllOf` is no where one part is, else *cannot
tell yet* where one is, else yes. Values are frozen and can be pickled.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, overload

from verifier.policy.faults import PolicyError
from verifier.policy.single import Policy

MOST = 8  # alternatives, and documents of one person


class Link(StrEnum):
    """What tells that two documents are of one person. The issuer signed each of these facts."""

    NUMBER = "number"  # the same personal identification number: nobody else ever gets it
    NAME_AND_BIRTH = "name_and_birth"  # the same name and whole date of birth: two people may share them
    HOLDER_KEY = "holder_key"  # the same key in the same wallet, which may hold the papers of its owner's child as well


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One document that meets at least one of these. They may differ in everything, also in which proof each wants."""

    alternatives: tuple[Policy, ...]

    def __post_init__(self) -> None:
        _check(self.alternatives, (Policy,), least=1, name="AnyOf")

    @property
    def one_time(self) -> bool:
        """Whether any policy of it takes a presentation once: then a guard is needed."""
        return any(each.one_time for each in self.alternatives)


@dataclass(frozen=True, slots=True)
class AllOf:
    """As many documents as there are parts, each meeting another part, in any order; all of one person.

    linked_by   what suffices to tell that: any of these joins two documents, and all must hang together. Two documents that
                contradict each other about the person are refused whatever joins them.
    """

    parts: tuple[Policy | AnyOf, ...]
    linked_by: tuple[Link, ...] = (Link.NUMBER,)

    def __post_init__(self) -> None:
        _check(self.parts, (Policy, AnyOf), least=2, name="AllOf")
        if not self.linked_by or not all(isinstance(each, Link) for each in self.linked_by):
            raise PolicyError("AllOf: linked_by names at least one link")

    @property
    def one_time(self) -> bool:
        """Whether any policy of it takes a presentation once: then a guard is needed."""
        return any(each.one_time for each in self.parts)


OneDocument = Policy | AnyOf
Demand = Policy | AnyOf | AllOf


def leaves(demand: Demand) -> Iterator[Policy]:
    """Every single policy of it, in order."""
    match demand:
        case Policy():
            yield demand
        case AnyOf(alternatives):
            yield from alternatives
        case AllOf(parts):
            for part in parts:
                yield from leaves(part)


@overload
def change(demand: Policy, **changes: Any) -> Policy: ...
@overload
def change(demand: AnyOf, **changes: Any) -> AnyOf: ...
@overload
def change(demand: AllOf, **changes: Any) -> AllOf: ...
def change(demand: Demand, **changes: Any) -> Demand:
    """The same with these fields of `Policy` set in every single policy: `change(policy, audience="bank", challenge=shown)`."""
    match demand:
        case Policy():
            return replace(demand, **changes)
        case AnyOf(alternatives):
            return replace(demand, alternatives=tuple(replace(each, **changes) for each in alternatives))
        case AllOf(parts):
            return replace(demand, parts=tuple(change(each, **changes) for each in parts))


def _check(members: object, kinds: tuple[type, ...], *, least: int, name: str) -> None:
    if not isinstance(members, tuple) or not all(isinstance(each, kinds) for each in members):
        raise PolicyError(f"{name} takes a tuple of {' or '.join(kind.__name__ for kind in kinds)}")
    if not least <= len(members) <= MOST:
        raise PolicyError(f"{name} takes {least} to {MOST} of them, not {len(members)}")
