"""Tokens without their key, proofs that are copied, forged, old or somebody else's: attacks DP-01 to DP-12, CO-13, RT-09."""

from typing import Any

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from certs import dpop, jose
from certs.encoding import b64url_encode, json_encode
from certs.keys import MemorySigner
from idp.app import create_app
from idp.oidc.dpop import WINDOW
from tests.attacks import answers
from tests.idp.oidc.proofs import (
    Holder,
    app,
    app_refresh,
    app_tokens,
    pushed_code,
    signed,
    strict,
    strict_redeem,
)
from tests.world_idp import ISSUER, State, basic, query


@pytest.fixture
def holder(state: State) -> Holder:
    state.put(clients=(app(), strict()))
    return Holder(state)


def at_resource(answer: TestResponse, error: str, scheme: str = "DPoP") -> None:
    """RS X: 401, the error in the challenge of the scheme that was used, and DPoP offered with its algorithms."""
    assert answer.status_code == 401, answer.text
    assert answer.get_json()["error"] == error
    challenges = answer.headers.getlist("WWW-Authenticate")
    assert challenges[0].startswith(f'{scheme} realm="{ISSUER}", error="{error}"'), challenges
    assert challenges[-1].startswith("DPoP ") and challenges[-1].endswith(f'algs="{" ".join(dpop.ALGORITHMS)}"')
    answers.headers(answer)


def with_code(state: State, headers: dict[str, str] | Headers, code: str = "unknown") -> TestResponse:
    """A request of the bank; a proof that holds comes as far as the code, which nobody knows."""
    sent = Headers(headers)
    sent.extend(basic())
    return state.redeem(code, sent)  # type: ignore[arg-type]


def test_co_13_dp_08_a_code_that_was_asked_for_with_a_key(state: State, holder: Holder) -> None:
    other = Holder(state)
    for headers in ({}, other.proof()):
        given = state.browser().code(dpop_jkt=holder.jkt)
        answers.token(with_code(state, headers, given), "invalid_grant")
        answers.token(with_code(state, holder.proof(), given), "invalid_grant")  # used up by that
    given = state.browser().code(dpop_jkt=holder.jkt)
    assert with_code(state, holder.proof(), given).get_json()["token_type"] == "DPoP"
    for wrong in ("x", holder.jkt + "=", holder.jkt[:-1]):
        answers.redirect(state.browser().ask(dpop_jkt=wrong), "invalid_request")


def test_rt_09_a_refresh_token_with_another_key(state: State, holder: Holder) -> None:
    tokens, other = app_tokens(state, holder.proof()), Holder(state)
    for headers in ({}, other.proof()):
        answers.token(app_refresh(state, tokens["refresh_token"], headers), "invalid_grant")
    assert not state.journal("refresh_reuse")
    assert holder.userinfo(tokens["access_token"]).status_code == 200
    assert app_refresh(state, tokens["refresh_token"], holder.proof()).status_code == 200


def test_dp_01_a_bound_token_without_its_proof(state: State, holder: Holder) -> None:
    bound = app_tokens(state, holder.proof())["access_token"]
    at_resource(state.userinfo(bound), "invalid_token", "Bearer")
    proof = holder.proof("/userinfo", "GET", access_token=bound)
    at_resource(holder.userinfo(bound, proof, scheme="Bearer"), "invalid_token", "Bearer")
    at_resource(holder.userinfo(bound, {}), "invalid_token")
    at_resource(Holder(state).userinfo(bound), "invalid_token")  # another key
    form = state.app.test_client().post("/userinfo", data={"access_token": bound}, headers=proof)
    at_resource(form, "invalid_token", "Bearer")
    assert holder.userinfo(bound, proof).status_code == 200  # nothing of that used the proof up
    unbound = app_tokens(state, {})["access_token"]
    at_resource(holder.userinfo(unbound), "invalid_token")
    assert state.userinfo(unbound).status_code == 200


