"""DCQL: what a query says, which credentials answer it and with which claims; and queries that want to be too much.

Spec: OpenID4VP 1.0 §6, §7 (the walk through the example of §7.3), Appendix D (queries in the shapes of its examples).
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import query
from certs.errors import Malformed
from certs.query import Credential, Held, Query, answerable, match, parse, select

VCT = "https://credentials.example.com/identity_credential"
ARTHUR = {
    "name": "Arthur Dent",
    "address": {"street_address": "42 Market Street", "locality": "Milliways", "postal_code": "12345"},
    "degrees": [
        {"type": "Bachelor of Science", "university": "University of Betelgeuse"},
        {"type": "Master of Science", "university": "University of Betelgeuse"},
    ],
    "nationalities": ["British", "Betelgeusian"],
}
PERSON = {"vct": VCT, "given_name": "John", "family_name": "Doe", "postal_code": "90210", "age": 42, "adult": True}
PID = Held(query.SD_JWT, VCT, {**PERSON, "address": {"street_address": "1 Main St"}})
MDL = Held(query.MDOC, "org.iso.18013.5.1.mDL", {"org.iso.18013.5.1": {"given_name": "John", "age_over_18": True}})


def asking(**members: Any) -> dict[str, Any]:
    return {"id": "pid", "format": query.SD_JWT, "meta": {"vct_values": [VCT]}, **members}


def only(**members: Any) -> Credential:
    return parse({"credentials": [asking(**members)]}).credentials[0]


def places(held: Held = PID, **members: Any) -> tuple[query.Place, ...] | None:
    found = match(only(**members), held)
    return None if found is None else found.places


# --- paths (§7.3) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("name",), ["Arthur Dent"]),
        (("address",), [ARTHUR["address"]]),
        (("address", "street_address"), ["42 Market Street"]),
        (("degrees", None, "type"), ["Bachelor of Science", "Master of Science"]),
        (("nationalities", 1), ["Betelgeusian"]),
        (("nationalities", 2), []),
        (("nationalities", "1"), []),
        (("name", 0), []),
        (("address", None), []),
        (("degrees", None, "thesis"), []),
        ((0,), []),
        ((None,), []),
    ],
)
def test_a_path_leads_to_what_the_specification_says(path: query.Path, found: list[Any]) -> None:
    assert [value for _, value in select(ARTHUR, path)] == found


def test_a_path_tells_where_each_element_stands() -> None:
    assert [place for place, _ in select(ARTHUR, ("degrees", None, "type"))] == [
        ("degrees", 0, "type"),
        ("degrees", 1, "type"),
    ]


def test_a_path_that_selects_a_flood_selects_nothing() -> None:
    wide = {"a": [[0] * 100] * 100}
    assert len(select(wide, ("a", None))) == 100 and select(wide, ("a", None, None)) == ()


# --- claims (§6.4.1) --------------------------------------------------------------------------------------------------


def test_without_claims_nothing_that_could_stay_is_sent() -> None:
    assert places() == ()


def test_all_claims_are_sent_or_none() -> None:
    both = [{"path": ["family_name"]}, {"path": ["address", "street_address"]}]
    assert places(claims=both) == (("family_name",), ("address", "street_address"))
    assert places(claims=[*both, {"path": ["phone"]}]) is None


def test_the_first_set_of_claims_that_can_be_met_is_sent() -> None:
    claims = [
        {"id": name, "path": [path]} for name, path in (("a", "family_name"), ("b", "postal_code"), ("c", "city"))
    ]
    assert places(claims=claims, claim_sets=[["a", "c"], ["a", "b"], ["a"]]) == (("family_name",), ("postal_code",))
    assert places(claims=claims, claim_sets=[["a"], ["a", "b"]]) == (("family_name",),)
    assert places(claims=claims, claim_sets=[["c"]]) is None


def test_a_claim_that_is_asked_for_twice_is_sent_once() -> None:
    assert only(claims=[{"path": ["age"]}, {"path": ["age"]}]).claims == only(claims=[{"path": ["age"]}]).claims


@pytest.mark.parametrize(
    ("path", "values", "fits"),
    [
        (["family_name"], ["Doe"], True),
        (["family_name"], ["doe"], False),
        (["postal_code"], ["90210", "90211"], True),
        (["postal_code"], [90210], False),
        (["age"], [42], True),
        (["age"], ["42"], False),
        (["adult"], [True], True),
        (["adult"], [1], False),
        (["address"], ["1 Main St"], False),
    ],
)
def test_values_match_by_type_and_value(path: list[str], values: list[Any], fits: bool) -> None:
    assert (places(claims=[{"path": path, "values": values}]) is not None) is fits


def test_elements_of_a_list_are_sent_only_where_their_value_is_asked_for() -> None:
    held = Held(query.SD_JWT, VCT, ARTHUR)
    claims = [{"path": ["nationalities", None], "values": ["British"]}]
    assert places(held, claims=claims) == (("nationalities", 0),)


# --- credentials (§6.1, §6.4.2) ---------------------------------------------------------------------------------------


def test_format_type_binding_and_authority_must_fit() -> None:
    assert places() == ()
    assert places(MDL) is None
    assert places(meta={"vct_values": ["https://elsewhere.example"]}) is None
    assert places(meta={"vct_values": ["https://elsewhere.example", VCT]}) == ()
    unbound = Held(query.SD_JWT, VCT, PERSON, bound=False)
    assert places(unbound) is None
    assert places(unbound, require_cryptographic_holder_binding=False) == ()
    certified = Held(query.SD_JWT, VCT, PERSON, frozenset({"s9tIpPmhxdiuNkHMEWNpYim8S8Y"}))
    aki = {"type": "aki", "values": ["other", "s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}
    assert places(certified, trusted_authorities=[aki]) == ()
    assert places(PID, trusted_authorities=[aki]) is None
    for type_ in ("etsi_tl", "openid_federation", "something new"):
        unknown = {"type": type_, "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}
        assert places(certified, trusted_authorities=[unknown]) is None
        assert places(certified, trusted_authorities=[unknown, aki]) == ()


def test_an_mdoc_is_asked_by_namespace_and_element() -> None:
    asked = {"id": "mdl", "format": query.MDOC, "meta": {"doctype_value": "org.iso.18013.5.1.mDL"}}
    claims = [{"path": ["org.iso.18013.5.1", "given_name"], "intent_to_retain": True}]
    (credential,) = parse({"credentials": [{**asked, "claims": claims}]}).credentials
    assert credential.claims[0].retain is True
    found = match(credential, MDL)
    assert found is not None and found.places == (("org.iso.18013.5.1", "given_name"),)
    for path in (["given_name"], ["a", "b", "c"], ["org.iso.18013.5.1", 0], ["org.iso.18013.5.1", None]):
        with pytest.raises(Malformed):
            parse({"credentials": [{**asked, "claims": [{"path": path}]}]})


def test_members_and_formats_that_we_do_not_know_are_passed_over() -> None:
    foreign = {"id": "x", "format": "jwt_vc_json", "meta": {"type_values": [["a"]]}, "colour": "blue"}
    asked = parse({"credentials": [foreign, asking(purpose="none")], "purpose": "none"})
    assert asked.credentials[0].types == () and match(asked.credentials[0], PID) is None


ALTERNATIVES = {
    "credentials": [asking(id=name) for name in ("pid", "other_pid", "reduced_1", "reduced_2", "nice_to_have")],
    "credential_sets": [
        {"options": [["pid"], ["other_pid"], ["reduced_1", "reduced_2"]]},
        {"options": [["nice_to_have"]], "required": False},
    ],
}


@pytest.mark.parametrize(
    ("has", "required", "optional"),
    [
        ({"pid", "other_pid"}, [("pid",), ("other_pid",)], []),
        ({"reduced_1"}, [], []),
        ({"reduced_1", "reduced_2", "nice_to_have"}, [("reduced_1", "reduced_2")], [("nice_to_have",)]),
        (set(), [], []),
    ],
)
def test_options_of_sets_that_can_be_met(has: set[str], required: list[Any], optional: list[Any]) -> None:
    asked = parse(ALTERNATIVES)
    assert [each.required for each in asked.sets] == [True, False]
    assert answerable(asked, lambda id_: id_ in has) == (tuple(required), tuple(optional))


def test_without_sets_everything_is_wanted() -> None:
    asked = parse({"credentials": [asking(id="a"), asking(id="b")]})
    assert asked.sets[0].options == (("a", "b"),) and asked.sets[0].required
    assert answerable(asked, lambda id_: id_ == "a") == ((),)


# --- what is no query -------------------------------------------------------------------------------------------------

CLAIM = {"id": "a", "path": ["name"]}


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        "{}",
        {},
        {"credentials": []},
        {"credentials": {}},
        {"credentials": [None]},
        {"credentials": [asking(), asking()]},
        {"credentials": [asking(id="")]},
        {"credentials": [asking(id="a b")]},
        {"credentials": [asking(id="é")]},
        {"credentials": [asking(id=1)]},
        {"credentials": [asking(format=None)]},
        {"credentials": [asking(meta=None)]},
        {"credentials": [asking(meta={})]},
        {"credentials": [asking(meta={"vct_values": []})]},
        {"credentials": [asking(meta={"vct_values": [1]})]},
        {"credentials": [asking(multiple=1)]},
        {"credentials": [asking(multiple=None)]},
        {"credentials": [asking(require_cryptographic_holder_binding="false")]},
        {"credentials": [asking(trusted_authorities=[])]},
        {"credentials": [asking(trusted_authorities=[{"type": "aki"}])]},
        {"credentials": [asking(trusted_authorities=[{"type": "aki", "values": [b"x".decode(), 1]}])]},
        {"credentials": [asking(claims=[])]},
        {"credentials": [asking(claims=None)]},
        {"credentials": [asking(claims=[{"path": []}])]},
        {"credentials": [asking(claims=[{"path": "name"}])]},
        {"credentials": [asking(claims=[{"path": [-1]}])]},
        {"credentials": [asking(claims=[{"path": [True]}])]},
        {"credentials": [asking(claims=[{"path": [1.0]}])]},
        {"credentials": [asking(claims=[{"path": [["name"]]}])]},
        {"credentials": [asking(claims=[{"path": [""]}])]},
        {"credentials": [asking(claims=[{"path": ["name"], "values": []}])]},
        {"credentials": [asking(claims=[{"path": ["name"], "values": [None]}])]},
        {"credentials": [asking(claims=[{"path": ["name"], "values": [1.5]}])]},
        {"credentials": [asking(claims=[{"path": ["name"], "intent_to_retain": 1}])]},
        {"credentials": [asking(claims=[CLAIM, CLAIM])]},
        {"credentials": [asking(claim_sets=[["a"]])]},
        {"credentials": [asking(claims=[{"path": ["name"]}], claim_sets=[["a"]])]},
        {"credentials": [asking(claims=[CLAIM], claim_sets=[])]},
        {"credentials": [asking(claims=[CLAIM], claim_sets=[[]])]},
        {"credentials": [asking(claims=[CLAIM], claim_sets=[["b"]])]},
        {"credentials": [asking(claims=[CLAIM], claim_sets=[[["a"]]])]},
        {"credentials": [asking()], "credential_sets": []},
        {"credentials": [asking()], "credential_sets": [{"options": []}]},
        {"credentials": [asking()], "credential_sets": [{"options": [[]]}]},
        {"credentials": [asking()], "credential_sets": [{"options": [["other"]]}]},
        {"credentials": [asking()], "credential_sets": [{"options": [["pid", "pid"]]}]},
        {"credentials": [asking()], "credential_sets": [{"options": [["pid"]], "required": "no"}]},
    ],
)
def test_what_is_no_query_is_refused(bad: object) -> None:
    with pytest.raises(Malformed):
        parse(bad)


MANY = 100_000


@pytest.mark.parametrize(
    "bomb",
    [
        {"credentials": [asking(id=f"c{n}") for n in range(query.CREDENTIALS_LIMIT + 1)]},
        {"credentials": [asking(meta={"vct_values": [VCT] * MANY})]},
        {"credentials": [asking(meta={"vct_values": ["x" * MANY]})]},
        {"credentials": [asking(claims=[{"path": [f"n{n}"]} for n in range(MANY)])]},
        {"credentials": [asking(claims=[{"path": [None] * (query.PATH_LIMIT + 1)}])]},
        {"credentials": [asking(claims=[{"path": ["x" * MANY]}])]},
        {"credentials": [asking(claims=[{"path": ["name"], "values": ["a"] * MANY}])]},
        {"credentials": [asking(claims=[CLAIM], claim_sets=[["a"]] * MANY)]},
        {"credentials": [asking(claims=[CLAIM], claim_sets=[["a"] * MANY])]},
        {"credentials": [asking(trusted_authorities=[{"type": "aki", "values": ["a"] * MANY}])]},
        {"credentials": [asking()], "credential_sets": [{"options": [["pid"]]}] * MANY},
        {"credentials": [asking()], "credential_sets": [{"options": [["pid"]] * MANY}]},
    ],
)
def test_a_bomb_is_counted_before_it_is_walked(bomb: object) -> None:
    with pytest.raises(Malformed) as caught:
        parse(bomb)
    assert caught.value.code == "limit_exceeded"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "format", "meta", "claims", "claim_sets", "path", "values", "options", "credentials"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_any_json_is_a_query_or_refused(value: Any, more: Any) -> None:
    for asked in (value, {"credentials": value}, {"credentials": [asking(claims=value, claim_sets=more)]}):
        try:
            found = parse(asked)
        except Malformed:
            continue
        assert isinstance(found, Query)
        for each in found.credentials:
            match(each, PID)
