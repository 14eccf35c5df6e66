"""Several documents of one person: what makes them one person's, and what they then are together.

Spec: attacks KB-10 (each presentation stands on its own key; a combined identity of two people is refused).

A wallet keeps a key for each document, so that nobody follows a person by it: two keys do not tell two people apart, and one key
does not make one (a parent's wallet holds the child's papers). So it is the facts that issuers signed which join documents.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from certs.catalogue import CATALOGUE
from certs.formats import Verified
from verifier.policy.composed import Link
from verifier.policy.single import Policy, Refusal

NUMBER, NAME, BIRTH, SEX = "personal_identification_number", "full_name", "birth_date", "sex"
_FIELDS: Mapping[Link, tuple[str, ...]] = {
    Link.NUMBER: (NUMBER,),
    Link.NAME_AND_BIRTH: (NAME, BIRTH),
    Link.HOLDER_KEY: (),
}

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")  # grave, acute, tilde, hook above, dot below


@dataclass(frozen=True, slots=True)
class Together:
    """Documents of one person, in the order of the policy's parts; and by which links that is known."""

    documents: tuple[Verified, ...]
    linked_by: tuple[Link, ...]

    def of(self, kind: str) -> Verified:
        """The first document of that kind: `together.of("driving_licence").claims`. Raises KeyError."""
        for each in self.documents:
            if each.document == kind:
                return each
        raise KeyError(kind)


def twice(shown: Sequence[tuple[Policy, Verified]]) -> bool:
    """Whether one document stands in two places: the same credential, a copy of it under another key, or it in another format.

    Two of one kind are two documents where what tells such documents apart differs (a plate, or whose they are) and each says
    it. Two views of one are what was asked for where each policy names views of its own, and else one document as well.
    """
    return any(_same_document(one, other) for one, other in combinations(shown, 2))


def _same_document(one: tuple[Policy, Verified], other: tuple[Policy, Verified]) -> bool:
    (asked, mine), (also, theirs) = one, other
    if mine.document != theirs.document:
        return False
    kind = CATALOGUE.get(mine.document)
    for name in (*_AGREE, kind.identified_by if kind else ""):
        told, again = _told(mine, name), _told(theirs, name)
        if told is not None and again is not None and not _AGREE.get(name, _same)(told, again):
            return False
    views, others = (_views(policy, mine.document) for policy in (asked, also))
    return not views or not others or not views.isdisjoint(others)


def _views(policy: Policy, kind: str) -> frozenset[str]:
    """Those that it names of this kind; none where it takes the whole kind."""
    named = frozenset(name for name in policy.documents if name.partition(".")[0] == kind)
    return frozenset() if kind in named else named


def join(documents: Sequence[Verified], linked_by: Sequence[Link]) -> Together | Refusal:
    """1. no two contradict each other about the person      (claim_conflict)
    2. all hang together by links that suffice here      (claims_missing: a view that tells more would join them)
    """
    for name, agree in _AGREE.items():  # 1
        told = [value for each in documents if (value := _told(each, name)) is not None]
        if any(not agree(told[0], other) for other in told[1:]) or (name == BIRTH and not _one_birth(told)):
            return Refusal("claim_conflict", (name,))
    joined, used, waiting = [documents[0]], list[Link](), list(documents[1:])
    while waiting:  # 2
        found = next(
            ((each, link) for each in waiting for other in joined for link in linked_by if _linked(each, other, link)),
            None,
        )
        if found is None:
            return Refusal("claims_missing", tuple(dict.fromkeys(name for link in linked_by for name in _FIELDS[link])))
        waiting.remove(found[0])
        joined.append(found[0])
        used.append(found[1])
    return Together(tuple(documents), tuple(dict.fromkeys(used)))


def _linked(one: Verified, other: Verified, link: Link) -> bool:
    if link is Link.HOLDER_KEY:
        keys = [each.holder_thumbprint for each in (one, other) if each.holder_bound]
        return len(keys) == 2 and keys[0] is not None and keys[0] == keys[1]
    values = [(_told(one, name), _told(other, name)) for name in _FIELDS[link]]
    if any(mine is None or theirs is None for mine, theirs in values):
        return False
    if link is Link.NAME_AND_BIRTH and any(len(day) != len("2001-05-09") for day in values[1] if day is not None):
        return False
    return all(_AGREE[name](*pair) for name, pair in zip(_FIELDS[link], values, strict=True))


def _told(verified: Verified, name: str) -> Any:
    return None if name in verified.partial else verified.claims.get(name)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other)


def _same_name(one: Any, other: Any) -> bool:
    """Registers put a syllable's tone on another letter (Thuỳ, Thùy), or write capitals. Hoà and Hoa are two names."""
    return _syllables(one) == _syllables(other)


def _same_birth(one: Any, other: Any) -> bool:
    """A year agrees with a day of it."""
    return bool(one.startswith(other) or other.startswith(one))


def _one_birth(told: Sequence[Any]) -> bool:
    """Each with each: two days of one year both agree with the year."""
    return all(_same_birth(one, other) for one in told for other in told)


def _syllables(name: str) -> list[tuple[str, ...]]:
    """Letters with their quality, and beside them the one tone of the syllable, wherever it was put."""
    words = (unicodedata.normalize("NFD", word.casefold()) for word in name.split())
    return [(*sorted(_TONES & set(word)), "".join(each for each in word if each not in _TONES)) for word in words]


_AGREE = {NUMBER: _same, NAME: _same_name, BIRTH: _same_birth, SEX: _same}
