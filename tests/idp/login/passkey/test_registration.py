"""Every check of a registration fails on an answer that is wrong in this one thing, and on nothing else."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestationObject,
    AuthenticatorAttestationResponse,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
)
from hypothesis import given
from hypothesis import strategies as st

from certs.cbor import encode
from certs.encoding import b64url_decode, b64url_encode
from idp.login.passkey import ceremony
from idp.login.passkey.ceremony import Refused
from idp.login.passkey.registration import Registered
from idp.model import Authenticator, AuthenticatorKind
from tests.idp.login.authenticator import (
    BACKED_UP,
    ELIGIBLE,
    ORIGIN,
    PRESENT,
    USUAL,
    VERIFIED,
    Passkey,
    cose,
    eddsa,
    es256,
    rs256,
    sign,
)
from tests.idp.login.passkey.ceremonies import ACCOUNT, NOW, PARTY, SESSION, created, creation


def refused(sent: str, **changed: Any) -> str:
    made = created(sent, **changed)
    assert isinstance(made, Refused), made
    return made.reason


def by_the_library(sent: str, challenge: str) -> bool:
    """A second opinion: does the library's own server take it too?"""
    server = Fido2Server(PublicKeyCredentialRpEntity(id="localhost", name="x"), verify_origin=lambda o: o == ORIGIN)
    response = json.loads(sent)["response"]
    answer = AuthenticatorAttestationResponse(
        client_data=CollectedClientData(b64url_decode(response["clientDataJSON"])),
        attestation_object=AttestationObject(b64url_decode(response["attestationObject"])),
    )
    raw_id = b64url_decode(json.loads(sent)["id"])
    try:
        server.register_complete(
            {"challenge": challenge, "user_verification": None}, RegistrationResponse(raw_id=raw_id, response=answer)
        )
    except ValueError:
        return False
    return True


def test_what_is_asked_for() -> None:
    other = Authenticator("k", ACCOUNT, AuthenticatorKind.TOTP, "app", NOW)
    held = Authenticator("k", ACCOUNT, AuthenticatorKind.PASSKEY, "n", NOW, data={"id": "AQ", "transports": ["usb"]})
    asked = creation(held=(other, held))
    assert asked["rp"] == {"id": "localhost", "name": "Identity"}
    assert [each["alg"] for each in asked["pubKeyCredParams"]] == [-7, -8, -257]
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["excludeCredentials"] == [{"type": "public-key", "id": "AQ", "transports": ["usb"]}]
    assert len(b64url_decode(asked["challenge"])) >= 16
    assert asked["challenge"] != creation()["challenge"]


def test_the_handle_tells_nothing_and_stays() -> None:
    handle = creation()["user"]["id"]
    assert ACCOUNT.encode() not in b64url_decode(handle) and len(b64url_decode(handle)) <= 64
    assert handle == creation()["user"]["id"]
    assert handle != creation(account_id="a-lam")["user"]["id"]


@pytest.mark.parametrize("make", [es256, eddsa, rs256])
@pytest.mark.parametrize("form", ["none", "packed"])
def test_right(make: Any, form: str) -> None:
    passkey, asked = Passkey(private_key=make(), format=form, counter=7), creation()
    sent = passkey.create(asked)
    made = created(sent)
    assert isinstance(made, Registered), made
    assert (made.key, made.counter) == (ceremony.key_of(passkey.raw_id), 7)
    assert len(made.key) == 64
    assert made.data["aaguid"] == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert made.data["transports"] == ["hybrid", "internal"]
    assert (made.data["user_verified"], made.data["backup_eligible"], made.data["backed_up"]) == (True, False, False)
    assert made.data["attestation"].get("type") == {"none": None, "packed": "self"}[form]
    assert json.loads(json.dumps(made.data)) == made.data
    assert by_the_library(sent, asked["challenge"])


@pytest.mark.parametrize("flags", [PRESENT, PRESENT | ELIGIBLE, USUAL | ELIGIBLE | BACKED_UP])
def test_without_verification_or_with_a_backup_it_is_kept_as_what_it_is(flags: int) -> None:
    made = created(Passkey(flags=flags).create(creation()))
    assert isinstance(made, Registered)
    assert made.data["user_verified"] is bool(flags & VERIFIED)
    assert made.data["backup_eligible"] is bool(flags & ELIGIBLE)


