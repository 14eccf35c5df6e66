"""Any claims, hidden in any way, come back whole, and in parts exactly as chosen."""

import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.formats.disclosures import RESERVED, Hidden, choose, conceal, digest, parse, reveal

names = st.text("abcdé_.", min_size=1, max_size=4).filter(lambda name: name not in RESERVED)
leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.floats(allow_nan=False, allow_infinity=False)  # fmt: skip


def maybe_hidden(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | values.map(Hidden)


trees = st.recursive(
    leaves,
    lambda below: st.dictionaries(names, maybe_hidden(below), max_size=3) | st.lists(maybe_hidden(below), max_size=3),
    max_leaves=12,
)
claims_of = st.dictionaries(names, maybe_hidden(trees), max_size=4)


def bare(value: Any) -> Any:
    if isinstance(value, Hidden):
        return bare(value.value)
    if isinstance(value, dict):
        return {name: bare(each) for name, each in value.items()}
    return [bare(each) for each in value] if isinstance(value, list) else value


def shown_by_default(value: Any) -> Any:
    """What is left when nothing is disclosed."""
    if isinstance(value, dict):
        return {name: shown_by_default(each) for name, each in value.items() if not isinstance(each, Hidden)}
    if isinstance(value, list):
        return [shown_by_default(each) for each in value if not isinstance(each, Hidden)]
    return value


@given(claims_of, st.integers(0, 3))
def test_all_and_nothing(claims: dict[str, Any], decoys: int) -> None:
    payload, hidden = conceal(claims, random=secrets.token_bytes, decoys=decoys)
    whole = reveal(payload, hidden)
    assert whole.claims == bare(claims)
    assert reveal(payload, ()).claims == shown_by_default(claims)
    assert choose(whole, [(name,) for name in claims]) == tuple(whole.placed)
    assert choose(whole, []) == ()
    if not hidden and not decoys:
        assert payload == bare(claims)


@given(claims_of, st.data())
def test_any_choice_is_shown_with_its_parents_and_nothing_beside_it(
    claims: dict[str, Any], data: st.DataObject
) -> None:
    payload, hidden = conceal(claims, random=secrets.token_bytes)
    whole = reveal(payload, hidden)
    if not whole.nodes:
        return
    path = data.draw(st.sampled_from(whole.nodes))
    part = reveal(payload, choose(whole, [path]))  # every parent is there, or a disclosure would be left over
    assert path in part.nodes
    for place in part.placed.values():
        shortest = min(len(path), len(place))
        assert path[:shortest] == place[:shortest]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_name_is_not_hidden_nor_shown(name: str) -> None:
    for claims in ({name: 1}, {name: Hidden(1)}, {"a": Hidden({name: 1})}, {"a": [{name: 1}]}):
        with pytest.raises(ValueError, match="reserved"):
            conceal(claims, random=secrets.token_bytes)


def test_the_digest_of_the_specification() -> None:
    """RFC 9901 §4.2.3."""
    told = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert digest(told) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_the_parts_of_a_text() -> None:
    token = parse("a.b.c~d~e~f.g.h")
    assert (token.jwt, token.disclosures, token.key_binding) == ("a.b.c", ("d", "e"), "f.g.h")
    assert token.presented == "a.b.c~d~e~"
    assert parse("a.b.c~").key_binding is None
