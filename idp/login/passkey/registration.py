"""A new passkey: what the browser is asked to make, and whether what came is one.

Spec: W3C Web Authentication Level 3 §7.1
 1. the browser's part (`ceremony.check_client`)
 2. the authenticator's part (`ceremony.check_data`)
 3. the credential is the one named, of a length that we keep (step 25)
 4. the algorithm is one that we offered, and the key can be used (step 19)
 5. the attestation statement is what it says (steps 21, 22)
 6. nobody has this credential yet (step 26), and the challenge was not used before: `keep`
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.webauthn import AttestationObject

from certs.encoding import b64url_decode, b64url_encode
from idp.login import challenge as challenges
from idp.login.passkey import attestation, ceremony
from idp.login.passkey.ceremony import Party, Refusal, Refused
from idp.model import Authenticator, AuthenticatorKind
from idp.ports import Ports

ALGORITHMS = (ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM)  # the first is preferred
TRANSPORTS = ("usb", "nfc", "ble", "smart-card", "hybrid", "internal")  # §5.8.4
MAX_CREDENTIAL_ID = 1023  # §7.1 step 25
MAX_HELD = 20  # passkeys of one account
RSA_BYTES = range(256, 513)  # 2048 to 4096 bits: neither weak nor slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A passkey that is right, for `keep`."""

    key: str
    data: Mapping[str, Any]
    counter: int
    challenge: bytes = field(repr=False)


def begin(
    party: Party,
    *,
    account_id: str,
    name: str,
    shown_as: str,
    held: Iterable[Authenticator],
    bound_to: str,
    now: int,
    random: Callable[[int], bytes],
) -> dict[str, Any]:
    """The options for `navigator.credentials.create`, as JSON. The browser shows our `name`, and `shown_as` in its list."""
    return {
        "rp": {"id": party.rp_id, "name": name},
        "user": {"id": b64url_encode(party.handle(account_id)), "name": shown_as, "displayName": shown_as},
        "challenge": ceremony.issue(party, ceremony.CREATE, bound_to=bound_to, now=now, random=random),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
        "excludeCredentials": ceremony.descriptors(held),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "indirect",  # asked for, not required: a browser that asks its person first may send none
    }


def finish(party: Party, sent: str, *, bound_to: str, now: int) -> Registered | Refused:
    try:
        with ceremony.refusing():
            return _registered(party, sent, bound_to=bound_to, now=now)
    except Refusal as refusal:
        return Refused(refusal.reason)


def keep(
    ports: Ports, registered: Registered, *, account_id: str, identifier: str, name: str, now: int
) -> Refused | None:
    """None: it is kept. A credential that somebody has already is the storage's conflict (6): of two at once one stays."""
    # Two at once may make one too many: the limit is for the list to be overseen, nothing rests on it.
    if len(ceremony.passkeys(ports.authenticators.of_account(account_id))) >= MAX_HELD:
        return Refused("too_many")
    if not challenges.spend(ports, registered.challenge):  # 6
        return Refused("used")
    ports.authenticators.add(
        Authenticator(
            authenticator_id=identifier,
            account_id=account_id,
            kind=AuthenticatorKind.PASSKEY,
            name=name,
            created_at=now,
            key=registered.key,
            data=registered.data,
            counter=registered.counter,
        )
    )
    return None


def _registered(party: Party, sent: str, *, bound_to: str, now: int) -> Registered:
    raw_id, response = ceremony.members(sent)
    client_data, made = b64url_decode(response["clientDataJSON"]), b64url_decode(response["attestationObject"])
    challenge = ceremony.check_client(party, client_data, ceremony.CREATE, bound_to=bound_to, now=now)  # 1
    attested = AttestationObject(made)
    data, credential = attested.auth_data, attested.auth_data.credential_data
    ceremony.check_data(party, data)  # 2
    if credential is None or credential.credential_id != raw_id or not 0 < len(raw_id) <= MAX_CREDENTIAL_ID:  # 3
        raise Refusal("credential_id")
    _check_key(credential.public_key)  # 4
    kept = {
        "id": b64url_encode(raw_id),
        "public_key": b64url_encode(cbor.encode(credential.public_key)),
        "aaguid": str(credential.aaguid),
        "transports": [each for each in TRANSPORTS if each in response.get("transports", ())],
        "backup_eligible": data.is_backup_eligible(),
        "backed_up": data.is_backed_up(),
        "user_verified": data.is_user_verified(),
        "attestation": attestation.checked(attested, hashlib.sha256(client_data).digest()),  # 5
    }
    return Registered(key=ceremony.key_of(raw_id), data=kept, counter=data.counter, challenge=challenge)


def _check_key(key: CoseKey) -> None:
    """A key that cannot verify now would fail its person at every log-in; one that verifies anything would be everybody's."""
    if key.get(3) not in ALGORITHMS or (key[3] == RS256.ALGORITHM and len(key[-1]) not in RSA_BYTES):
        raise Refusal("algorithm")
    try:
        key.verify(b"", bytes(64))
    except InvalidSignature:
        return
    raise Refusal("key")
