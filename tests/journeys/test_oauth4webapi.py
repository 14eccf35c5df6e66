"""A relying party and a resource server that are not ours: npm `oauth4webapi`, unmodified, by its single steps.

Spec: OpenID Connect Core 1.0 §3.1, §5.3.2 (`sub`), §12; RFC 9207; RFC 9126; RFC 9101; RFC 7523; RFC 8628; RFC 7662; RFC 7009; RFC 9068 §4
"""

from collections.abc import Iterator
from typing import Any

import pytest

from certs.keys import MemorySigner
from tests.idp.devices import television
from tests.journeys import relying_party
from tests.journeys.relying_party import CALLBACK
from tests.smoke import Run
from tests.world_idp import SECRET, client

SCRIPT = "oauth4webapi.mjs"
OFFLINE = ("openid", "profile", "vneid", "offline_access")
RESOURCE = "https://api.bank.example.vn/orders"
SIGNER = MemorySigner.generate("ES256", kid="of-the-client")
SIGNED = {"token_endpoint_auth_method": "private_key_jwt", "secret_hash": None}
JWKS = {"jwks": {"keys": [SIGNER.public.jwk()]}}
ROBOT = {"grant_types": ["client_credentials"], "client_credentials_scope": "orders:read", "resources": [RESOURCE]}

CLIENTS = {
    each.client_id: each
    for each in (
        client("basic", redirect_uris=(CALLBACK,), scopes=OFFLINE, id_token_signed_response_alg="RS256"),
        client("post", redirect_uris=(CALLBACK,), token_endpoint_auth_method="client_secret_post"),
        client("key", redirect_uris=(CALLBACK,), scopes=OFFLINE, metadata=JWKS, **SIGNED),
        client("public", redirect_uris=(CALLBACK,), token_endpoint_auth_method="none", secret_hash=None),
        client("robot", redirect_uris=(), metadata={**ROBOT, "access_token_format": "jwt", **JWKS}, **SIGNED),
        television(),
    )
}


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with relying_party.served(tmp_path_factory.mktemp("oauth4webapi"), *CLIENTS.values()) as run:
        yield run


def play(nation: Run, scenario: str, client_id: str, **more: Any) -> Any:
    one = CLIENTS[client_id]
    settings = {
        "client_id": client_id,
        "client_secret": SECRET,
        "scope": "openid profile",
        "method": one.token_endpoint_auth_method,
        "id_token_alg": one.id_token_signed_response_alg,
        "key": {"pem": SIGNER.pem().decode(), "kid": SIGNER.public.kid, "alg": "ES256"},
    }
    return relying_party.play(nation, SCRIPT, scenario, {**settings, **more})


@pytest.mark.parametrize(
    ("client_id", "via"),
    [
        ("basic", "query"),
        ("post", "query"),
        ("key", "query"),
        ("public", "query"),
        ("basic", "par"),
        ("public", "par"),
        ("key", "jar"),
        ("key", "jar by par"),
    ],
)
def test_it_signs_a_person_in(nation: Run, client_id: str, via: str) -> None:
    learnt = play(nation, "sign_in", client_id, via=via)
    claims, userinfo = learnt["claims"], learnt["userinfo"]
    assert (claims["aud"], claims["sub"]) == (client_id, userinfo["sub"])
    assert learnt["header"]["alg"] == CLIENTS[client_id].id_token_signed_response_alg
    assert claims["at_hash"]
    assert userinfo["name"] == nation.persona["name"]
    assert "sub" in learnt["stranger"]  # the library's own refusal of another person's facts


def test_silently_and_anew(nation: Run) -> None:
    first, second, silent = play(nation, "again", "basic")["auth_times"]
    assert first <= second == silent


def test_a_code_that_is_used_twice_takes_its_tokens_with_it(nation: Run) -> None:
    learnt = play(nation, "code_twice", "basic")
    assert (learnt["again"], learnt["userinfo"]) == ("invalid_grant", "invalid_token")


@pytest.mark.parametrize("client_id", ["basic", "key"])
def test_tokens_are_refreshed_looked_at_and_given_back(nation: Run, client_id: str) -> None:
    learnt = play(nation, "tokens", client_id, scope="openid offline_access")
    before = learnt["before"]
    assert (before["active"], before["client_id"], before["iss"]) == (True, client_id, nation.urls["idp"])
    assert (learnt["after"], learnt["refresh"]) == ({"active": False}, "invalid_grant")


def test_a_device_is_let_in(nation: Run) -> None:
    learnt = play(nation, "device", "tv")
    assert learnt["early"] == "authorization_pending"
    assert learnt["claims"]["sub"] == learnt["userinfo"]["sub"]


def test_a_resource_server_reads_our_access_tokens(nation: Run) -> None:
    learnt = play(nation, "resource_server", "robot", resource=RESOURCE, own_scope="orders:read")
    claims = learnt["claims"]
    assert (claims["aud"], claims["scope"], claims["client_id"]) == (RESOURCE, "orders:read", "robot")
    assert "aud" in learnt["other"]
