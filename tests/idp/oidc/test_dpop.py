"""Tokens that are bound to a key (RFC 9449): in each grant, in JWTs and introspection, at each resource; what profiles ask."""

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from certs import dpop
from certs.jose import parse
from certs.keys import MemorySigner
from idp.issuance import credential, offer
from idp.oidc import dpop as rules
from idp.oidc import token as token_endpoint
from idp.oidc.clients.dpop_metadata import REQUIRED
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.clients.registration import client as registered
from idp.oidc.profiles import PROFILES
from idp.oidc.request import FORM, Parameters, Request
from tests.attacks import answers
from tests.idp.devices import GRANT as DEVICE
from tests.idp.devices import allow, begin, signed_in, television
from tests.idp.issuance import office
from tests.idp.oidc.proofs import Holder, app, app_refresh, app_tokens, strict, strict_redeem
from tests.idp.oidc.tokens_asked import machine, told
from tests.world_idp import ISSUER, NOW, State, basic, client, reopen

SCOPE = "openid profile offline_access"
nothing_new_is_stored = pytest.mark.parametrize("state", ["sqlite"], indirect=True)


@pytest.fixture
def holder(state: State) -> Holder:
    state.put(clients=(app(), strict(), client("night", scopes=("openid", "profile", "offline_access"))))
    return Holder(state)


def test_a_public_client_s_refresh_token_is_bound_and_stays(state: State, holder: Holder) -> None:
    first = app_tokens(state, holder.proof())
    assert first["token_type"] == "DPoP"
    given = [first["access_token"]]
    for _ in range(3):
        again = app_refresh(state, first["refresh_token"], holder.proof())
        assert again.status_code == 200, again.text
        got = again.get_json()
        assert (got["token_type"], got["refresh_token"]) == ("DPoP", first["refresh_token"])
        given.append(got["access_token"])
    assert len(set(given)) == 4
    assert all(holder.userinfo(each).status_code == 200 for each in given)
    narrow = state.token(
        {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "client_id": "app", "scope": "openid"},
        holder.proof(),
    )
    assert set(holder.userinfo(narrow.get_json()["access_token"]).get_json()) == {"sub"}
    revoked = {"token": first["refresh_token"], "client_id": "app"}
    assert state.token(revoked, {}, path="/revoke").status_code == 200  # without a proof
    answers.token(app_refresh(state, first["refresh_token"], holder.proof()), "invalid_grant")
    assert all(holder.userinfo(each).status_code == 401 for each in given)


def test_an_unbound_refresh_token_is_bound_by_the_next_proof(state: State, holder: Holder) -> None:
    first = app_tokens(state, {})
    second = app_refresh(state, first["refresh_token"], holder.proof()).get_json()
    assert second["token_type"] == "DPoP" and second["refresh_token"] != first["refresh_token"]
    answers.token(app_refresh(state, second["refresh_token"], {}), "invalid_grant")
    assert app_refresh(state, second["refresh_token"], holder.proof()).status_code == 200


def test_a_confidential_client_s_refresh_token_is_bound_to_the_client(state: State, holder: Holder) -> None:
    """It is replaced as ever, a lost answer is given again to the same key alone, and another key may come later."""

    def refresh(token: str, *proof: dict[str, str]) -> TestResponse:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return state.token(form, {**basic("night"), **(proof[0] if proof else {})})

    given = state.browser().code(client_id="night", scope=SCOPE)
    first = state.redeem(given, {**basic("night"), **holder.proof()}).get_json()
    second = refresh(first["refresh_token"], holder.proof())
    assert refresh(first["refresh_token"], holder.proof()).data == second.data
    other = Holder(state)
    third = refresh(second.get_json()["refresh_token"], other.proof()).get_json()
    assert third["token_type"] == "DPoP"
    assert other.userinfo(third["access_token"]).status_code == 200
    assert holder.userinfo(third["access_token"]).status_code == 401
    fourth = refresh(third["refresh_token"]).get_json()
    assert fourth["token_type"] == "Bearer" and state.userinfo(fourth["access_token"]).status_code == 200
    answers.token(refresh(third["refresh_token"], other.proof()), "invalid_grant")  # not the same request
    answers.one_event(state, "refresh_reuse")


