"""Once only: a form beside a policy asks nobody for what their document says."""

import pytest

from tests.shown import FORMS, show
from tests.world import World
from verifier import AllOf, AnyOf, Policy, PolicyError, Verifier, change
from verifier.policy.own_form import AskedTwice, FormField, OwnForm
from verifier.policy.predicates import OVER_18, Each, InForce
from verifier.policy.ready import READY

IDENTITY = Policy(documents=("citizen_identity.identity",))
CARD = Policy(documents=("health_insurance_card.card",))
HEALTH = Policy(documents=("health_record.insurance",))


@pytest.mark.parametrize(
    ("policy", "field", "document"),
    [
        (IDENTITY, FormField("full_name"), "citizen_identity"),
        (IDENTITY, FormField("ho_ten", claim="full_name"), "citizen_identity"),
        (
            IDENTITY,
            FormField("place_of_birth"),
            "citizen_identity",
        ),  # the document holds it, though this view does not tell it
        (Policy(), FormField("blood_group"), "health_record"),
        (AnyOf((CARD, HEALTH)), FormField("card_number"), "health_insurance_card"),
        (AnyOf((CARD, HEALTH)), FormField("phone"), "health_record"),
        (AllOf((IDENTITY, CARD)), FormField("benefit_level"), "health_insurance_card"),
        *((READY[name], FormField("full_name"), None) for name in READY),
    ],
)
def test_what_an_accepted_document_holds_is_not_asked_again(
    policy: Policy, field: FormField, document: str | None
) -> None:
    with pytest.raises(AskedTwice) as caught:
        OwnForm(policy, (FormField("monthly_income"), field))
    assert caught.value.field == field.name and document in (caught.value.document, None)
    told = str(caught.value)
    assert field.name in told and caught.value.document in told and field.asks_for in told and "`asks`" in told
    assert isinstance(caught.value, PolicyError)


def test_what_no_document_holds_may_be_asked() -> None:
    form = OwnForm(IDENTITY, (FormField("monthly_income"), FormField("phone")))
    assert [field.name for field in form.fields] == ["monthly_income", "phone"]
    with pytest.raises(PolicyError, match="two fields of one name"):
        OwnForm(IDENTITY, (FormField("a"), FormField("a", claim="phone")))


@pytest.mark.parametrize(
    ("policy", "claim", "refused"),
    [
        (IDENTITY, "full_name", True),  # every such view tells it
        (IDENTITY, "place_of_birth", False),
        (IDENTITY, "valid_until", False),  # a card may have none
        (Policy(documents=("citizen_identity",)), "full_name", False),  # the view of the age does not tell it
        (Policy(documents=("citizen_identity",), asks=("full_name",)), "full_name", True),
        (Policy(documents=("citizen_identity",), claims=(("age_over_18", True),)), "age_over_18", True),
        (Policy(documents=("health_insurance_card",), requires=(InForce("valid_until"),)), "valid_until", True),
        (Policy(documents=("citizen_identity",), requires=(OVER_18,)), "birth_date", False),  # or by the other fact
        (Policy(documents=("citizen_identity",), requires=(Each((InForce("valid_from"),)),)), "valid_from", True),
        (AnyOf((CARD, HEALTH)), "card_number", False),
        (AnyOf((CARD, HEALTH)), "full_name", True),
        (AllOf((IDENTITY, AnyOf((CARD, HEALTH)))), "residence", True),
        (AllOf((IDENTITY, AnyOf((CARD, HEALTH)))), "benefit_level", False),
        (Policy(), "full_name", False),
    ],
)
def test_a_field_for_those_whose_document_does_not_tell_it(policy: Policy, claim: str, refused: bool) -> None:
    field = FormField("own", claim=claim, unless_told=True)
    if refused:
        with pytest.raises(AskedTwice, match=f"always tells {claim}: leave the field out"):
            OwnForm(policy, (field,))
    else:
        assert OwnForm(policy, (field,)).fields == (field,)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_left_to_ask_of_this_person(world: World, verifier: Verifier, form: str) -> None:
    own = OwnForm(
        Policy(documents=("citizen_identity",)),
        (
            FormField("monthly_income"),
            FormField("ho_ten", claim="full_name", unless_told=True),
            FormField("place_of_birth", unless_told=True),
        ),
    )
    for view, left in (
        ("identity", ["monthly_income", "place_of_birth"]),
        ("age_over_18", ["monthly_income", "ho_ten", "place_of_birth"]),
    ):
        verified = show(world, form, "citizen_identity", view).verify(verifier)
        assert [field.name for field in own.left(verified)] == left


def test_a_list_of_which_a_part_was_withheld_may_be_asked_for(world: World, verifier: Verifier) -> None:
    own = OwnForm(Policy(documents=("driving_licence",)), (FormField("classes", unless_told=True),))
    shown = show(world, "dc+sd-jwt", claims=[("classes", 0, "class")])
    assert own.left(shown.verify(verifier)) == own.fields
    assert own.left(show(world, "dc+sd-jwt", claims=["classes"]).verify(verifier)) == ()


def test_of_several_documents_what_none_of_them_told(world: World, verifier: Verifier) -> None:
    licence = change(IDENTITY, documents=("driving_licence",))
    own = OwnForm(
        AllOf((IDENTITY, licence)),
        (FormField("points", unless_told=True), FormField("phone")),
    )
    texts = [world.present_text("citizen_identity"), world.present()]
    assert [field.name for field in own.left(verifier.verify_all(texts, policy=own.policy))] == ["phone"]  # type: ignore[arg-type]
