"""A relying party that is not ours: npm `openid-client`, unmodified, at the served demonstration, by every flow that we have.

Spec: OpenID Connect Core 1.0; RFC 6749; RFC 7636; RFC 9207; RFC 9126; RFC 9101; RFC 7523; RFC 8628; RFC 7662; RFC 7009; RFC 8707;
RFC 9068; RFC 9449; OAuth 2.0 Form Post Response Mode; RP-Initiated Logout 1.0; RFC 9470 §5

The library checks issuer, `iss` of the response, state, PKCE, nonce, audience, times, `at_hash` and signatures itself.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from certs.keys import MemorySigner
from idp.model import Client
from tests.idp.devices import television
from tests.journeys import relying_party
from tests.journeys.relying_party import AFTER, CALLBACK
from tests.smoke import ROOT, Run
from tests.world_idp import SECRET, client

SCRIPT = "openid_client.mjs"
SCOPE = "openid profile email phone address vneid"
OFFLINE = ("openid", "profile", "email", "phone", "address", "vneid", "offline_access")
RESOURCE = "https://api.bank.example.vn"
# the algorithm that the client registered, the one that its ID token then has
ALGORITHMS = {"es256": "ES256", "default": "RS256"}
KEYS = {"ES256": "ES256", "PS256": "PS256", "RS256": "RS256", "Ed25519": "EdDSA"}  # as libraries name them: as we do
SIGNERS = {name: MemorySigner.generate(alg, kid=f"key-{name}") for name, alg in KEYS.items()}


def with_key(name: str, profile: str, **metadata: Any) -> Client:
    jwks = {"keys": [SIGNERS[name].public.jwk()]}
    return client(
        f"key-{profile}-{name}",
        redirect_uris=(CALLBACK,),
        profile=profile,
        token_endpoint_auth_method="private_key_jwt",
        secret_hash=None,
        metadata={"jwks": jwks, **metadata},
    )


CLIENTS = (
    *(client(name, redirect_uris=(CALLBACK,), id_token_signed_response_alg=alg) for name, alg in ALGORITHMS.items()),
    client("post", redirect_uris=(CALLBACK,), token_endpoint_auth_method="client_secret_post"),
    client("basic", redirect_uris=(CALLBACK,), profile="baseline", id_token_signed_response_alg="RS256"),
    client("offline", redirect_uris=(CALLBACK,), scopes=OFFLINE, metadata={"post_logout_redirect_uris": [AFTER]}),
    client("resources", redirect_uris=(CALLBACK,), scopes=OFFLINE, metadata={"resources": [RESOURCE]}),
    client("guard", redirect_uris=(CALLBACK,), metadata={"protected_resources": [RESOURCE]}),
    client(
        "robot",
        redirect_uris=(),
        metadata={
            "grant_types": ["client_credentials"],
            "client_credentials_scope": "orders:read orders:write",
            "resources": [RESOURCE],
            "access_token_format": "jwt",
        },
    ),
    television(),
    *(with_key(name, "agency") for name in KEYS),
    with_key("ES256", "bank"),
    with_key("PS256", "bank"),
    with_key("ES256", "baseline"),
    client(
        "public",
        redirect_uris=(CALLBACK,),
        scopes=OFFLINE,
        token_endpoint_auth_method="none",
        secret_hash=None,
    ),
)


# What a request is besides an ordinary one, as the plan "Basic" of the OpenID Foundation asks for it.
ROWS: dict[str, dict[str, Any]] = {
    "no nonce": {"without": ["nonce"]},
    "no state": {"without": ["state"]},
    "no PKCE": {"without": ["code_challenge"]},
    "PKCE": {},
    "posted": {"how": {"posted": True}},
    "openid is not the first scope": {"asked": [["scope", "profile openid"]]},
    "unknown scope": {"asked": [["scope", "openid profile unknown"]]},
    "unknown parameter": {"asked": [["extra", "foobar"]]},
    "display page": {"asked": [["display", "page"]]},
    "display popup": {"asked": [["display", "popup"]]},
    "ui_locales": {"asked": [["ui_locales", "se vi"]]},
    "claims_locales": {"asked": [["claims_locales", "se vi"]]},
    "login_hint": {"asked": [["login_hint", "somebody@example.vn"]]},
    "acr_values": {"asked": [["acr_values", "LoA1 LoA2"]]},
    "prompt login": {"asked": [["prompt", "login"]]},
    "prompt none": {"asked": [["prompt", "none"]]},
    "max_age": {"asked": [["max_age", "10000"]], "checks": {"maxAge": 10000}},
    "essential name": {"asked": [["claims", '{"userinfo": {"name": {"essential": true}}}']]},
}
SCOPES = {
    "profile": {"name", "birthdate", "gender"},
    "email": {"email", "email_verified"},
    "phone": {"phone_number", "phone_number_verified"},
    "address": {"address"},
}
SCOPE_ROWS = [*SCOPES, " ".join(SCOPES)]
REFUSED: dict[str, tuple[list[list[str]], str]] = {
    "nobody is signed in": ([["prompt", "none"]], "login_required"),
    "unsigned request object": ([["request", "eyJhbGciOiJub25lIn0.e30."]], "invalid_request_object"),
    "response mode for scripts": ([["response_mode", "fragment"]], "invalid_request"),
    "claims that are none": ([["claims", "not JSON"]], "invalid_request"),
}


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with relying_party.served(tmp_path_factory.mktemp("openid-client"), *CLIENTS) as run:
        yield run


def play(nation: Run, scenario: str, client_id: str, **more: Any) -> Any:
    changed = more.pop("changed", ("", ""))
    registered = next(each for each in CLIENTS if each.client_id == client_id)
    method, alg = registered.token_endpoint_auth_method, registered.id_token_signed_response_alg
    settings: dict[str, Any] = {"client_id": client_id, "client_secret": SECRET, "scope": SCOPE, "method": method}
    settings["id_token_alg"] = None if alg == "RS256" else alg
    if registered.profile == "bank":
        settings["dpop"] = "ES256"  # nothing else is given
    if name := client_id.partition("-")[2].partition("-")[2]:
        settings["key"] = {"pem": SIGNERS[name].pem().decode(), "kid": SIGNERS[name].public.kid, "alg": name}
    return relying_party.play(nation, SCRIPT, scenario, {**settings, **more}, changed=changed)


@pytest.mark.parametrize("name", [*ALGORITHMS, "post"])
def test_it_signs_a_person_in(nation: Run, name: str) -> None:
    learnt = play(nation, "sign_in", name)
    header, claims, userinfo = learnt["header"], learnt["claims"], learnt["userinfo"]
    assert header["alg"] == ALGORITHMS.get(name, "ES256")
    assert claims["iss"] == learnt["iss"] == nation.urls["idp"]
    assert (claims["sub"], claims["aud"]) == (nation.persona["pid"], name)
    assert claims["nonce"] and claims["at_hash"] and claims["acr"].startswith("LoA")
    assert userinfo["sub"] == userinfo["personal_identification_number"] == nation.persona["pid"]
    assert userinfo["name"] == nation.persona["name"]


def test_it_refuses_an_answer_that_names_another_issuer(nation: Run) -> None:
    with pytest.raises(AssertionError, match='unexpected "iss"'):
        play(nation, "sign_in", "es256", changed=(re.escape("iss=http"), "iss=https"))


def test_it_refuses_an_answer_of_another_request(nation: Run) -> None:
    with pytest.raises(AssertionError, match='"state"'):
        play(nation, "sign_in", "es256", changed=(r"state=[^&]+", "state=another"))


@pytest.fixture(scope="module")
def initial_token(nation: Run) -> str:
    """By which applications register themselves, told by the staff."""
    command = ["client", "token", "Thử", "--profile", "baseline", "--scope", "profile email", "--uses", "9"]
    run = [sys.executable, "-m", "idp", *command, "--data", str(nation.data), "--json"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, check=True, timeout=60)
    return str(json.loads(done.stdout)[0]["initial_access_token"])


REGISTERED: dict[str, tuple[str, dict[str, Any]]] = {
    "as little as there is": ("client_secret_basic", {}),
    "its secret signs": ("client_secret_jwt", {}),
    "a key, and all signed": (
        "private_key_jwt",
        {
            "jwks": {"keys": [SIGNERS["PS256"].public.jwk()]},
            "id_token_signed_response_alg": "PS256",
            "userinfo_signed_response_alg": "ES256",
        },
    ),
    "signed and encrypted": (
        "client_secret_basic",
        {
            f"{answer}_{member}": value
            for answer in ("id_token", "userinfo")
            for member, value in (
                ("signed_response_alg", "ES256"),
                ("encrypted_response_alg", "ECDH-ES"),
                ("encrypted_response_enc", "A256GCM"),
            )
        },
    ),
}


@pytest.mark.parametrize("name", REGISTERED)
def test_it_registers_itself(nation: Run, initial_token: str, name: str) -> None:
    method, metadata = REGISTERED[name]
    key = {"pem": SIGNERS["PS256"].pem().decode(), "kid": SIGNERS["PS256"].public.kid, "alg": "PS256"}
    more = {"method": method, "metadata": metadata, "key": key, "initial_token": initial_token}
    learnt = play(nation, "register", "basic", **more, scope="openid profile")
    assert learnt["registered"]["client_id"] == learnt["claims"]["aud"]
    assert learnt["userinfo"]["name"] == nation.persona["name"]
    assert learnt["claims"]["sub"] not in (
        "",
        nation.persona["pid"],
    )  # nobody is entitled to the number by their own word
    outermost = metadata.get("id_token_encrypted_response_alg") or metadata.get("id_token_signed_response_alg", "RS256")
    assert learnt["header"]["alg"] == outermost


def test_it_does_not_register_itself_without_our_word(nation: Run) -> None:
    with pytest.raises(AssertionError, match="WWW-Authenticate"):
        play(nation, "register", "basic", method="client_secret_basic", initial_token="unknown")


@pytest.fixture(scope="module")
def outcomes(nation: Run) -> Any:
    """Of all these requests, one after the other in one browser, which nobody was signed in at before."""
    refused = {name: {"asked": asked} for name, (asked, _) in REFUSED.items()}
    scopes = {scope: {"asked": [["scope", f"openid {scope}"]]} for scope in SCOPE_ROWS}
    return play(nation, "requests", "basic", scope="openid profile", rows=refused | ROWS | scopes)


@pytest.mark.parametrize("row", ROWS)
def test_a_request_of_the_basic_plan(nation: Run, outcomes: Any, row: str) -> None:
    assert outcomes[row]["userinfo"]["name"] == nation.persona["name"], outcomes[row]
    assert ("nonce" in outcomes[row]["claims"]) == (row != "no nonce")


@pytest.mark.parametrize("scope", SCOPE_ROWS)
def test_a_scope_brings_its_claims_and_no_others(outcomes: Any, scope: str) -> None:
    for name, claims in SCOPES.items():
        told = claims & set(outcomes[scope]["userinfo"])
        assert told == (claims if name in scope.split() else set()), name


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_is_refused(outcomes: Any, name: str) -> None:
    assert outcomes[name] == {"refused": REFUSED[name][1]}


@pytest.mark.parametrize("name", KEYS)
def test_it_proves_by_a_key_who_it_is(nation: Run, name: str) -> None:
    assert play(nation, "sign_in", f"key-agency-{name}")["claims"]["aud"] == f"key-agency-{name}"


@pytest.mark.parametrize("alg", ["ES256", "PS256", "Ed25519"])
def test_its_tokens_are_bound_to_its_key(nation: Run, alg: str) -> None:
    learnt = play(nation, "dpop", "public", dpop=alg, scope="openid profile offline_access")
    assert learnt["type"] == "dpop"  # as the library writes it
    assert learnt["userinfo"]["name"] == nation.persona["name"]
    assert (learnt["stolen"], learnt["bare"]) == ("invalid_grant", "invalid_token")


@pytest.mark.parametrize(
    ("client_id", "via"),
    [
        ("es256", "par"),
        ("key-agency-ES256", "jar"),
        ("key-agency-RS256", "jar"),
        ("key-agency-Ed25519", "jar by par"),
        ("key-baseline-ES256", "jar"),
        ("key-agency-PS256", "par"),
        ("key-bank-ES256", "jar by par"),
        ("key-bank-PS256", "par"),
    ],
)
def test_it_pushes_and_signs_its_requests(nation: Run, client_id: str, via: str) -> None:
    assert play(nation, "sign_in", client_id, via=via)["claims"]["aud"] == client_id


def test_the_answer_is_posted(nation: Run) -> None:
    assert play(nation, "form_post", "es256")["claims"]["sub"] == nation.persona["pid"]


def test_it_refreshes(nation: Run) -> None:
    learnt = play(nation, "refresh", "offline", scope="openid profile offline_access")
    assert learnt["scope"] == "openid"
    assert "name" not in learnt["userinfo"]
    assert (learnt["replayed"], learnt["family"]) == ("invalid_grant", "invalid_grant")


def test_a_client_acts_in_its_own_name(nation: Run) -> None:
    learnt = play(nation, "client_credentials", "robot", resource=RESOURCE, own_scope="orders:read")
    claims = learnt["claims"]
    assert (claims["sub"], claims["client_id"], claims["aud"]) == ("robot", "robot", RESOURCE)
    assert (learnt["typ"], learnt["scope"], learnt["wrong"]) == ("at+jwt", "orders:read", "invalid_target")


def test_a_device_is_let_in(nation: Run) -> None:
    learnt = play(nation, "device", "tv", scope="openid profile")
    assert learnt["claims"]["sub"] == learnt["userinfo"]["sub"]
    assert learnt["userinfo"]["name"] == nation.persona["name"]


def test_a_token_for_a_resource_is_looked_at_and_given_back(nation: Run) -> None:
    learnt = play(nation, "resources", "resources", resource=RESOURCE, guard="guard", scope="openid offline_access")
    seen = learnt["seen"]
    assert (seen["active"], seen["client_id"]) == (True, "resources")
    assert seen["aud"] in (RESOURCE, [RESOURCE])
    assert (learnt["after"], learnt["refreshed"]) == ({"active": False}, "invalid_grant")


def test_it_asks_for_claims_by_name(nation: Run) -> None:
    learnt = play(nation, "claims", "es256", scope="openid")
    assert learnt["claims"]["email"]
    assert learnt["claims"]["auth_time"]
    assert learnt["userinfo"]["phone_number"]


def test_silently_and_anew(nation: Run) -> None:
    first, silent, young, anew, prompted = play(nation, "again", "es256", scope="openid")["auth_times"]
    assert first == silent == young <= anew <= prompted


def test_it_steps_up(nation: Run) -> None:
    learnt = play(nation, "step_up", "es256", scope="openid")
    assert [claims["acr"] for claims in learnt["claims"]] == ["LoA1", "LoA2", "LoA2"]
    assert {"pwd", "sms", "mfa"} <= set(learnt["claims"][1]["amr"])
    assert (learnt["silently"], learnt["unmet"]) == ("interaction_required", "unmet_authentication_requirements")


def test_it_logs_out(nation: Run) -> None:
    learnt = play(nation, "logout", "offline", scope="openid", post_logout_redirect_uri=AFTER)
    assert learnt["silent"] == "login_required"
