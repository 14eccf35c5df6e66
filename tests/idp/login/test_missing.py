"""Which ways are offered to whom: only what is missing, and what is enough by itself first."""

import pytest

from idp.login.acr import Factor
from idp.login.factors import WITH_SIMULATION, WITHOUT_SIMULATION
from idp.login.missing import ways

PASSWORD, SMS, OTP, FACE = Factor.PASSWORD, Factor.SHORT_MESSAGE, Factor.ONE_TIME_CODE, Factor.FACE
KEY, PIN, VERIFIED = Factor.SOFTWARE_KEY, Factor.PIN, Factor.USER_VERIFIED
ALWAYS = frozenset({PASSWORD, SMS, FACE})


@pytest.mark.parametrize(
    ("can", "proven", "least", "expected"),
    [
        (ALWAYS, {PASSWORD}, 2, [("code", True), ("face", True)]),
        (ALWAYS, {PASSWORD, SMS}, 3, [("face", True)]),
        (ALWAYS, {SMS}, 2, [("password", True), ("face", True)]),
        (ALWAYS, {PASSWORD}, 4, [("code", False), ("face", False)]),  # two steps
        (ALWAYS | {KEY, PIN}, {PASSWORD}, 4, [("phone", False), ("code", False), ("face", False)]),
        (ALWAYS | {KEY, VERIFIED}, {KEY, VERIFIED}, 3, [("face", True)]),
        ({PASSWORD}, {PASSWORD}, 2, []),
        ({PASSWORD, OTP}, {PASSWORD}, 2, [("code", True)]),
        ({PASSWORD, OTP}, {PASSWORD}, 3, []),
        ({PASSWORD, KEY, VERIFIED}, {PASSWORD}, 2, [("passkey", True)]),
    ],
)
def test_ways(can: set[Factor], proven: set[Factor], least: int, expected: list[tuple[str, bool]]) -> None:
    found = ways(frozenset(can), frozenset(proven), least=least)
    assert [(way.name, way.enough) for way in found] == expected


def test_outside_a_simulation_nobody_is_sent_a_message_or_compared() -> None:
    assert {SMS, FACE} == WITH_SIMULATION - WITHOUT_SIMULATION
