"""Enrol this phone: the right to do so from the provider, at a level of log-in that suffices, and a key of this browser there.

Spec: RFC 6749 §4.1, RFC 7636, RFC 9207 through `wallet.authorization`; RFC 9470 §3, §4 (the level); OpenID Connect Core
1.0 §5.3 (whose account it is); proofs: `certs/device.py`.

The passcode passes through and is kept nowhere; the key never leaves the browser.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from certs.fetch import Response
from wallet import authorization
from wallet import issuer as issuers
from wallet.authorization import ClientCredentials
from wallet.errors import WalletError
from wallet.issuer import Issuer, answer_of, error_of, post
from wallet.model import Person
from wallet.ports import Web
from wallet.words import waiting

SCOPE = "openid device"
LEVEL = ("LoA2",)  # what an enrolment takes, as the provider's challenge would say
ENROLMENT_SECONDS = 600  # time to think of a passcode; the provider's token may end sooner
NAME_LIMIT = 64
PASSCODE = re.compile(r"[0-9]{6}", re.ASCII)
_CODES = {
    "passcode_refused": "passcode_weak",
    "passcode_wrong": "passcode_other",
    "too_many_devices": "devices_full",
    "invalid_proof": "signature_refused",
}
LEVEL_NEEDED = "insufficient_user_authentication"
_ACR_VALUES = re.compile(r'acr_values="([\x21\x23-\x5b\x5d-\x7e ]{1,200})"', re.ASCII)


@dataclass(frozen=True, slots=True)
class Walk:
    """What must be known when the person comes back from the provider."""

    verifier: str = field(repr=False)
    acr_values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The right to enrol one phone, until its name, passcode and key have come."""

    token: str = field(repr=False)
    acr_values: tuple[str, ...]
    expires: int


@dataclass(frozen=True, slots=True)
class Enrolled:
    thumbprint: str
    name: str


@dataclass(frozen=True, slots=True)
class LevelNeeded:
    """The provider wants a stronger log-in first: ask again with these (RFC 9470 §4)."""

    acr_values: tuple[str, ...]


def begin(
    issuer: Issuer, client: ClientCredentials, *, language: str, acr_values: tuple[str, ...] = LEVEL
) -> tuple[str, str, Walk]:
    """The address to send the browser to, its `state`, and what to remember under it."""
    more = {"acr_values": " ".join(acr_values)}
    address, state, verifier = authorization.request(issuer, client, scope=SCOPE, language=language, more=more)
    return address, state, Walk(verifier, acr_values)


def arrive(
    walk: Walk,
    answer: Mapping[str, str],
    person: Person,
    issuer: Issuer,
    client: ClientCredentials,
    *,
    web: Web,
    now: int,
) -> Enrolment:
    """The right to enrol, for the very person whose wallet this is: a key of one must never sign for another."""
    try:
        access = authorization.trade(walk.verifier, answer, issuer, client, web=web, now=now)
    except WalletError as error:
        code = "enrolment_refused" if error.code == "asking_refused" else error.code
        raise WalletError(code, error.detail) from error
    endpoint = issuer.userinfo_endpoint
    if endpoint is None:
        raise WalletError("issuer_refused", "metadata: userinfo_endpoint")
    told = post(endpoint, None, web=web, token=access.token)  # OpenID Connect Core 1.0 §5.3.1
    if told.status != 200 or answer_of(told).get("sub") != person.pid:
        raise WalletError("other_person", f"userinfo: {told.status}")
    return Enrolment(access.token, walk.acr_values, now + ENROLMENT_SECONDS)


def nonce(issuer: str, *, web: Web) -> str:
    """Fresh, for the proof that the browser signs now."""
    return issuers.nonce(issuers.look_up(issuer, web=web), web=web)


def enrol(
    enrolment: Enrolment, *, issuer: str, proof: str, name: str, passcode: str, web: Web
) -> Enrolled | LevelNeeded:
    """Raises WalletError for whatever the person must hear of."""
    named = " ".join(name.split())
    if not 1 <= len(named) <= NAME_LIMIT:
        raise WalletError("device_name_needed", "name")
    if not PASSCODE.fullmatch(passcode):
        raise WalletError("passcode_form", "passcode")
    body = {"proof": proof, "name": named, "passcode": passcode}
    response = post(f"{issuer}/devices", body, web=web, token=enrolment.token)
    if response.status in {200, 201}:
        told = answer_of(response)
        return Enrolled(_text(told, "device_id", 43), _text(told, "name", NAME_LIMIT))
    error = error_of(response)
    if response.status == 401 and error == LEVEL_NEEDED:
        return _level(response, enrolment)
    raise _refusal(response, error)


def _level(response: Response, enrolment: Enrolment) -> LevelNeeded:
    """RFC 9470 §3. Who was asked for such a level already, and did not bring it, cannot reach it yet."""
    found = _ACR_VALUES.search(response.headers.get("www-authenticate", ""))
    wanted = tuple(found[1].split()) if found else LEVEL
    if set(wanted) & set(enrolment.acr_values):
        raise WalletError("level_unreachable", " ".join(wanted))
    return LevelNeeded(wanted)


def _refusal(response: Response, error: str) -> WalletError:
    if response.status == 429:
        return WalletError("too_many_tries", error, fill=waiting(response.headers.get("retry-after")))
    if response.status == 401:
        return WalletError("enrolment_unknown", error)
    return WalletError(_CODES.get(error, "device_refused"), f"devices: {response.status} {error}")


def _text(told: Mapping[str, object], name: str, limit: int) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        raise WalletError("device_refused", f"devices: {name}")
    return value
