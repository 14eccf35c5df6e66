"""The same wrong request by each way in which a request can come: the address, a form, pushed, signed, signed and pushed.

What one way refuses, none may let through (attacks.md §2, rule 2): flaws of peers were mended in one flow and left in the next.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from certs.encoding import b64url_decode, b64url_encode
from certs.jose import sign
from certs.keys import MemorySigner
from idp.issuance.configurations import CREDENTIAL_SCOPES
from tests.attacks import answers
from tests.world_idp import CALLBACK, ISSUER, STATE, State, basic, challenge, client, query, reopen

KEY = MemorySigner.generate("ES256", kid="one")
NAME = "ways"
# where programs call, with proofs of their own
PROGRAMS = {"/token", "/nonce", "/credential", "/devices", "/approvals/view", "/approvals/decision", "/notification"}
Sent = dict[str, str]


@pytest.fixture(scope="module")
def provider(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    state = reopen(shutil.copytree(made, tmp_path_factory.mktemp("ways") / "idp"))
    state.put(clients=(client(NAME, metadata={"jwks": {"keys": [KEY.public.jwk()]}}), client("other")))
    yield state
    state.close()


def signed(sent: Sent) -> str:
    inside: dict[str, object] = {"client_id": NAME, **sent, "iss": NAME, "aud": ISSUER}
    return sign(inside, KEY, typ="oauth-authz-req+jwt")


def by_address(state: State, sent: Sent) -> TestResponse:
    return state.browser().get("/authorize", query_string=sent)


def by_form(state: State, sent: Sent) -> TestResponse:
    return state.browser().client.post("/authorize", data=sent)


def by_push(state: State, sent: Sent) -> TestResponse:
    return state.token(sent, basic(NAME), path="/par")


def by_signature(state: State, sent: Sent) -> TestResponse:
    return by_address(state, {"client_id": NAME, "request": signed(sent)})


def by_signed_push(state: State, sent: Sent) -> TestResponse:
    return by_push(state, {"client_id": NAME, "request": signed(sent)})


WAYS: dict[str, Callable[[State, Sent], TestResponse]] = {
    "address": by_address,
    "form": by_form,
    "pushed": by_push,
    "signed": by_signature,
    "signed and pushed": by_signed_push,
}
PUSHED = ("pushed", "signed and pushed")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def refused(provider: State, way: str, error: str, /, **changed: str | None) -> None:
    answer = WAYS[way](provider, query(client_id=NAME, **changed))
    if way in PUSHED:
        answers.token(answer, error)
        return
    echoed = STATE if "state" not in changed else None
    answers.redirect(answer, error, state=echoed)


def test_a_right_request_is_taken(provider: State, way: str) -> None:
    answer = WAYS[way](provider, query(client_id=NAME))
    assert answer.status_code == (201 if way in PUSHED else 303)
    assert way in PUSHED or answer.headers["Location"].startswith("/login/")


def test_ar_03_ar_04_response_type(provider: State, way: str) -> None:
    refused(provider, way, "invalid_request", response_type=None)
    for kind in ("token", "code token", "none"):
        refused(provider, way, "unsupported_response_type", response_type=kind)


def test_ar_06_ar_07_scope(provider: State, way: str) -> None:
    for scope in (None, "profile", "openid offline_access", f"openid {next(iter(CREDENTIAL_SCOPES))}"):
        refused(provider, way, "invalid_scope", scope=scope)


def test_ar_10_ar_12_ar_13_ar_20_malformed(provider: State, way: str) -> None:
    wrong: tuple[Sent, ...] = (
        {"prompt": "none login"},
        {"prompt": "unheard_of"},
        {"max_age": "-1"},
        {"max_age": str(2**63)},
        {"claims": "not JSON"},
        {"claims": '{"userinfo": []}'},
        {"id_token_hint": "x"},
    )
    for changed in wrong:
        refused(provider, way, "invalid_request", **changed)
    answer = WAYS[way](provider, query(client_id=NAME, response_mode="fragment"))
    if way in PUSHED:
        answers.token(answer, "invalid_request")
    else:
        answers.redirect(answer, "invalid_request")


def test_ar_15_ar_16_state_and_nonce(provider: State, way: str) -> None:
    refused(provider, way, "invalid_request", nonce="n" * 513)
    for state in ("s" * 513, "a\r\nSet-Cookie: x=y", "ạ"):
        refused(provider, way, "invalid_request", state=state)


def test_pk_01_pk_02_pk_07_proof_keys(provider: State, way: str) -> None:
    refused(provider, way, "invalid_request", code_challenge=None, code_challenge_method=None)
    refused(provider, way, "invalid_request", code_challenge=None)
    for method in (None, "plain"):
        refused(provider, way, "invalid_request", code_challenge_method=method)
    refused(provider, way, "invalid_request", code_challenge=challenge() + "=")


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "https://evil.example/cb",
        f"{CALLBACK}/",
        CALLBACK.replace("bank", "Bank"),
        f"{CALLBACK}#x",
        "https://bank.example.vn@evil.example/callback",
        f"{CALLBACK}/../evil",
        "javascript:alert(1)",
    ],
)
def test_ru_01_ru_02_ru_03_ru_04_ru_06_ru_07_ru_11_ru_15_addresses(provider: State, way: str, uri: str | None) -> None:
    answer = WAYS[way](provider, query(client_id=NAME, redirect_uri=uri))
    if way in PUSHED:
        answers.token(answer, "invalid_request")
    else:
        answers.page(answer, reflected=("evil",))


def test_ru_12_ru_13_ru_14_a_foreign_address_beside_another_fault(provider: State, way: str) -> None:
    """Authlib CVE-2026-41479 and CVE-2026-44681: the error itself was sent to the foreign address."""
    evil = {"redirect_uri": "https://evil.example/cb"}
    for changed in ({"response_type": "token"}, {"scope": "profile"}, {"response_mode": "form_post"}, {"prompt": "x"}):
        answer = WAYS[way](provider, query(client_id=NAME, **evil, **changed))
        if way in PUSHED:
            answers.token(answer, "invalid_request")
        else:
            answers.page(answer, reflected=("evil",))


@pytest.mark.parametrize("name", ["scope", "state", "nonce", "redirect_uri", "unknown"])
def test_ar_05_a_parameter_twice(provider: State, name: str) -> None:
    twice = [*query(client_id=NAME, unknown="x").items(), (name, query(unknown="x")[name])]
    at_address = provider.browser().ask_pairs(twice)
    at_form = provider.browser().client.post("/authorize", data={k: [v, v] if k == name else v for k, v in twice})
    if name == "redirect_uri":
        answers.page(at_address)
        answers.page(at_form)
    else:
        echoed = None if name == "state" else STATE
        answers.redirect(at_address, "invalid_request", state=echoed)
        answers.redirect(at_form, "invalid_request", state=echoed)
    answers.token(provider.token(twice, basic(NAME), path="/par"), "invalid_request")


def test_ar_05_a_member_twice_in_what_was_signed(provider: State) -> None:
    """Two readers could take two meanings from it."""
    header = signed(query()).split(".")[0]
    payload = json.loads(b64url_decode(signed(query(client_id=NAME)).split(".")[1]))
    text = json.dumps(payload)[:-1] + ', "scope": "openid"}'
    head = f"{header}.{b64url_encode(text.encode())}"
    whole = f"{head}.{b64url_encode(KEY.sign(head.encode()))}"
    sent = {"client_id": NAME, "redirect_uri": CALLBACK, "state": STATE, "request": whole}
    answers.redirect(by_address(provider, sent), "invalid_request_object")
    answers.token(by_push(provider, sent), "invalid_request_object")


def test_co_10_a_pushed_name_is_no_code(provider: State) -> None:
    """Keycloak CVE-2026-4282: one flat store for everything that is used once."""
    pushed = by_push(provider, query(client_id=NAME)).get_json()["request_uri"]
    for value in (pushed, pushed.rpartition(":")[2]):
        answers.token(provider.redeem(value, basic(NAME)), "invalid_grant")
    asked = by_address(provider, {"client_id": NAME, "request_uri": pushed})
    assert asked.headers["Location"].startswith("/login/")  # and it was not used up by that


def test_ar_01_a_pushed_request_is_the_clients_own_alone(provider: State) -> None:
    pushed = by_push(provider, query(client_id=NAME)).get_json()["request_uri"]
    for name in ("other", "nobody", ""):
        answers.page(by_address(provider, {"client_id": name, "request_uri": pushed}), reflected=(pushed,))


# --- the other endpoints of the protocol, and the other pages ---------------------------------------------------------

ENDPOINTS = {
    "/par": "POST",
    "/token": "POST",
    "/revoke": "POST",
    "/introspect": "POST",
    "/device_authorization": "POST",
    "/userinfo": "GET, POST",
    "/jwks": "GET",
    "/.well-known/oauth-authorization-server": "GET",
    "/logout": "GET, POST",
    "/logout/confirm": "POST",
    "/device": "GET, POST",
    "/device/confirm": "POST",
}


@pytest.mark.parametrize("path", ENDPOINTS)
def test_ar_22_ar_23_two_megabytes_and_other_methods(provider: State, path: str) -> None:
    http, allowed = provider.app.test_client(), ENDPOINTS[path]
    for method in ("HEAD", "PUT", "TRACE", "DELETE", "PATCH"):
        answer = http.open(path, method=method)
        assert answer.status_code == 405, (method, answer.status_code)
        assert set(allowed.split(", ")) <= set(answer.headers["Allow"].split(", "))
        answers.headers(answer)
    if "POST" in allowed:
        huge = http.post(path, data=b"a=" + b"x" * 2 * 2**20, content_type="application/x-www-form-urlencoded")
        assert huge.status_code == 413


def test_ar_25_no_page_of_the_walk_can_be_framed(provider: State) -> None:
    browser = provider.browser()
    asked = browser.ask(client_id=NAME, prompt="consent")
    steps = [asked.headers["Location"] + part for part in ("", "/code", "/passkey", "/phone")]
    begun = asked.headers["Location"].rpartition("/")[2]
    pages = [browser.get(path) for path in (*steps, f"/recover?back={begun}", f"/register?then={begun}", "/logout")]
    after = browser.sign_in(asked)
    pages += [after, browser.get(after.headers["Location"]), browser.get("/device"), browser.get("/consents")]
    pages.append(browser.decide(browser.ask(client_id=NAME, response_mode="form_post")))
    for page in pages:
        assert page.status_code in (200, 303), (page.request.path, page.status_code)
        answers.headers(page)


def test_se_02_no_page_of_another_browsers_walk_opens(provider: State) -> None:
    attacker, victim = provider.browser(), provider.browser()
    victim.ask(client_id=NAME)
    asked = attacker.ask(client_id=NAME, prompt="consent")
    for part in ("", "/code", "/passkey", "/phone", "/face", "/more"):
        seen = victim.get(asked.headers["Location"] + part)
        assert seen.status_code >= 400 and NAME not in seen.text, (part, seen.status_code)
    after = attacker.sign_in(asked)
    answers.page(victim.get(after.headers["Location"]))
    assert attacker.get(after.headers["Location"]).status_code == 200


def test_se_03_no_page_takes_a_form_that_is_not_its_own(provider: State) -> None:
    """Every address that takes a form from a browser, those that come later included."""
    browser = provider.browser()
    browser.sign_in(browser.get("/sign-in"))
    before = Counter(event.kind for event in provider.journal())
    answered: dict[str, int] = {}
    for rule in provider.app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        if "POST" in (rule.methods or ()) and path not in PROGRAMS:
            fields: dict[str, object] = {"form_token": "0" * 64, "decision": "share"}
            answer = browser.client.post(path, data=fields)
            if answer.status_code == 415:  # a form with a file
                answer = browser.client.post(path, data=fields, content_type="multipart/form-data")
            answered[path] = answer.status_code
    assert len(answered) > 30
    passed = {path: status for path, status in answered.items() if status not in (401, 403, 404)}
    # These do what a link may do, too; the last leads to a log-in of a higher level.
    assert passed == {"/authorize": 400, "/logout": 303, "/account/password": 303}
    after = Counter(event.kind for event in provider.journal())
    assert all(kind.endswith("_refused") for kind in after - before), after - before
