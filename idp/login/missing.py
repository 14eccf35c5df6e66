"""Which ways lead a signed-in person from the level that they have to the one that is asked for.

Spec: Decree 69/2024/NĐ-CP Art. 20; RFC 9470 §5 (only what is missing)
"""

from dataclasses import dataclass

from idp.login.acr import Factor, authentication_level

# The ways in which log-in asks, each with what it proves at once; the order is that of the page.
WAYS: tuple[tuple[str, frozenset[Factor]], ...] = (
    ("phone", frozenset({Factor.SOFTWARE_KEY, Factor.PIN})),
    ("passkey", frozenset({Factor.SOFTWARE_KEY, Factor.USER_VERIFIED})),
    ("code", frozenset({Factor.ONE_TIME_CODE})),
    ("code", frozenset({Factor.SHORT_MESSAGE})),
    ("password", frozenset({Factor.PASSWORD})),
    ("face", frozenset({Factor.FACE})),
)


@dataclass(frozen=True, slots=True)
class Way:
    name: str
    enough: bool  # by itself; otherwise one more step follows


def ways(can_prove: frozenset[Factor], proven: frozenset[Factor], *, least: int) -> tuple[Way, ...]:
    """Those that bring the level nearer, those that are enough by themselves first. Empty: it cannot be reached."""
    if authentication_level(can_prove | proven) < least:
        return ()
    possible = {name: proves for name, proves in WAYS if proves <= can_prove and not proves <= proven}
    useful = [Way(name, authentication_level(proven | proves) >= least) for name, proves in possible.items()]
    sufficient = [way for way in useful if way.enough]
    return tuple(sufficient or useful)