def test_the_other_grants_and_what_is_told_about_their_tokens(state: State, holder: Holder) -> None:
    state.put(clients=(machine(), machine("modern", access_token_format="jwt"), television()))
    for name in ("machine", "modern"):
        answer = state.token({"grant_type": "client_credentials"}, {**basic(name), **holder.proof()}).get_json()
        assert answer["token_type"] == "DPoP"
        found = told(state, answer["access_token"], name)
        assert (found["token_type"], found["cnf"]) == ("DPoP", {"jkt": holder.jkt})
    assert json.loads(parse(answer["access_token"]).payload)["cnf"] == {"jkt": holder.jkt}
    begun = begin(state).get_json()
    allow(signed_in(state), begun["user_code"])
    state.wait(5)
    form = {"grant_type": DEVICE, "device_code": begun["device_code"], "client_id": "tv"}
    got = state.token(form, holder.proof()).get_json()
    assert got["token_type"] == "DPoP" and holder.userinfo(got["access_token"]).status_code == 200
    given = state.browser().code()
    bound = state.redeem(given, {**basic(), **holder.proof()}).get_json()["access_token"]
    found = told(state, bound)
    assert (found["active"], found["token_type"], found["cnf"]) == (True, "DPoP", {"jkt": holder.jkt})


@nothing_new_is_stored
def test_a_jwt_access_token_says_its_key(state: State, holder: Holder) -> None:
    state.put(clients=(client("modern", metadata={"access_token_format": "jwt"}),))
    given = state.browser().code(client_id="modern")
    bound = state.redeem(given, {**basic("modern"), **holder.proof()}).get_json()["access_token"]
    assert json.loads(parse(bound).payload)["cnf"] == {"jkt": holder.jkt}
    assert holder.userinfo(bound).status_code == 200
    assert state.userinfo(bound).status_code == 401


@nothing_new_is_stored
def test_a_client_may_register_that_all_its_tokens_are_bound(state: State, holder: Holder) -> None:
    state.put(clients=(client("careful", metadata={REQUIRED: True}),))
    given = state.browser().code(client_id="careful")
    answers.token(state.redeem(given, basic("careful")), "invalid_request")
    assert state.redeem(given, {**basic("careful"), **holder.proof()}).get_json()["token_type"] == "DPoP"
    metadata = {"client_name": "X", "purpose": "X", "redirect_uris": ["https://x.example/cb"]}
    made: dict[str, Any] = {
        "client_id": "x",
        "secret_hash": "a" * 64,
        "profile": "agency",
        "entitled_to_pid": False,
        "simulation": False,
    }
    assert registered({**metadata, REQUIRED: True}, **made).metadata[REQUIRED] is True
    with pytest.raises(RegistrationError):
        registered({**metadata, REQUIRED: "true"}, **made)


@nothing_new_is_stored
@pytest.mark.parametrize("profile", PROFILES)
def test_what_each_profile_asks(state: State, profile: str) -> None:
    row, holder = PROFILES[profile], Holder(state)
    assert (row.sender_constraint, row.proof_nonce) == ((True, True) if profile == "bank" else (False, False))
    state.put(clients=(strict(profile=profile),))
    bare = strict_redeem(state, "unknown", {})
    answers.token(bare, "invalid_request" if row.sender_constraint else "invalid_grant")
    assert ("DPoP-Nonce" in bare.headers) == row.proof_nonce
    answers.token(
        strict_redeem(state, "unknown", holder.proof()), "use_dpop_nonce" if row.proof_nonce else "invalid_grant"
    )
    with_nonce = holder.proof(nonce=rules.nonce(state.web.oidc, now=state.clock[0]))
    answers.token(strict_redeem(state, "unknown", with_nonce), "invalid_grant")


@nothing_new_is_stored
def test_a_nonce_that_was_not_asked_for_is_one_of_ours_all_the_same(state: State, holder: Holder) -> None:
    refused = state.redeem("unknown", {**basic(), **holder.proof(nonce="x")})
    answers.token(refused, "use_dpop_nonce")
    good = holder.proof(nonce=refused.headers["DPoP-Nonce"])
    answers.token(state.redeem("unknown", {**basic(), **good}), "invalid_grant")


