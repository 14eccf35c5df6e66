"""Every check of a log-in with a passkey fails on an answer that is wrong in this one thing, and on nothing else."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorAssertionResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
)
from hypothesis import given
from hypothesis import strategies as st

from certs.encoding import b64url_decode, b64url_encode
from idp.login.acr import Factor, authentication_level
from idp.login.passkey import ceremony
from idp.login.passkey.authentication import COUNTER_FELL, Shown
from idp.login.passkey.ceremony import Refused
from idp.model import Authenticator
from tests.idp.login.authenticator import (
    BACKED_UP,
    ELIGIBLE,
    ORIGIN,
    PRESENT,
    USUAL,
    VERIFIED,
    Passkey,
    eddsa,
    es256,
    rs256,
    sign,
)
from tests.idp.login.passkey.ceremonies import ACCOUNT, NOW, STEP, kept, request, shown


def refused(sent: str, held: Authenticator | None, **changed: Any) -> str:
    found = shown(sent, held, **changed)
    assert isinstance(found, Refused), found
    return found.reason


def right(sent: str, held: Authenticator, **changed: Any) -> Shown:
    found = shown(sent, held, **changed)
    assert isinstance(found, Shown), found
    return found


def by_the_library(sent: str, held: Authenticator, challenge: str) -> bool:
    """A second opinion: does the library's own server take it too?"""
    server = Fido2Server(PublicKeyCredentialRpEntity(id="localhost", name="x"), verify_origin=lambda o: o == ORIGIN)
    response, raw_id = json.loads(sent)["response"], b64url_decode(json.loads(sent)["id"])
    key = CoseKey.parse(cbor.decode(b64url_decode(held.data["public_key"])))  # type: ignore[arg-type]
    answer = AuthenticatorAssertionResponse(
        client_data=CollectedClientData(b64url_decode(response["clientDataJSON"])),
        authenticator_data=AuthenticatorData(b64url_decode(response["authenticatorData"])),
        signature=b64url_decode(response["signature"]),
    )
    try:
        server.authenticate_complete(
            {"challenge": challenge, "user_verification": None},
            [AttestedCredentialData.create(bytes(16), raw_id, key)],
            AuthenticationResponse(raw_id=raw_id, response=answer),
        )
    except ValueError:
        return False
    return True


def test_what_is_asked_for() -> None:
    anybody = request()
    assert anybody["rpId"] == "localhost"
    assert anybody["userVerification"] == "required"
    assert "allowCredentials" not in anybody, "nobody is named, so that the browser offers what it has"
    held = kept(Passkey())
    (theirs,) = request(only=(held,))["allowCredentials"]
    assert theirs == {"type": "public-key", "id": held.data["id"], "transports": ["hybrid", "internal"]}


@pytest.mark.parametrize("make", [es256, eddsa, rs256])
def test_right(make: Any) -> None:
    passkey, asked = Passkey(private_key=make()), request()
    held = kept(passkey)
    sent = passkey.get(asked)
    assert right(sent, held).authenticator == held
    assert by_the_library(sent, held, asked["challenge"])
    passkey.extensions = {"credProtect": 2}
    assert right(passkey.get(request()), held)


@pytest.mark.parametrize(
    ("flags", "factors", "level"),
    [
        (USUAL, {Factor.HARDWARE_KEY, Factor.USER_VERIFIED}, 2),
        (PRESENT, {Factor.HARDWARE_KEY}, 1),
        (USUAL | ELIGIBLE, {Factor.SOFTWARE_KEY, Factor.USER_VERIFIED}, 2),
        (USUAL | ELIGIBLE | BACKED_UP, {Factor.SOFTWARE_KEY, Factor.USER_VERIFIED}, 2),
        (PRESENT | ELIGIBLE, {Factor.SOFTWARE_KEY}, 1),
    ],
)
def test_what_its_flags_prove(flags: int, factors: set[Factor], level: int) -> None:
    """Never a biometric: the flag does not say what unlocked the key."""
    passkey = Passkey(flags=flags)
    held = kept(passkey)
    found = right(passkey.get(request()), held)
    assert found.factors == factors
    assert authentication_level(found.factors) == level


WRONG = {
    "§7.2 (6) another's handle": ("user_handle", {"user_handle": b"h" * 32}, True),
    "§7.2 (6) no handle": ("user_handle", {"user_handle": None}, True),
    "§7.2 (10) a registration's answer": ("type", {"client": {"type": "webauthn.create"}}, False),
    "§7.2 (11) another challenge": ("challenge", {"client": {"challenge": b64url_encode(b"c" * 72)}}, False),
    "§7.2 (11) the challenge with other letters": ("unreadable", {"client": {"challenge": "+/=="}}, False),
    "§7.2 (12) a look-alike's origin": ("origin", {"origin": "http://localhost.evil.example:5000"}, False),
    "§7.2 (12) a neighbour's origin": ("origin", {"origin": "http://localhost:5001"}, False),
    "§7.2 (13) in a frame of another's": ("cross_origin", {"client": {"crossOrigin": True}}, True),
    "§7.2 (14) with a top origin": ("cross_origin", {"client": {"topOrigin": ORIGIN}}, True),
    "§7.2 (15) for another party": ("relying_party", {"rp_id": "evil.example"}, False),
    "§7.2 (16) nobody was there": ("not_present", {"flags": VERIFIED}, False),
    "§7.2 (18) backed up, and cannot be": ("backup", {"flags": USUAL | BACKED_UP}, True),
    "§7.2 (19) can be copied all at once": ("backup", {"flags": USUAL | ELIGIBLE}, True),
    "§7.2 (21) signed by another key": ("signature", {"private_key": es256()}, False),
}


