"""The `claims` parameter's essential `acr`, and what is told back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oidc.claims_request import MAX_CLAIMS, read
from idp.oidc.errors import AuthorizationError
from idp.oidc.requested_levels import ANY, demanded, satisfied


def claims(request: Any, member: str = "id_token") -> str:
    return json.dumps({member: {"acr": request}})


@pytest.mark.parametrize(
    ("sent", "values"),
    [
        (None, ()),
        ("{}", ()),
        (claims(None), ()),
        (claims({"values": ["LoA2"]}), ()),  # voluntary
        (claims({"essential": False, "values": ["LoA2"]}), ()),
        (claims({"essential": True}), ANY),
        (claims({"essential": True, "value": "LoA3"}), ("LoA3",)),
        (claims({"essential": True, "values": ["LoA3", "LoA2"]}), ("LoA3", "LoA2")),
        (claims({"essential": True, "values": ["urn:other"]}), ("urn:other",)),
        (claims({"essential": True, "values": ["LoA2"]}, "userinfo"), ("LoA2",)),
        (json.dumps({"verified_claims": 5, "id_token": {"email": {"essential": True}, "name": None}}), ()),
    ],
)
def test_what_is_demanded(sent: str | None, values: tuple[str, ...]) -> None:
    assert demanded(read(sent)) == values


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "[]",
        "{",
        '"acr"',
        json.dumps({"id_token": []}),
        json.dumps({"id_token": {"acr": "LoA2"}}),
        claims({"essential": "yes"}),
        claims({"essential": True, "values": []}),
        claims({"essential": True, "values": "LoA2"}),
        claims({"essential": True, "value": 2}),
        claims({"essential": True, "values": ["LoA2", 3]}),
        '{"id_token": {}, "id_token": {}}',
        json.dumps({"id_token": {"acr": {"values": ["x" * MAX_CLAIMS]}}}),
    ],
)
def test_malformed(sent: str) -> None:
    with pytest.raises(AuthorizationError, match="invalid_request"):
        demanded(read(sent))


@given(st.text())
def test_any_text_is_read_or_refused(sent: str) -> None:
    try:
        demanded(read(sent))
    except AuthorizationError as error:
        assert error.code == "invalid_request"


@pytest.mark.parametrize(
    ("level", "values", "told"),
    [
        (1, (), "LoA1"),
        (4, (), "LoA4"),
        (3, ("LoA2",), "LoA2"),  # one of the values that were demanded, not a better one
        (3, ("LoA2", "LoA3"), "LoA3"),
        (2, ("LoA3", "LoA2"), "LoA2"),
        (2, ("urn:other",), "LoA2"),
    ],
)
def test_what_is_told(level: int, values: tuple[str, ...], told: str) -> None:
    assert satisfied(level, values) == told
