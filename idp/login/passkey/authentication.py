"""Signing in with a passkey: what the browser is asked for, and whether what came proves something.

Spec: W3C Web Authentication Level 3 §7.2
 1. the passkey is known; where somebody is known already, it is theirs (steps 5, 6)
 2. the authenticator says that it was made for them (step 6)
 3. the browser's part (`ceremony.check_client`)
 4. the authenticator's part (`ceremony.check_data`)
 5. whether the key may be copied is as it was when it was registered (step 19)
 6. the signature over both (step 21)
 7. the signature counter rises, where the authenticator counts (step 22)
 8. the challenge was not used before: it ends with the step of the log-in that it is bound to

The flag *user verified* is a factor of its own (`idp.login.acr`): without it the answer proves possession alone. Where it
is, the level is the second at most: nobody tells us whether a finger or a number unlocked the key.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData

from certs.encoding import b64url_decode
from idp.login.acr import Factor
from idp.login.passkey import ceremony
from idp.login.passkey.ceremony import Party, Refusal, Refused
from idp.model import Authenticator
from idp.ports import Ports

COUNTER_FELL = "counter_fell"  # a copy of the key has signed, or signs now


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """What a browser sent, read and not yet believed. `key`: by it the passkey is found."""

    key: str
    raw_id: bytes = field(repr=False)
    client_data: bytes = field(repr=False)
    authenticator_data: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    user_handle: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A passkey whose answer is right, for `use`. `counter`: None where the authenticator does not count."""

    authenticator: Authenticator
    factors: frozenset[Factor]
    counter: int | None


def begin(
    party: Party,
    *,
    only: Iterable[Authenticator] | None,
    bound_to: str,
    now: int,
    random: Callable[[int], bytes],
) -> dict[str, Any]:
    """The options for `navigator.credentials.get`, as JSON. Without `only` the browser offers what it has for us."""
    options = {
        "rpId": party.rp_id,
        "challenge": ceremony.issue(party, ceremony.GET, bound_to=bound_to, now=now, random=random),
        "userVerification": "required",
    }
    return options if only is None else options | {"allowCredentials": ceremony.descriptors(only)}


def read(sent: str) -> Asserted | Refused:
    try:
        with ceremony.refusing():
            raw_id, response = ceremony.members(sent)
            handle = response.get("userHandle")
            return Asserted(
                key=ceremony.key_of(raw_id),
                raw_id=raw_id,
                client_data=b64url_decode(response["clientDataJSON"]),
                authenticator_data=b64url_decode(response["authenticatorData"]),
                signature=b64url_decode(response["signature"]),
                user_handle=None if handle is None else b64url_decode(handle),
            )
    except Refusal as refusal:
        return Refused(refusal.reason)


def finish(
    party: Party, asserted: Asserted, held: Authenticator | None, *, only: str | None, bound_to: str, now: int
) -> Shown | Refused:
    """`held` is what was found by its key; `only` the account that must answer, where somebody is known already."""
    if held is None:  # 1
        return Refused("unknown")
    if only is not None and held.account_id != only:  # 1
        return Refused("other_account")
    try:
        with ceremony.refusing():
            _check_owner(party, asserted.user_handle, held, known=only is not None)  # 2
            return _shown(party, asserted, held, bound_to=bound_to, now=now)
    except Refusal as refusal:
        return Refused(refusal.reason)


def use(ports: Ports, shown: Shown, *, now: int) -> bool:
    """Within the log-in's transaction: the counter rises, for one caller; False where the passkey was removed.

    The step that the challenge is bound to ends in this very transaction (`idp.web.proven`), and can end once: with it ends
    the challenge (8), which needs no row of its own.
    """
    return ports.authenticators.use(shown.authenticator.authenticator_id, now=now, counter=shown.counter)


def factors(data: AuthenticatorData) -> frozenset[Factor]:
    """A key that may be copied to other devices is software to us, wherever it lies (§6.1.3)."""
    key = Factor.SOFTWARE_KEY if data.is_backup_eligible() else Factor.HARDWARE_KEY
    return frozenset({key, Factor.USER_VERIFIED} if data.is_user_verified() else {key})


def _shown(party: Party, asserted: Asserted, held: Authenticator, *, bound_to: str, now: int) -> Shown:
    ceremony.check_client(party, asserted.client_data, ceremony.GET, bound_to=bound_to, now=now)  # 3
    data = AuthenticatorData(asserted.authenticator_data)
    ceremony.check_data(party, data)  # 4
    if data.is_backup_eligible() != held.data["backup_eligible"]:  # 5
        raise Refusal("backup")
    _check_signature(asserted, held)  # 6
    counts = data.counter != 0 or held.counter != 0
    if counts and data.counter <= held.counter:  # 7
        raise Refusal(COUNTER_FELL)
    counter = data.counter if counts else None
    return Shown(authenticator=held, factors=factors(data), counter=counter)


def _check_signature(asserted: Asserted, held: Authenticator) -> None:
    key = CoseKey.parse(cbor.decode(b64url_decode(held.data["public_key"])))  # type: ignore[arg-type]
    signed = asserted.authenticator_data + hashlib.sha256(asserted.client_data).digest()
    try:
        key.verify(signed, asserted.signature)
    except InvalidSignature as error:
        raise Refusal("signature") from error


def _check_owner(party: Party, sent: bytes | None, held: Authenticator, *, known: bool) -> None:
    """Where nobody is known yet, the authenticator must say whose passkey it is."""
    if sent is None and known:
        return
    if sent is None or not hmac.compare_digest(sent, party.handle(held.account_id)):
        raise Refusal("user_handle")
