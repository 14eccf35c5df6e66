"""What a client may register about the forms of its tokens: each cell of the profiles' table, and keys that fit."""

from dataclasses import replace
from typing import Any

import pytest

from certs.jwe import ALGORITHMS, CONTENT, DecryptionKey
from certs.keys import MemorySigner
from idp.model import Client
from idp.oidc import discovery
from idp.oidc.clients import registration
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.keys.encryption_keys import ALGORITHMS as TO_US
from idp.oidc.profiles import PROFILES
from tests.idp.oidc.clients.test_registration import GOOD
from tests.world_idp import State

SIGNS = MemorySigner.generate("ES256", "signs").public.jwk()
EC = DecryptionKey.generate("ECDH-ES", "ec").public.jwk()
RSA = DecryptionKey.generate("RSA-OAEP-256", "rsa").public.jwk()
ANY_EC = {name: EC[name] for name in EC if name != "alg"}
JWKS = {"keys": [SIGNS, ANY_EC, RSA]}
EVERY = ("RS256", "ES256", "PS256", "Ed25519", "EdDSA")
MAY_SIGN = {"baseline": EVERY, "agency": EVERY, "bank": EVERY[1:]}
NEVER = ("none", "HS256", "ES384", "RS1", "", "es256")


def register(profile: str = "agency", **changed: Any) -> Client:
    members = {name: value for name, value in {**GOOD, "jwks": JWKS, **changed}.items() if value is not None}
    return registration.client(
        {"token_endpoint_auth_method": "private_key_jwt", **members},
        client_id="new",
        secret_hash=None,
        profile=profile,
        entitled_to_pid=PROFILES[profile].entitlement,
        simulation=False,
    )


@pytest.mark.parametrize("alg", [*EVERY, *NEVER])
@pytest.mark.parametrize("profile", PROFILES)
def test_signatures_of_each_profile(profile: str, alg: str) -> None:
    for name in ("id_token_signed_response_alg", "userinfo_signed_response_alg"):
        if alg in MAY_SIGN[profile]:
            made = register(profile, **{name: alg})
            assert {**made.metadata, "id_token_signed_response_alg": made.id_token_signed_response_alg}[name] == alg
        else:
            with pytest.raises(RegistrationError, match=name):
                _raise(register, profile, **{name: alg})


def _raise(make: Any, *args: Any, **more: Any) -> None:
    """The text of the refusal is what is matched."""
    try:
        make(*args, **more)
    except RegistrationError as error:
        raise RegistrationError(error.text, error.text) from None


@pytest.mark.parametrize(("profile", "alg"), [("baseline", "RS256"), ("agency", "RS256"), ("bank", "ES256")])
def test_what_a_client_gets_that_names_none(profile: str, alg: str) -> None:
    """RS256 as OpenID Connect Registration §2 has it, but where the profile forbids it (FAPI 2.0 §5.4.1)."""
    assert register(profile).id_token_signed_response_alg == alg


@pytest.mark.parametrize("form", ["id_token", "userinfo"])
@pytest.mark.parametrize("profile", PROFILES)
def test_encryptions_of_each_profile(profile: str, form: str) -> None:
    for alg in ALGORITHMS:
        for enc in CONTENT:
            wanted = {f"{form}_encrypted_response_alg": alg, f"{form}_encrypted_response_enc": enc}
            assert wanted.items() <= register(profile, **wanted).metadata.items()
    for alg in ("RSA1_5", "RSA-OAEP", "dir", "A128KW", "PBES2-HS256+A128KW", "ECDH-ES+A128KW", "none", ""):
        with pytest.raises(RegistrationError):
            register(profile, **{f"{form}_encrypted_response_alg": alg})
    for enc in ("A192GCM", "A256CBC-HS512", "none", ""):
        with pytest.raises(RegistrationError):
            register(profile, **{f"{form}_encrypted_response_alg": "ECDH-ES", f"{form}_encrypted_response_enc": enc})


@pytest.mark.parametrize("form", ["id_token", "userinfo"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"enc": "A256GCM"},  # without alg: OpenID Connect Registration §2
        {"alg": "RSA-OAEP-256", "jwks": {"keys": [SIGNS, EC]}},
        {"alg": "ECDH-ES", "jwks": {"keys": [SIGNS, RSA]}},
        {"alg": "ECDH-ES", "jwks": {"keys": [SIGNS]}},  # a key for signatures is not for this
        {"alg": "ECDH-ES+A256KW", "jwks": {"keys": [SIGNS, EC]}},  # the key says which algorithm it is for
        {"alg": ["ECDH-ES"]},
    ],
)
def test_encryption_needs_a_key_that_fits(form: str, wrong: dict[str, Any]) -> None:
    members = {f"{form}_encrypted_response_{name}" if name != "jwks" else name: value for name, value in wrong.items()}
    with pytest.raises(RegistrationError):
        register(**members)


def test_the_keys_may_stand_at_an_address() -> None:
    made = register(
        jwks=None, jwks_uri="https://bank.example.vn/jwks.json", id_token_encrypted_response_alg="RSA-OAEP-256"
    )
    assert made.metadata["id_token_encrypted_response_alg"] == "RSA-OAEP-256"


@pytest.mark.parametrize(
    "key",
    [
        {**EC, "d": "AA"},
        {**RSA, "q": "AA"},
        {**EC, "y": EC["x"]},
        {**EC, "alg": "ECDH-ES+A128KW"},
        {**EC, "alg": 5},
        {**EC, "kty": "oct"},
        {**EC, "kty": ["EC"]},
        {name: EC[name] for name in EC if name != "kid"},
        {**EC, "kid": "signs"},
    ],
)
def test_keys_to_encrypt_to_that_are_refused(key: dict[str, Any]) -> None:
    with pytest.raises(RegistrationError):
        register(jwks={"keys": [SIGNS, key]})


def test_who_signs_needs_a_key_for_signatures() -> None:
    with pytest.raises(RegistrationError):
        register(jwks={"keys": [EC, RSA]})


def test_discovery_tells_exactly_what_may_be_registered(state: State) -> None:
    told = discovery.metadata(state.web.oidc)
    for form in ("id_token", "userinfo"):
        assert set(told[f"{form}_signing_alg_values_supported"]) == {*EVERY}
        assert told[f"{form}_encryption_alg_values_supported"] == list(ALGORITHMS)
        assert told[f"{form}_encryption_enc_values_supported"] == list(CONTENT)
    assert told["subject_types_supported"] == ["public", "pairwise"]
    assert told["request_object_encryption_alg_values_supported"] == list(TO_US)
    assert told["request_object_encryption_enc_values_supported"] == list(CONTENT)
    one = {"RS256": state.web.oidc.signers["RS256"]}
    nothing = discovery.metadata(replace(state.web.oidc, encrypted_to=lambda: (), signers=one))
    assert not [name for name in nothing if name.startswith("request_object_encryption")]
    assert nothing["id_token_signing_alg_values_supported"] == ["RS256"]


@pytest.mark.parametrize("profile", PROFILES)
def test_encryption_of_requests(profile: str) -> None:
    for alg in TO_US:
        assert register(profile, request_object_encryption_alg=alg, request_object_encryption_enc="A128GCM")
    for wrong in (
        {"request_object_encryption_alg": "RSA-OAEP-256"},
        {"request_object_encryption_alg": "dir"},
        {"request_object_encryption_alg": 1},
        {"request_object_encryption_enc": "A192GCM"},
    ):
        with pytest.raises(RegistrationError):
            register(profile, **wrong)
