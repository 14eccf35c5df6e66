"""What an account can sign in with now, of all that this provider offers.

Spec: NIST SP 800-63B-4 §3; Decree 69/2024/NĐ-CP Art. 20
"""

from collections.abc import Mapping
from types import MappingProxyType

from idp.login.acr import Factor, authentication_level
from idp.model import Authenticator, AuthenticatorKind
from idp.ports import Ports

# What each kind of authenticator proves. A passkey says by itself whether its key may leave the device; see `passkey`.
PROVES: Mapping[AuthenticatorKind, frozenset[Factor]] = MappingProxyType(
    {
        AuthenticatorKind.TOTP: frozenset({Factor.ONE_TIME_CODE}),
        AuthenticatorKind.RECOVERY_CODE: frozenset({Factor.ONE_TIME_CODE}),
        AuthenticatorKind.PASSCODE: frozenset(),  # only together with a device's key
        AuthenticatorKind.PASSKEY: frozenset({Factor.SOFTWARE_KEY, Factor.USER_VERIFIED}),
        AuthenticatorKind.DEVICE: frozenset({Factor.SOFTWARE_KEY, Factor.PIN}),
    }
)

WITHOUT_SIMULATION = frozenset({Factor.PASSWORD}).union(*PROVES.values())
# The network of short messages and the comparer of faces are simulated: elsewhere neither exists.
WITH_SIMULATION = WITHOUT_SIMULATION | {Factor.SHORT_MESSAGE, Factor.FACE}


def available(held: tuple[Authenticator, ...], *, offered: frozenset[Factor]) -> frozenset[Factor]:
    """The factors that an account with these authenticators can prove."""
    own = frozenset({Factor.PASSWORD, Factor.SHORT_MESSAGE, Factor.FACE})  # an account has a password, a phone, a face
    return (own.union(*(PROVES[one.kind] for one in held))) & offered


def reach(ports: Ports, account_id: str, *, offered: frozenset[Factor]) -> int:
    """The highest authentication level that the account can reach today."""
    return authentication_level(available(ports.authenticators.of_account(account_id), offered=offered))