def test_dp_02_a_proof_for_another_request(state: State, holder: Holder) -> None:
    for claims in (
        {"htm": "GET"},
        {"htm": "post"},
        {"htu": f"{ISSUER}/par"},
        {"htu": f"{ISSUER}/Token"},
        {"htu": f"{ISSUER}/token?a=b"},
        {"htu": f"{ISSUER}/token#a"},
        {"htu": "http://other.example/token"},
        {"htu": None},
    ):
        answers.token(with_code(state, holder.forged(claims)), "invalid_dpop_proof")
    bound = app_tokens(state, holder.proof())["access_token"]
    for path, method in (("/userinfo", "POST"), ("/token", "GET"), ("/Userinfo", "GET")):
        proof = holder.proof(path, method, access_token=bound)
        at_resource(holder.userinfo(bound, proof), "invalid_dpop_proof")
    spelt = {"htu": ISSUER.replace("http://localhost", "HTTP://LOCALHOST") + "/./%74oken"}
    answers.token(with_code(state, holder.forged(spelt)), "invalid_grant")


def test_dp_03_a_proof_twice_on_two_hosts(state: State, holder: Holder) -> None:
    other = State(create_app(state.web.config, clock=lambda: state.clock[0]), state.clock)
    try:
        sent = holder.proof()
        answers.token(with_code(state, sent), "invalid_grant")
        for host in (state, other):
            answers.token(with_code(host, sent), "invalid_dpop_proof")
        bound = app_tokens(state, holder.proof())["access_token"]
        once = holder.proof("/userinfo", "GET", access_token=bound)
        assert Holder(other, holder.signer).userinfo(bound, once).status_code == 200
        at_resource(holder.userinfo(bound, once), "invalid_dpop_proof")
        # Another key, or another address, may say the same.
        answers.token(with_code(state, holder.proof(jti="j")), "invalid_grant")
        answers.token(with_code(state, Holder(state).proof(jti="j")), "invalid_grant")
        assert holder.userinfo(bound, holder.proof("/userinfo", "GET", jti="j", access_token=bound)).status_code == 200
    finally:
        other.close()


def test_dp_04_too_old_or_from_the_future(state: State, holder: Holder) -> None:
    now = state.clock[0]
    for made, error in ((-61, "invalid_dpop_proof"), (11, "invalid_dpop_proof"), (-60, ""), (8, ""), (10, "")):
        answers.token(with_code(state, holder.proof(now=now + made)), error or "invalid_grant")
    sent = holder.proof(now=now + 10)
    answers.token(with_code(state, sent), "invalid_grant")
    state.wait(70)
    with state.storage.transaction() as ports:
        ports.ephemeral.sweep(now=state.clock[0])
    answers.token(with_code(state, sent), "invalid_dpop_proof")  # remembered as long as it would be taken
    state.wait(1)
    with state.storage.transaction() as ports:
        assert ports.ephemeral.sweep(now=state.clock[0]) >= 1
    answers.token(with_code(state, sent), "invalid_dpop_proof")


def test_dp_05_keys_and_algorithms_that_prove_nothing(state: State, holder: Holder) -> None:
    public = holder.signer.public.bare_jwk()
    rsa = MemorySigner.generate("RS256")
    header = b64url_encode(json_encode({"typ": dpop.TYP, "alg": "none", "jwk": public}))
    claims = {"jti": "j", "htm": "POST", "htu": f"{ISSUER}/token", "iat": state.clock[0]}
    unsigned = {"DPoP": f"{header}.{b64url_encode(json_encode(claims))}."}
    for sent in (
        holder.forged(jwk={**public, "d": b64url_encode(b"d" * 32)}),
        holder.forged(jwk={"kty": "oct", "k": b64url_encode(b"k" * 32)}),
        holder.forged(jwk={"kty": "oct", "k": b64url_encode(b"k" * 32)}, alg="HS256"),
        holder.forged(alg="HS256"),
        holder.forged(alg="none"),
        unsigned,
        {"DPoP": jose.sign(claims, rsa, typ=dpop.TYP, headers={"jwk": rsa.public.bare_jwk()})},
        holder.forged(jwk=None),
        holder.forged(jwk=MemorySigner.generate().public.bare_jwk()),
    ):
        answers.token(with_code(state, sent), "invalid_dpop_proof")
    assert len(state.journal("token_refused")) == 9


