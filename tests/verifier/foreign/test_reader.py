"""The door to foreign documents: off without anchors, and nothing is accepted that its caller did not name."""

import logging

import pytest

from tests.verifier.foreign.abroad import Clinic, Country, at, code, door, of
from tests.world import NOW, World
from verifier import Outcome, Policy, Rejected, Verifier
from verifier.foreign import Foreign, Verified, dcc
from verifier.result import CheckOutcome, Step

AUSTRIA, CLINIC = Country(), Clinic()
BOTH = door(of(AUSTRIA), at(CLINIC))


def test_each_is_off_until_its_anchors_are_given() -> None:
    assert code(door(of(AUSTRIA)), CLINIC.card()) == "prefix_unknown"
    assert code(door(at(CLINIC)), AUSTRIA.certify()) == "prefix_unknown"
    for text in (CLINIC.card(), AUSTRIA.certify()):
        assert code(BOTH, text) is None
    assert door(dcc.Anchors(())).inspect(AUSTRIA.certify(), accept=("eu_dcc",)).code == "key_not_found"


def test_what_is_accepted_must_be_named() -> None:
    vaccination, card = AUSTRIA.certify("v"), CLINIC.card()
    assert code(BOTH, vaccination, "shc") == "policy_refused"
    assert code(BOTH, vaccination, "eu_dcc.test", "eu_dcc.recovery") == "policy_refused"
    assert code(BOTH, vaccination, "eu_dcc.vaccination") is None
    assert code(BOTH, card, "eu_dcc") == "policy_refused"
    assert code(BOTH, card, "shc.laboratory") == "policy_refused"
    assert code(BOTH, card, "shc.laboratory", "shc.immunization") is None
    report = BOTH.inspect(vaccination, accept=("shc",))
    assert [check.step for check in report.checks if check.outcome is CheckOutcome.FAILED] == [Step.POLICY]


@pytest.mark.parametrize("accept", [(), "eu_dcc", ("driving_licence",), ("hc1",), ("eu_dcc", "lt")])
def test_to_accept_nothing_or_the_unknown_is_a_mistake_of_the_caller(accept: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="accept"):
        BOTH.verify(AUSTRIA.certify(), accept=accept)
    with pytest.raises(ValueError, match="accept"):
        BOTH.inspect(AUSTRIA.certify(), accept=accept)


def test_anchors_of_one_framework_are_given_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        Foreign((of(AUSTRIA), of(Country())))


@pytest.mark.parametrize("policy", [Policy(), Policy(require_holder_proof=False, accept_printed=True)])
def test_our_own_verifier_takes_none_of_them(policy: Policy) -> None:
    world = World()
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    for text in (CLINIC.card(), AUSTRIA.certify()):
        report = verifier.inspect(text, policy=policy)
        assert (report.outcome, report.code) == (Outcome.REJECTED, "prefix_unknown")


def test_our_own_documents_are_none_of_theirs() -> None:
    world = World()
    for text in (world.present(), world.paper()):
        assert code(BOTH, text) == "prefix_unknown"
        assert code(BOTH, "HC1:" + text.removeprefix("VN1:")) == "malformed"


def test_only_a_check_makes_a_verified() -> None:
    made = BOTH.verify(AUSTRIA.certify(), accept=("eu_dcc",))
    values = {name: getattr(made, name) for name in made.__dataclass_fields__ if name != "seal"}
    with pytest.raises(TypeError):
        Verified(**values, seal=None)


@pytest.mark.parametrize("text", ["", "HC1:", "shc:/", "HC1", "x", None, 5, b"HC1:"])
def test_whatever_the_text(text: object) -> None:
    with pytest.raises(Rejected):
        BOTH.verify(text, accept=("eu_dcc",))  # type: ignore[arg-type]


def test_a_fault_of_ours_is_never_a_yes_and_tells_no_text(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(dcc.Anchors):
        def check(self, text: str, **_: object) -> Verified:  # type: ignore[override]
            raise RuntimeError("broken")

    text = AUSTRIA.certify()
    with caplog.at_level(logging.ERROR):
        report = Foreign((Broken((AUSTRIA.anchor,)),), clock=lambda: NOW).inspect(text, accept=("eu_dcc",))
    assert (report.outcome, report.code) == (Outcome.REJECTED, "internal")
    assert caplog.records and text not in caplog.text