@nothing_new_is_stored
def test_it_is_told_in_the_metadata(state: State) -> None:
    found = state.app.test_client().get("/.well-known/openid-configuration").get_json()
    assert found["dpop_signing_alg_values_supported"] == ["ES256", "PS256", "Ed25519", "EdDSA"]


def test_a_wallet_s_token_is_bound_too(tmp_path: Path) -> None:
    """The pre-authorised code's, of a wallet that nobody knows, at the credential endpoint."""
    place, key, wallet = office.build(tmp_path), MemorySigner.generate(), MemorySigner.generate()

    def proof(path: str, **more: Any) -> str:
        return dpop.make(wallet, htm="POST", htu=office.ISSUER + path, now=place.now, **more)

    made = place.offer()
    form = {
        "grant_type": offer.GRANT_TYPE,
        "pre-authorized_code": offer.code_of(made.offer_id),
        "tx_code": made.tx_code,
    }
    sent = Request("POST", form=Parameters(tuple(form.items())), media_type=FORM, path="/token")
    with place.storage.transaction() as ports:
        got = token_endpoint.respond(
            replace(sent, headers={"dpop": proof("/token", jti="1")}), ports, place.context, place.now
        )
    tokens = office.body(got)
    assert tokens["token_type"] == "DPoP"
    token = tokens["access_token"]

    def ask(scheme: str, *proofs: str) -> int:
        headers = {"authorization": f"{scheme} {token}", **({"dpop": proofs[0]} if proofs else {})}
        data = json.dumps(place.request(place.proof(key=key))).encode()
        request = Request("POST", headers=headers, media_type="application/json", body=data, path="/credential")
        answer = credential.respond(place.storage, request, context=place.context, signers=place.signers, now=place.now)
        return answer.status

    assert ask("Bearer") == ask("DPoP") == 401
    once = proof("/credential", jti="2", access_token=token)
    assert ask("DPoP", once) == 200
    assert ask("DPoP", once) == 401
    assert ask("DPoP", proof("/credential", jti="3", access_token=token)) == 200


# --- races ------------------------------------------------------------------------------------------------------------


def test_the_same_proof_at_once_has_one_winner(state: State, holder: Holder) -> None:
    bound = app_tokens(state, holder.proof())["access_token"]
    for _ in range(5):
        proof, start = holder.proof("/userinfo", "GET", access_token=bound), threading.Barrier(4)

        def use(_: int, proof: dict[str, str] = proof, start: threading.Barrier = start) -> int:
            start.wait()
            return holder.userinfo(bound, proof).status_code

        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(use, range(4))) == [200, 401, 401, 401]


def _use(folder: Path, database: str, token: str, proof: dict[str, str], start: Any, results: Any) -> None:
    state = reopen(folder, database)
    start.wait(timeout=60)
    answer = Holder(state).userinfo(token, proof)
    results.put((answer.status_code, rules.nonce(state.web.oidc, now=NOW)))
    state.close()


@pytest.mark.parametrize(
    "state", ["postgresql"], indirect=True
)  # the verb itself races on every adapter: tests/contract
def test_the_same_proof_in_two_processes_has_one_winner_and_their_nonces_are_the_same(
    state: State, holder: Holder
) -> None:
    bound = app_tokens(state, holder.proof())["access_token"]
    proof = holder.proof("/userinfo", "GET", access_token=bound)
    config, spawn = state.web.config, multiprocessing.get_context("spawn")
    start, results = spawn.Barrier(2), spawn.Queue()
    sent = (config.data, config.database_url, bound, proof, start, results)
    running = [spawn.Process(target=_use, args=sent) for _ in range(2)]
    for process in running:
        process.start()
    answered = sorted(results.get(timeout=60) for _ in running)
    for process in running:
        process.join(timeout=20)
        assert process.exitcode == 0
    nonce = rules.nonce(state.web.oidc, now=NOW)
    assert answered == [(200, nonce), (401, nonce)]
    assert ISSUER not in nonce and len(nonce) == 22