def test_dp_06_a_proof_that_is_not_for_this_token(state: State, holder: Holder) -> None:
    bound, another = (app_tokens(state, holder.proof())["access_token"] for _ in range(2))
    for more in ({}, {"access_token": another}, {"access_token": "x"}):
        at_resource(holder.userinfo(bound, holder.proof("/userinfo", "GET", **more)), "invalid_dpop_proof")
    assert state.journal("access_refused")[0].details["reason"] == "the proof does not hold: digest_mismatch (12) ath"


def test_dp_07_a_nonce_that_is_missing_or_stale(state: State, holder: Holder) -> None:
    """Of a client whose profile asks for them; the answer brings the one to use, and the code is still good."""

    def told(answer: TestResponse) -> str:
        return str(answer.headers["DPoP-Nonce"])

    bare = signed(state, query(client_id="strict"), holder.proof("/par"), path="/par")
    answers.token(bare, "use_dpop_nonce")
    nonce = told(bare)
    given = pushed_code(state, holder.proof("/par", nonce=nonce))
    for more in ({}, {"nonce": "x"}, {"nonce": nonce[:-1]}, {"nonce": "é"}):
        answers.token(strict_redeem(state, given, holder.proof(**more)), "use_dpop_nonce")
    answer = strict_redeem(state, given, holder.proof(nonce=nonce))
    assert (answer.status_code, answer.get_json()["token_type"]) == (200, "DPoP")
    assert told(answer) == nonce
    bound = answer.get_json()["access_token"]
    refused = holder.userinfo(bound)
    at_resource(refused, "use_dpop_nonce")
    good: dict[str, Any] = {"access_token": bound, "nonce": told(refused)}
    assert holder.userinfo(bound, holder.proof("/userinfo", "GET", **good)).status_code == 200
    state.wait(WINDOW)
    assert holder.userinfo(bound, holder.proof("/userinfo", "GET", **good)).status_code == 200
    state.wait(WINDOW)
    stale = holder.userinfo(bound, holder.proof("/userinfo", "GET", **good))
    at_resource(stale, "use_dpop_nonce")
    assert told(stale) != nonce


def test_dp_09_two_proofs(state: State, holder: Holder) -> None:
    two = Headers([("DPoP", holder.proof()["DPoP"]), ("DPoP", holder.proof()["DPoP"])])
    answers.token(with_code(state, two), "invalid_dpop_proof")
    answers.one_event(state, "token_refused", reason="the proof does not hold: malformed (1) several headers")


def test_dp_10_another_type(state: State, holder: Holder) -> None:
    for typ in (None, "JWT", "at+jwt", "openid4vci-proof+jwt", "dpop"):
        answers.token(with_code(state, holder.forged(typ=typ)), "invalid_dpop_proof")


def test_dp_11_another_key_after_the_push(state: State, holder: Holder) -> None:
    nonce = signed(state, query(client_id="strict"), holder.proof("/par"), path="/par").headers["DPoP-Nonce"]
    other = Holder(state)
    given = pushed_code(state, holder.proof("/par", nonce=nonce))
    answers.token(strict_redeem(state, given, other.proof(nonce=nonce)), "invalid_grant")
    named = query(client_id="strict", dpop_jkt=other.jkt)
    answers.token(signed(state, named, holder.proof("/par", nonce=nonce), path="/par"), "invalid_request")
    given = pushed_code(state, {}, dpop_jkt=holder.jkt)
    answers.token(strict_redeem(state, given, {}), "invalid_request")  # this client must prove, always
    given = pushed_code(state, {}, dpop_jkt=holder.jkt)
    answers.token(strict_redeem(state, given, other.proof(nonce=nonce)), "invalid_grant")


def test_dp_12_a_hundred_kibibytes(state: State, holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("decoded what is too long")

    sent = holder.forged({"more": "x" * 100 * 1024})
    monkeypatch.setattr(jose, "parse", never)
    monkeypatch.setattr(jose, "verify_parsed", never)
    answers.token(with_code(state, sent), "invalid_dpop_proof")
    answers.one_event(state, "token_refused", reason="the proof does not hold: oversize (2) proof")
