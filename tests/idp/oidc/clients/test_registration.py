"""Client metadata: a strict schema before Authlib's rules."""

from typing import Any

import pytest

from idp.model import Client
from idp.oidc.clients import registration
from idp.oidc.clients.registration import RegistrationError

GOOD = {
    "client_name": "Ngân hàng Sen",
    "client_name#en": "Lotus Bank",
    "purpose": "Mở tài khoản",
    "purpose#en": "To open an account",
    "redirect_uris": ["https://bank.example.vn/cb"],
    "scope": "openid profile",
}


def register(secret_hash: str | None = "0" * 64, simulation: bool = False, **changed: object) -> Client:
    metadata = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    return registration.client(
        metadata,
        client_id="new",
        secret_hash=secret_hash,
        profile="agency",
        entitled_to_pid=True,
        simulation=simulation,
    )


def test_good_metadata() -> None:
    made = register()
    assert (made.name.vi, made.name.en) == ("Ngân hàng Sen", "Lotus Bank")
    assert made.id_token_signed_response_alg == "RS256"  # the default of OpenID Connect Registration §2
    assert made.token_endpoint_auth_method == "client_secret_basic"


def test_loopback_http_is_for_simulations() -> None:
    assert register(simulation=True, redirect_uris=["http://localhost:5002/callback"])
    with pytest.raises(RegistrationError):
        register(redirect_uris=["http://localhost:5002/callback"])


def test_native_clients() -> None:
    uris = ["vn.example.app:/cb", "http://127.0.0.1/cb", "http://[::1]/cb", "https://app.example.vn/cb"]
    made = register(None, application_type="native", token_endpoint_auth_method="none", redirect_uris=uris)
    assert made.redirect_uris == tuple(uris)
    with pytest.raises(RegistrationError):
        register(None, application_type="native", token_endpoint_auth_method="none", redirect_uris=["app:/cb"])


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uris": "https://bank.example.vn/cb"},
        {"redirect_uris": []},
        {"redirect_uris": [1]},
        {"redirect_uris": ["https://bank.example.vn/cb"] * 21},
        {"redirect_uris": None},
        {"client_name": 1},
        {"client_name": None},
        {"client_name": "x" * 5000},
        {"scope": ["openid"]},
        {"scope": "openid unheard_of"},
        {"token_endpoint_auth_method": "none"},  # but a secret was given
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "HS256"},
        {"application_type": "desktop"},
        {"grant_types": ["implicit"]},
        {"response_types": ["token"]},
        {"jwks": {"keys": []}},
        {"unheard_of": "x"},
        {"entitled_to_pid": True},  # what the state decides is not the client's to say
    ],
)
def test_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(RegistrationError):
        register(**changed)


def test_no_secret_for_a_method_that_needs_one() -> None:
    with pytest.raises(RegistrationError):
        register(None)


def test_what_it_registers_about_its_tokens() -> None:
    wanted = {
        "grant_types": ["client_credentials"],
        "client_credentials_scope": "prices.read",
        "resources": ["https://api.example.vn/v1", "urn:example:api"],
        "protected_resources": ["https://api.example.vn/v2"],
        "access_token_format": "jwt",
    }
    made = register(redirect_uris=None, **wanted)
    assert made.metadata == wanted
    assert made.redirect_uris == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"grant_types": ["password"]},
        {"grant_types": ["urn:ietf:params:oauth:grant-type:pre-authorized_code"]},
        {"grant_types": [1]},
        {"grant_types": ["client_credentials"], "redirect_uris": ["x:y"]},
        {"grant_types": ["client_credentials", "authorization_code"], "redirect_uris": None},
        {"client_credentials_scope": "openid"},
        {"client_credentials_scope": "offline_access prices"},
        {"client_credentials_scope": 'a"b'},
        {"client_credentials_scope": "é"},
        {"client_credentials_scope": "x" * 65},
        {"resources": "https://api.example.vn"},
        {"resources": ["https://api.example.vn#x"]},
        {"resources": ["/v1"]},
        {"resources": ["https://user@api.example.vn"]},
        {"resources": ["https://[api"]},
        {"resources": [None]},
        {"protected_resources": [f"https://api.example.vn/{n}" for n in range(50)]},
        {"protected_resources": ["https://api.example.vn/\u0000"]},
        {"access_token_format": "saml"},
    ],
)
def test_refused_about_its_tokens(changed: dict[str, Any]) -> None:
    with pytest.raises(RegistrationError):
        register(**changed)


def test_a_public_client_has_no_tokens_of_its_own() -> None:
    with pytest.raises(RegistrationError):
        register(None, token_endpoint_auth_method="none", grant_types=["client_credentials"])
