"""Which authentication level the factors of one log-in reach, and how relying parties hear of it.

Spec: Decree 69/2024/NĐ-CP Art. 20 (four levels); OpenID Connect Core 1.0 §2 (`acr`, `amr`); RFC 8176 §2

The authentication level is of the single event. It is never mixed with the account level, which says how well the
person was proofed.
"""

from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    KNOWN = "known"
    POSSESSED = "possessed"
    BIOMETRIC = "biometric"
    UNLOCKED = "unlocked"  # the device asked its owner for something known or a biometric, and does not say which


class Factor(StrEnum):
    """By its RFC 8176 name."""

    PASSWORD = "pwd"  # noqa: S105 (a name, not a password)
    PIN = "pin"
    ONE_TIME_CODE = "otp"
    SHORT_MESSAGE = "sms"
    SOFTWARE_KEY = "swk"
    HARDWARE_KEY = "hwk"
    CARD = "sc"
    FACE = "face"
    FINGERPRINT = "fpt"
    IRIS = "iris"
    VOICE = "vbm"
    USER_VERIFIED = "user"  # a passkey's flag: it proves no biometric, and nothing that we could name as known


KINDS = MappingProxyType(
    {
        Factor.PASSWORD: Kind.KNOWN,
        Factor.PIN: Kind.KNOWN,
        Factor.ONE_TIME_CODE: Kind.POSSESSED,
        Factor.SHORT_MESSAGE: Kind.POSSESSED,
        Factor.SOFTWARE_KEY: Kind.POSSESSED,
        Factor.HARDWARE_KEY: Kind.POSSESSED,
        Factor.CARD: Kind.POSSESSED,
        Factor.FACE: Kind.BIOMETRIC,
        Factor.FINGERPRINT: Kind.BIOMETRIC,
        Factor.IRIS: Kind.BIOMETRIC,
        Factor.VOICE: Kind.BIOMETRIC,
        Factor.USER_VERIFIED: Kind.UNLOCKED,
    }
)

# Decree 69/2024 Art. 20, strongest first: what must be among the kinds, and how many different kinds at least.
# "Different factors" is read as different kinds, so that two secrets in one head count once.
LEVELS: tuple[tuple[int, frozenset[Kind], int], ...] = (
    (4, frozenset({Kind.KNOWN, Kind.POSSESSED, Kind.BIOMETRIC}), 3),
    (3, frozenset({Kind.BIOMETRIC}), 2),
    (2, frozenset(), 2),
    (1, frozenset(), 1),
)


def authentication_level(factors: frozenset[Factor]) -> int:
    kinds = {KINDS[factor] for factor in factors}
    for level, needed, count in LEVELS:
        if needed <= kinds and len(kinds) >= count:
            return level
    raise ValueError("a log-in without a factor has no level")


def acr(level: int) -> str:
    return f"LoA{level}"


ACRS = MappingProxyType({acr(level): level for level, _, _ in LEVELS})


def level_of(acr_value: str) -> int:
    return ACRS[acr_value]


_SEVERAL = "mfa"


def amr(factors: frozenset[Factor]) -> tuple[str, ...]:
    several = len({KINDS[factor] for factor in factors}) > 1
    return (*sorted(factor.value for factor in factors), *((_SEVERAL,) if several else ()))  # RFC 8176 §2


def factors_of(amr_values: tuple[str, ...]) -> frozenset[Factor]:
    """What `amr` was made of."""
    return frozenset(Factor(value) for value in amr_values if value != _SEVERAL)


PASSWORD_ALONE = frozenset({Factor.PASSWORD})


def reachable(factors: frozenset[Factor]) -> tuple[str, ...]:
    """Every level up to the one that all of them together reach."""
    return tuple(acr(level) for level in range(1, authentication_level(factors) + 1))
