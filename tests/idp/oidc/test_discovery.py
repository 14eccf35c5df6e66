"""The metadata: what is on is there, what is absent is absent, both addresses say the same, both may be cached."""

import pytest

from certs.jose import KeySet
from idp.oidc import discovery
from tests.world_idp import ISSUER, State


def test_metadata(state: State) -> None:
    client = state.app.test_client()
    response = client.get("/.well-known/openid-configuration")
    told = response.get_json()
    assert told["issuer"] == ISSUER
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["id_token_signing_alg_values_supported"] == ["ES256", "Ed25519", "EdDSA", "PS256", "RS256"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["response_types_supported"] == ["code"]
    assert "urn:ietf:params:oauth:grant-type:pre-authorized_code" in told["grant_types_supported"]
    assert told["pre-authorized_grant_anonymous_access_supported"] is True
    assert told["registration_endpoint"] == f"{ISSUER}/register-client"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert client.get("/.well-known/oauth-authorization-server").get_json() == told


def test_every_endpoint_named_is_there(state: State) -> None:
    told = state.app.test_client().get("/.well-known/openid-configuration").get_json()
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert told[name].startswith(f"{ISSUER}/")
        assert state.app.test_client().get(told[name].removeprefix(ISSUER)).status_code != 404


def test_jwks_holds_public_keys_alone(state: State) -> None:
    told = state.app.test_client().get("/jwks").get_json()
    assert {(key["kty"], key.get("alg"), key["use"]) for key in told["keys"]} == {
        ("EC", "ES256", "sig"),
        ("RSA", "RS256", "sig"),
        ("RSA", "PS256", "sig"),
        ("OKP", None, "sig"),  # its algorithm has two names
        ("EC", "ECDH-ES", "enc"),
        ("EC", "ECDH-ES+A256KW", "enc"),
    }
    assert not {"d", "p", "q", "k"} & {name for key in told["keys"] for name in key}
    assert len({key["kid"] for key in told["keys"]}) == 6
    assert len(KeySet.from_jwks(told).keys) == 4


def test_keys_survive_a_restart(state: State) -> None:
    from_files = discovery.jwks(state.web.oidc)
    assert from_files == state.app.test_client().get("/jwks").get_json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://id.example.vn"},
        {"issuer": "https://id.example.vn/?x"},
        {"authorization_endpoint": "http://id.example.vn/authorize"},
        {"jwks_uri": None},
        {"subject_types_supported": ["secret"]},
    ],
)
def test_metadata_that_is_not_valid_stops_the_start(state: State, wrong: dict[str, object]) -> None:
    document = discovery.metadata(state.web.oidc)
    with pytest.raises(ValueError, match=r"\w"):
        discovery.validate({**document, **wrong})