@pytest.mark.parametrize(("reason", "changed", "library"), WRONG.values(), ids=WRONG)
def test_wrong_in_one_thing(reason: str, changed: dict[str, Any], library: bool) -> None:
    passkey, asked = Passkey(), request()
    held = kept(passkey)
    assert isinstance(shown(passkey.get(asked), held), Shown)
    sent = passkey.but(**changed).get(asked)
    assert refused(sent, held) == reason
    assert by_the_library(sent, held, asked["challenge"]) is library, (
        "the library's server was found to judge otherwise"
    )


def test_the_challenge_is_of_this_step_and_fresh() -> None:
    passkey = Passkey()
    held, sent = kept(passkey), passkey.get(request())
    assert refused(sent, held, bound_to="another-step") == "challenge"
    assert refused(sent, held, now=NOW + ceremony.LIFETIME) == "challenge"
    assert right(sent, held, now=NOW + ceremony.LIFETIME - 1)


def test_unknown_or_removed() -> None:
    passkey = Passkey()
    kept(passkey)
    assert refused(passkey.get(request()), None) == "unknown"


def test_where_somebody_is_known_only_theirs_will_do() -> None:
    passkey = Passkey()
    held = kept(passkey)
    assert right(passkey.get(request()), held, only=ACCOUNT)
    assert right(passkey.but(user_handle=None).get(request()), held, only=ACCOUNT)  # §7.2 (6): it need not say whose
    assert refused(passkey.but(user_handle=b"h" * 32).get(request()), held, only=ACCOUNT) == "user_handle"
    assert refused(passkey.get(request()), held, only="a-lam") == "other_account"


def test_a_passkey_moved_to_another_account_is_refused() -> None:
    """Whoever could write the row cannot make the authenticator say another name."""
    passkey = Passkey()
    moved = kept(passkey, account_id="a-lam")
    assert refused(passkey.get(request()), moved) == "user_handle"


@pytest.mark.parametrize(
    ("kept_at", "now_at", "outcome"),
    [(0, 0, None), (0, 1, 1), (5, 6, 6), (5, 2**32 - 1, 2**32 - 1), (5, 5, "fell"), (5, 4, "fell"), (5, 0, "fell")],
)
def test_the_counter(kept_at: int, now_at: int, outcome: int | str | None) -> None:
    passkey = Passkey(counter=kept_at)
    held = kept(passkey)
    sent = passkey.but(counter=now_at).get(request())
    if outcome == "fell":
        assert refused(sent, held) == COUNTER_FELL
    else:
        assert right(sent, held).counter == outcome


def test_a_counter_that_fell_under_a_wrong_signature_says_nothing() -> None:
    """Otherwise anybody could have a person warned of copied keys."""
    passkey = Passkey(counter=5)
    held = kept(passkey)
    assert refused(passkey.but(counter=1, private_key=es256()).get(request()), held) == "signature"


@pytest.mark.parametrize("place", range(37))
def test_no_byte_of_the_authenticator_data_can_be_changed(place: int) -> None:
    passkey = Passkey()
    held, asked = kept(passkey), request()
    client, data = passkey.client_data("webauthn.get", asked["challenge"]), passkey.data(USUAL)
    signature = sign(passkey.private_key, data + hashlib.sha256(client).digest())
    assert right(passkey.assertion(client, data, signature), held)
    changed = bytearray(data)
    changed[place] ^= 0x01
    assert refused(passkey.assertion(client, bytes(changed), signature), held)


@given(st.binary(max_size=120), st.binary(max_size=80), st.binary(max_size=40))
def test_hostile_bytes(data: bytes, signature: bytes, client: bytes) -> None:
    passkey = Passkey()
    asked, held = request(), HELD
    right_client = PASSKEY.client_data("webauthn.get", asked["challenge"])
    beginning = PASSKEY.data(USUAL)[:32]
    for said in (client, right_client):
        for told in (data, beginning + data):
            assert refused(PASSKEY.assertion(said, told, signature), held)
    assert refused(passkey.assertion(right_client, PASSKEY.data(USUAL), signature), held)


PASSKEY = Passkey()
HELD = kept(PASSKEY)


@given(st.binary(max_size=120))
def test_hostile_keys_at_rest(stored: bytes) -> None:
    """A row that was damaged refuses its passkey, and nothing else."""
    held = replace(HELD, data={**HELD.data, "public_key": b64url_encode(stored)})
    assert refused(PASSKEY.get(request()), held) in ("unreadable", "signature")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda x: st.lists(x) | st.dictionaries(st.text(max_size=8), x),
    max_leaves=8,
)


@given(JSON | st.fixed_dictionaries({"id": JSON, "response": JSON}))
def test_hostile_json(value: Any) -> None:
    assert refused(json.dumps(value), HELD) in ("unreadable", "user_handle")


@pytest.mark.parametrize("member", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
@pytest.mark.parametrize("value", [None, 1, [], {}, "=", "é", "A", "A" * 40_000])
def test_members_of_another_kind(member: str, value: Any) -> None:
    sent = json.loads(PASSKEY.get(request()))
    sent["response"][member] = value
    assert refused(json.dumps(sent), HELD) in ("unreadable", "user_handle", "signature")


def test_a_step_of_another_browser_needs_another_challenge() -> None:
    assert STEP not in request()["challenge"]
