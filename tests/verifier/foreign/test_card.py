"""The plain code of an identity card: read, and never taken for proof."""

import pytest

from certs.errors import Malformed
from tests.world import World
from verifier import Outcome, Policy, Rejected, Verifier
from verifier.foreign import card
from verifier.result import CheckOutcome, Step

CODE = "999203001234|012345678|Nguyễn Thị Thuỳ Dương|09052003|Nữ|12 Ngõ Huế, Phường Cửa Nam, Hà Nội|10032025"


def test_it_is_read() -> None:
    found = card.read(CODE)
    assert found == card.UnsignedCard(
        personal_identification_number="999203001234",
        old_number="012345678",
        full_name="Nguyễn Thị Thuỳ Dương",
        birth_date="2003-05-09",
        sex="female",
        residence="12 Ngõ Huế, Phường Cửa Nam, Hà Nội",
        issued_on="2025-03-10",
    )
    assert "không phải bằng chứng" in found.reason.vi and "not proof" in found.reason.en
    assert found.advice.en


def test_without_an_old_number_and_with_the_fields_of_the_new_card() -> None:
    assert card.read(CODE.replace("012345678|", "|")).old_number is None
    assert card.read(CODE + "||||").further == ("", "", "", "")
    assert card.read(CODE + "|Nguyễn Văn A|Trần Thị B").further == ("Nguyễn Văn A", "Trần Thị B")


@pytest.mark.parametrize(
    "text",
    [
        "",
        CODE.replace("999203001234", "99920300123"),
        CODE.replace("999203001234", "９99203001234"),
        CODE.replace("012345678", "12"),
        CODE.replace("09052003", "31022003"),
        CODE.replace("09052003", "09/05/2003"),
        CODE.replace("09052003", "00002003"),
        CODE.replace("10032025", ""),
        CODE.replace("Nữ", "F"),
        CODE.replace("Nguyễn Thị Thuỳ Dương", ""),
        CODE.replace("Dương", "Dương\u202e"),
        CODE.replace("Dương", "D\nương"),
        CODE.rpartition("|")[0],
        CODE + "|||||",
        CODE + "x" * 1024,
    ],
)
def test_what_is_not_written_as_a_card_is(text: str) -> None:
    with pytest.raises(Malformed):
        card.read(text)


@pytest.mark.parametrize("text", [CODE, CODE + "||||", "999203001234|", "999203001234|garbage"])
@pytest.mark.parametrize("policy", [Policy(), Policy(require_holder_proof=False, accept_printed=True)])
def test_a_verifier_tells_it_as_unsigned_whatever_the_policy(text: str, policy: Policy) -> None:
    world = World()
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    report = verifier.inspect(text, policy=policy)
    assert (report.outcome, report.code, report.verified) == (Outcome.REJECTED, "unsigned", None)
    assert [check.step for check in report.checks if check.outcome is CheckOutcome.FAILED] == [Step.ISSUER_SIGNATURE]
    with pytest.raises(Rejected):
        verifier.verify(text, policy=policy)