WRONG = {
    "§7.1 (7) a log-in's answer": ("type", {"client": {"type": "webauthn.get"}}, False),
    "§7.1 (8) another challenge": ("challenge", {"client": {"challenge": b64url_encode(b"c" * 72)}}, False),
    "§7.1 (9) a neighbour's origin": ("origin", {"origin": "http://localhost:5001"}, False),
    "§7.1 (9) a host below ours": ("origin", {"origin": "http://a.localhost:5000"}, False),
    "§7.1 (9) our name over another scheme": ("origin", {"origin": "https://localhost:5000"}, False),
    "§7.1 (9) a slash at its end": ("origin", {"origin": ORIGIN + "/"}, False),
    "§7.1 (10) in a frame of another's": ("cross_origin", {"client": {"crossOrigin": True}}, True),
    "§7.1 (10) crossOrigin is no boolean": ("cross_origin", {"client": {"crossOrigin": 0}}, True),
    "§7.1 (11) with a top origin": ("cross_origin", {"client": {"topOrigin": "https://evil.example"}}, True),
    "§7.1 (14) for another party": ("relying_party", {"rp_id": "evil.example"}, False),
    "§7.1 (15) nobody was there": ("not_present", {"flags": VERIFIED}, False),
    "§7.1 (17) backed up, and cannot be": ("backup", {"flags": USUAL | BACKED_UP}, True),
    "§7.1 (19) an algorithm not offered": (
        "algorithm",
        {"public_key": {1: 2, 3: -35, -1: 2, -2: bytes(48), -3: bytes(48)}},
        True,
    ),
    "§7.1 (25) an id too long": ("credential_id", {"raw_id": b"i" * 1024}, True),
    "§7.1 (25) no id": ("credential_id", {"raw_id": b""}, True),
    "a point that is not on the curve": (
        "unreadable",
        {"public_key": {1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)}},
        True,
    ),
    "a key of half its length": ("unreadable", {"public_key": {1: 1, 3: -8, -1: 6, -2: bytes(16)}}, True),
    "a weak key": ("algorithm", {"private_key": rs256(1024)}, True),
}


@pytest.mark.parametrize(("reason", "changed", "library"), WRONG.values(), ids=WRONG)
def test_wrong_in_one_thing(reason: str, changed: dict[str, Any], library: bool) -> None:
    asked = creation()
    sent = Passkey(**changed).create(asked)
    assert refused(sent) == reason
    assert by_the_library(sent, asked["challenge"]) is library, "the library's server was found to judge otherwise"


def test_the_challenge_is_of_this_session_this_ceremony_and_fresh() -> None:
    sent = Passkey().create(creation())
    assert refused(sent, bound_to="session-of-lam") == "challenge"
    assert refused(sent, now=NOW + ceremony.LIFETIME) == "challenge"
    assert isinstance(created(sent, now=NOW + ceremony.LIFETIME - 1), Registered)
    for_log_in = ceremony.issue(PARTY, ceremony.GET, bound_to=SESSION, now=NOW, random=lambda size: b"r" * size)
    assert refused(Passkey().create({**creation(), "challenge": for_log_in})) == "challenge"


def test_a_key_for_another_id() -> None:
    passkey = Passkey()
    sent = json.loads(passkey.create(creation()))
    assert refused(json.dumps(sent | {"id": b64url_encode(b"another")})) == "credential_id"


# --- attestation ------------------------------------------------------------------------------------------------------


def test_a_statement_that_does_not_hold() -> None:
    passkey = Passkey(format="packed", statement={"alg": -7, "sig": sign(es256(), b"something else")})
    assert refused(passkey.create(creation())) == "attestation"
    assert refused(Passkey(format="packed", statement={}).create(creation())) == "attestation"
    assert refused(Passkey(format="none", statement={"sig": b""}).create(creation())) == "attestation"
    assert refused(Passkey(format="packed", statement={"alg": -257, "sig": b""}).create(creation())) == "attestation"
    assert (
        refused(Passkey(format="packed", statement={"ecdaaKeyId": b"", "alg": -7}).create(creation())) == "attestation"
    )


