"""A policy in a file: read strictly, refused with file, line and key, and the same after it was written."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier import AllOf, AnyOf, Link, Policy, PolicyError, Unknown
from verifier.policy.file import FILE_LIMIT, load, load_form, loads, loads_form
from verifier.policy.predicates import OVER_18, Aged, AtLeast, Each, Either, InForce, Predicate, Row, Says, drives
from verifier.policy.text import dumps

FULL = """
# What an officer asks for.
documents = ["driving_licence.licence", "driving_licence.full"]
issuers = ["public-security", "transport"]
asks = ["full_name", "licence_number"]
claims = { points = 12 }
audience = "Cảnh sát giao thông"
one_time = true
fresh_for = 30
skew = 5
max_status_age = 86400
status_unavailable = "reject"

[[requires]]
row = "classes"
where = [{ claim = "class", says = ["B", "C1"] }, { in_force = "expires", since = "issued" }]

[[requires]]
claim = "points"
at_least = 1

[[requires]]
either = [{ claim = "age_over_18", says = true }, { aged = 18 }]
"""


def test_every_key() -> None:
    assert loads(FULL) == Policy(
        documents=("driving_licence.licence", "driving_licence.full"),
        issuers=("public-security", "transport"),
        asks=("full_name", "licence_number"),
        claims=(("points", 12),),
        requires=(drives("B", "C1"), AtLeast("points", 1), OVER_18),
        audience="Cảnh sát giao thông",
        one_time=True,
        fresh_for=30,
        skew=5,
        max_status_age=86400,
        status_unavailable=Unknown.REJECT,
    )


def test_an_empty_file_is_the_policy_of_a_counter() -> None:
    assert loads("") == Policy()


def test_compositions() -> None:
    assert loads('[[any_of]]\ndocuments = ["citizen_identity"]\n[[any_of]]\naccept_printed = true') == AnyOf(
        (Policy(documents=("citizen_identity",)), Policy(accept_printed=True))
    )
    text = """
    linked_by = ["number", "name_and_birth"]
    [[all_of]]
    documents = ["citizen_identity"]
    [[all_of]]
    [[all_of.any_of]]
    documents = ["health_insurance_card"]
    [[all_of.any_of]]
    documents = ["health_record.insurance"]
    """
    assert loads(text) == AllOf(
        (
            Policy(documents=("citizen_identity",)),
            AnyOf((Policy(documents=("health_insurance_card",)), Policy(documents=("health_record.insurance",)))),
        ),
        (Link.NUMBER, Link.NAME_AND_BIRTH),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('document = ["driving_licence"]', "line 1: document: unknown key; known are accept_printed, asks, audience, claims"),
        ('\n\naudience = "a"\nchallenge = "00"', "line 4: challenge: unknown key"),
        ('documents = "driving_licence"', "line 1: documents: a list is needed, not a text"),
        ('documents = ["driving_license"]', "line 1: documents[0]: no such document: driving_license"),
        ('documents = ["driving_licence", "driving_licence.summary"]', "documents[1]: no such document"),
        ('issuers = ["police"]', "line 1: issuers[0]: no such authority: police"),
        ("documents = [3]", "documents[0]: a text is needed, not a whole number"),
        ("one_time = 1", "line 1: one_time: true or false is needed, not a whole number"),
        ("fresh_for = true", "fresh_for: a whole number is needed, not true or false"),
        ("fresh_for = 1.5", "fresh_for: a whole number is needed, not a fraction"),
        ("fresh_for = -1", "fresh_for: a number of seconds, not below 0"),
        ('max_status_age = "day"', "max_status_age: a whole number is needed, not a text"),
        ('status_stale = "accept"', "line 1: status_stale: one of: undetermined, reject"),
        ("claims = [1]", "claims: a table is needed, not a list"),
        ('claims = { shoe_size = 43 }', "no document has a field shoe_size"),
        ("one_time = true\naccept_printed = true", "one_time: a copy is the same each time"),
        ("fresh_for = 1\nfresh_for = 2", "overwrite"),
        ("x = 1\ndocuments 3", "(at line 2, column 11)"),
        ("[[requires]]\nclaim = 'points'\nat_leats = 1", "line 3: requires[0].at_leats: a predicate has exactly one of: says"),
        ("[[requires]]\nclaim = 'points'\nat_least = 1\nsays = 3", "line 1: requires[0]: a predicate has exactly one of"),
        ("[[requires]]\nat_least = 1", "requires[0]: at_least needs claim"),
        ("[[requires]]\naged = 18\nsince = 'x'", "line 3: requires[0].since: unknown key; known are aged, claim"),
        ("[[requires]]\naged = '18'", "line 2: requires[0].aged: a whole number is needed"),
        ("[[requires]]\nclaim = 'points'\nsays = 1.5", "requires[0].says: words, whole numbers, true or false"),
        ("[[requires]]\nclaim = 'points'\nsays = '12'", "no field points"),
        ("requires = 3", "requires: a list is needed"),
        ("requires = [3]", "requires[0]: a table is needed"),
        ("[[requires]]\nrow = 'classes'\nwhere = [{ aged = 1 }, { oged = 2 }]", "line 3: requires[0].where[1].oged: a predicate"),
        ("any_of = []", "AnyOf takes 1 to 8"),
        ("[[any_of]]\n[[any_of]]\n[any_of.claims]\nname = 'x'", "line 2: any_of[1]: no document has a field name"),
        ("audience = 'a'\n[[any_of]]", "line 1: audience: unknown key; known are any_of"),
        ("[[any_of]]\n[[any_of.any_of]]", "line 2: any_of[0].any_of: unknown key"),
        ("[[all_of]]", "AllOf takes 2 to 8"),
        ("[[all_of]]\n[[all_of]]\n[[all_of.all_of]]", "line 3: all_of[1].all_of: unknown key"),
        ("linked_by = ['blood']\n[[all_of]]\n[[all_of]]", "line 1: linked_by[0]: one of: number, name_and_birth, holder_key"),
        ("linked_by = []\n[[all_of]]\n[[all_of]]", "linked_by names at least one link"),
        ("linked_by = ['number']", "line 1: linked_by: unknown key"),
        ("[[form]]\nclaim = 'phone'", "line 1: form[0]: a field needs a name"),
        ("[[form]]\nname = 'a'\nwidth = 3", "line 3: form[0].width: unknown key"),
        (
            "documents = ['citizen_identity']\n[[form]]\nname = 'ho_ten'\nclaim = 'full_name'",
            "line 2: form: form field ho_ten: citizen_identity already holds full_name",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_key(text: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        loads(text, name="stop.toml")
    assert str(caught.value).startswith("stop.toml: ") and says in str(caught.value), str(caught.value)


def test_the_line_is_that_of_the_key_and_not_of_its_namesake() -> None:
    text = """
    documents = ["driving_licence"]   # since is no key here, and "since" is no key either
    [[any_of]]
    [[any_of.requires]]
    in_force = "issued_on"
    since = "birth_date"
    [[any_of.requires]]
    aged = 18
    since = "points"
    """.replace('documents = ["driving_licence"]', "")
    with pytest.raises(PolicyError, match=r"line 9: any_of\[0\].requires\[1\].since: unknown key"):
        loads(text)


def test_predicates_within_predicates_have_an_end() -> None:
    deep = "{ either = [" * 40 + "{ aged = 18 }" + "] }" * 40
    with pytest.raises(PolicyError, match="too deep"):
        loads(f"requires = [{deep}]")


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "stop.toml"
    with pytest.raises(FileNotFoundError):
        load(path)
    path.write_text(FULL, "utf-8")
    assert load(path) == loads(FULL)
    path.write_bytes(b"audience = '\xff'")
    with pytest.raises(PolicyError, match=r"stop\.toml: not UTF-8"):
        load(path)
    path.write_text("#" * FILE_LIMIT + "\n", "utf-8")
    with pytest.raises(PolicyError, match="longer than 65536 bytes"):
        load(path)


def test_the_form_beside_a_policy(tmp_path: Path) -> None:
    path = tmp_path / "open.toml"
    path.write_text(
        'documents = ["citizen_identity.identity"]\n[[form]]\nname = "occupation"\n'
        '[[form]]\nname = "noi_sinh"\nclaim = "place_of_birth"\nunless_told = true\n',
        "utf-8",
    )
    form = load_form(path)
    assert form.policy == load(path) == Policy(documents=("citizen_identity.identity",))
    assert [(field.name, field.asks_for, field.unless_told) for field in form.fields] == [
        ("occupation", "occupation", False),
        ("noi_sinh", "place_of_birth", True),
    ]
    assert loads_form("").fields == ()


# --- there and back ---------------------------------------------------------------------------------------------------

LEAF = st.sampled_from(
    [
        Says("points", 12, 3),
        Says("full_name", 'Đỗ "Ba"\n\\'),
        Says("age_over_18", True),
        AtLeast("points", 1),
        InForce("issued_on"),
        InForce("issued_on", since="birth_date"),
        Aged(18),
        Aged(6, "issued_on"),
        Row("classes", (Says("class", "B"), InForce("expires", since="issued"))),
    ]
)
PREDICATE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.builds(Either, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Each, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
SECONDS = st.one_of(st.none(), st.integers(0, 10**9))


@st.composite
def policies(draw: Any) -> Policy:
    predicates: list[Predicate] = draw(st.lists(PREDICATE, max_size=3))
    copies = draw(st.booleans())
    return Policy(
        documents=draw(
            st.sampled_from([(), ("driving_licence",), ("driving_licence.licence", "driving_licence.full")])
        ),
        issuers=draw(st.sampled_from([(), ("transport",)])),
        asks=draw(st.sampled_from([(), ("full_name", "classes")])),
        claims=draw(st.sampled_from([(), (("points", 12), ("age_over_18", True), ("full_name", "Nguyễn\tA\x7f"))])),
        requires=tuple(predicates),
        require_holder_proof=draw(st.booleans()) if copies else True,
        accept_printed=draw(st.booleans()) if copies else False,
        audience=draw(st.one_of(st.none(), st.text(st.characters(exclude_categories=("Cs",))))),
        one_time=not copies and draw(st.booleans()),
        fresh_for=draw(st.integers(0, 600)),
        online_skew=draw(st.integers(0, 600)),
        max_status_age=draw(SECONDS),
        max_trust_list_age=draw(SECONDS),
        clock_unreliable=draw(st.sampled_from(Unknown)),
    )


ANY_OF = st.builds(AnyOf, st.lists(policies(), min_size=1, max_size=3).map(tuple))
ALL_OF = st.builds(
    AllOf,
    st.lists(st.one_of(policies(), ANY_OF), min_size=2, max_size=3).map(tuple),
    st.lists(st.sampled_from(Link), min_size=1, max_size=3, unique=True).map(tuple),
)


@given(st.one_of(policies(), ANY_OF, ALL_OF))
def test_what_was_written_is_read_as_the_same(demand: Any) -> None:
    assert loads(dumps(demand)) == demand


def test_a_challenge_is_in_no_file() -> None:
    with pytest.raises(ValueError, match="new each time"):
        dumps(Policy(challenge=b"1"))