@pytest.mark.parametrize("form", ["packed", "fido-u2f", "apple", "tpm"])
def test_a_statement_with_certificates_that_are_none(form: str) -> None:
    statement = {"alg": -7, "sig": b"s", "x5c": [b"no certificate"], "ver": "2.0", "certInfo": b"", "pubArea": b""}
    assert refused(Passkey(format=form, statement=statement).create(creation())) in ("attestation", "unreadable")


def test_an_unknown_format_is_kept_and_called_unknown() -> None:
    made = created(Passkey(format="of-tomorrow", statement={"a": 1}).create(creation()))
    assert isinstance(made, Registered)
    assert (made.data["attestation"]["format"], made.data["attestation"]["type"]) == ("of-tomorrow", "unknown")
    again = AttestationObject(b64url_decode(made.data["attestation"]["object"]))
    assert again.att_stmt == {"a": 1}


# --- bytes of strangers -----------------------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_hostile_attestation_objects(data: bytes) -> None:
    client = Passkey().client_data("webauthn.create", creation()["challenge"])
    assert refused(Passkey().registration(client, data))


@given(st.binary(max_size=200), st.integers(0, 255))
def test_hostile_authenticator_data(data: bytes, flags: int) -> None:
    """Behind a right beginning, so that the parsers are reached."""
    passkey = Passkey()
    client = passkey.client_data("webauthn.create", creation()["challenge"])
    made = {"fmt": "none", "attStmt": {}, "authData": passkey.data(0)[:32] + bytes([flags]) + data}
    assert refused(passkey.registration(client, encode(made)))


KEY_VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.binary(max_size=70) | st.text(max_size=5)


@given(st.dictionaries(st.sampled_from([1, 3, -1, -2, -3]), KEY_VALUES))
def test_hostile_keys(changed: dict[int, Any]) -> None:
    right = cose(ec.derive_private_key(7, ec.SECP256R1()))
    sent = Passkey(public_key=right | changed).create(creation())
    made = created(sent)
    assert isinstance(made, Refused) or {**right, **changed}[3] in (-7, -8, -257)


@given(
    st.dictionaries(
        st.sampled_from(["alg", "sig", "x5c", "ver", "certInfo", "pubArea"]), KEY_VALUES | st.lists(KEY_VALUES)
    )
)
@pytest.mark.parametrize("form", ["packed", "fido-u2f", "apple", "tpm", "none"])
def test_hostile_statements(form: str, statement: dict[str, Any]) -> None:
    made = created(Passkey(format=form, statement=statement).create(creation()))
    assert isinstance(made, Refused) or (form == "none" and not statement)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda x: st.lists(x) | st.dictionaries(st.text(max_size=8), x),
    max_leaves=8,
)


@given(JSON | st.fixed_dictionaries({"id": JSON, "response": JSON}))
def test_hostile_json(value: Any) -> None:
    assert refused(json.dumps(value)) == "unreadable"


@pytest.mark.parametrize(
    "made",
    [
        b"\x81" * 100_000,
        b"\x9b" + b"\xff" * 8,
        b"\xbb" + b"\xff" * 8,
        b"\x5b" + b"\xff" * 8,
        b"\xa1\x81\x01\x02",
        b"\xf6",
        b"",
    ],
    ids=["deep", "long array", "long map", "long string", "a list as key", "null", "nothing"],
)
def test_known_bombs(made: bytes) -> None:
    client = Passkey().client_data("webauthn.create", creation()["challenge"])
    assert refused(Passkey().registration(client, made)) == "unreadable"


def test_client_data_with_a_member_twice() -> None:
    """Two readers may take a different one of the two."""
    asked = creation()
    right = Passkey().client_data("webauthn.create", asked["challenge"])
    twice = right[:-1] + b', "origin": "https://evil.example"}'
    made = b64url_decode(json.loads(Passkey().create(asked))["response"]["attestationObject"])
    assert isinstance(created(Passkey().registration(right, made)), Registered)
    assert refused(Passkey().registration(twice, made)) == "unreadable"
