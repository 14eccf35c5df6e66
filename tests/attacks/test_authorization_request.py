"""Wrong authorization requests: attacks AR-01 to AR-25, those that the parameters of today can carry."""

import json
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from certs.encoding import b64url_decode, b64url_encode
from certs.jose import sign
from certs.keys import MemorySigner
from tests.attacks import answers
from tests.world_idp import CALLBACK, PASSWORD, STATE, Browser, State, answer_of, basic, client, query

SHOP = {"client_id": "shop", "redirect_uri": "https://shop.example.vn/cb"}


def test_ar_01_unknown_client(state: State) -> None:
    answers.page(state.browser().ask(client_id="n0body"), reflected=("n0body", CALLBACK))
    answers.one_event(state, "authorization_refused", reason="the client is not known here")


@pytest.mark.parametrize("client_id", [None, "", "bank\0", "b" * 300, "bánk", "Bank", " bank"])
def test_ar_02_missing_or_malformed_client_id(state: State, client_id: str | None) -> None:
    answers.page(
        state.browser().ask(client_id=client_id), reflected=(client_id or "",) if client_id != "bank\0" else ()
    )
    answers.one_event(state, "authorization_refused", error="invalid_request")


def test_ar_02_two_client_ids(state: State) -> None:
    answers.page(state.browser().ask_pairs([*query().items(), ("client_id", "shop")]))
    answers.one_event(state, "authorization_refused", error="invalid_request")


@pytest.mark.parametrize("name", ["login_hint", "acr_values", "ui_locales"])
def test_ar_what_is_kept_until_the_log_in_is_short(state: State, name: str) -> None:
    """Whoever comes writes a row: a posted request could have put a quarter of a megabyte into each."""
    asked = state.browser().client.post("/authorize", data=query(**{name: "a " * 4096}))
    answers.redirect(asked, "invalid_request")
    answers.one_event(state, "authorization_refused", reason="a hint is too long")


def test_ar_03_missing_response_type(state: State) -> None:
    answers.redirect(state.browser().ask(response_type=None), "invalid_request")
    answers.one_event(state, "authorization_refused", reason="response_type is missing")


@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "none", "CODE", "code id_token"])
def test_ar_04_other_response_types(state: State, response_type: str) -> None:
    answers.redirect(state.browser().ask(response_type=response_type), "unsupported_response_type")
    answers.one_event(state, "authorization_refused", error="unsupported_response_type")


@pytest.mark.parametrize("name", ["scope", "nonce", "code_challenge", "prompt", "unknown"])
def test_ar_05_parameter_sent_twice(state: State, name: str) -> None:
    sent = [*query(prompt="login", unknown="x").items(), (name, query(prompt="login", unknown="x")[name])]
    answers.redirect(state.browser().ask_pairs(sent), "invalid_request")
    answers.one_event(state, "authorization_refused", reason="a parameter was sent more than once")


def test_ar_05_state_sent_twice_is_not_echoed(state: State) -> None:
    answers.redirect(state.browser().ask_pairs([*query().items(), ("state", "second")]), "invalid_request", state=None)


@pytest.mark.parametrize("scope", [None, "profile", "OPENID", "openid2"])
def test_ar_06_scope_without_openid(state: State, scope: str | None) -> None:
    answers.redirect(state.browser().ask(scope=scope), "invalid_scope")
    answers.one_event(state, "authorization_refused", error="invalid_scope")


def test_ar_06_unknown_scope_is_ignored(state: State) -> None:
    code = state.browser().code(scope="openid profile unheard_of")
    assert state.redeem(code).get_json()["scope"] == "openid profile"


def test_ar_06_unknown_scope_is_refused_for_the_bank_profile(state: State) -> None:
    state.put(clients=(client("strict", profile="bank"),))
    pushed = state.token(query(client_id="strict", scope="openid unheard_of"), basic("strict"), path="/par")
    answers.token(pushed, "invalid_scope")


def test_ar_07_scope_not_granted_to_this_client(state: State) -> None:
    asked = state.browser().ask(**SHOP, scope="openid email")
    answers.redirect(asked, "invalid_scope", to=SHOP["redirect_uri"])
    answers.one_event(state, "authorization_refused", reason="scope is not granted to this client")


def test_ar_09_silent_without_session(state: State) -> None:
    answers.redirect(state.browser().ask(prompt="none"), "login_required")
    answers.one_event(state, "authorization_refused", error="login_required")


def test_ar_09_silent_without_consent(state: State) -> None:
    browser = state.browser()
    browser.sign_in(browser.ask())
    answers.redirect(browser.ask(prompt="none"), "consent_required")


def test_ar_09_silent_with_session_and_consent_gives_a_code(state: State) -> None:
    browser = state.browser()
    browser.code()
    assert "code" in answer_of(browser.ask(prompt="none"))


@pytest.mark.parametrize("prompt", ["none login", "none consent", "unheard_of", "login unheard_of"])
def test_ar_10_contradictory_prompts(state: State, prompt: str) -> None:
    answers.redirect(state.browser().ask(prompt=prompt), "invalid_request")


def test_ar_11_max_age_zero_asks_again(state: State) -> None:
    browser = state.browser()
    browser.code()
    state.wait(5)
    asked = browser.ask(max_age="0")
    assert asked.headers["Location"].startswith("/login/")
    code = answer_of(browser.sign_in(asked))["code"]
    claims = state.id_token(state.redeem(code).get_json()["id_token"])
    assert claims["auth_time"] == state.clock[0]


def test_ar_11_max_age_zero_asks_again_within_the_same_second(state: State) -> None:
    browser = state.browser()
    browser.code()
    assert browser.ask(max_age="0").headers["Location"].startswith("/login/")


def test_ar_11_max_age_not_yet_reached(state: State) -> None:
    browser = state.browser()
    browser.code()
    state.wait(100)
    assert "code" in answer_of(browser.ask(max_age="100"))
    state.wait(1)
    assert browser.ask(max_age="100").headers["Location"].startswith("/login/")


@pytest.mark.parametrize("max_age", ["-1", "abc", str(2**63), str(2**31), "1.5", "１", "0x10", " 1"])
def test_ar_12_max_age_is_no_number(state: State, max_age: str) -> None:
    answers.redirect(state.browser().ask(max_age=max_age), "invalid_request")


@pytest.mark.parametrize("mode", ["fragment", "jwt", "Query"])
def test_ar_13_response_mode_not_supported(state: State, mode: str) -> None:
    answers.redirect(state.browser().ask(response_mode=mode), "invalid_request")
    answers.one_event(state, "authorization_refused", reason="response_mode is not supported")


def test_ar_14_altered_hidden_fields_change_nothing(state: State) -> None:
    browser = state.browser()
    login = browser.get(browser.ask().headers["Location"])
    evil = {
        "scope": "openid address",
        "redirect_uri": "https://evil.example/",
        "response_type": "token",
        "client_id": "shop",
    }
    consent = browser.get(
        browser.submit(login, identifier="999203001234", password=PASSWORD, **evil).headers["Location"]
    )
    assert "Ngõ Huế" not in consent.text
    done = browser.submit(consent, decision="share", **evil)
    assert done.headers["Location"].startswith(f"{CALLBACK}?code=")
    assert state.redeem(answer_of(done)["code"]).get_json()["scope"] == "openid profile"


def test_ar_14_tampered_form_token(state: State) -> None:
    browser = state.browser()
    login = browser.get(browser.ask().headers["Location"])
    sent = browser.submit(login, identifier="999203001234", password=PASSWORD, form_token="0" * 64)
    answers.page(sent, 403)
    answers.one_event(state, "page_refused", reason="form_token")
    assert not state.journal("signed_in")


@pytest.mark.parametrize("name", ["state", "nonce"])
def test_ar_15_long_values(state: State, name: str) -> None:
    echoed = None if name == "state" else STATE
    answers.redirect(state.browser().ask(**{name: "x" * 16_384}), "invalid_request", state=echoed)
    answers.one_event(state, "authorization_refused", error="invalid_request")
    assert state.browser().ask(**{name: "x" * 512}).headers["Location"].startswith("/login/")


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=y", "a\nb", "a\0b", "a\x7fb", "ạ"])
def test_ar_16_unprintable_state_is_refused(state: State, value: str) -> None:
    asked = state.browser().ask(state=value)
    answers.redirect(asked, "invalid_request", state=None)
    assert "x=y" not in repr(asked.headers)


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "a\"b'c", "100%25 &code=forged", "a#b", "a b+c"])
def test_ar_16_odd_state_comes_back_percent_encoded(state: State, value: str) -> None:
    response = state.browser().ask(state=value, response_type="token")
    location = response.headers["Location"]
    assert not set("<>\"' ") & set(location)
    assert not urlsplit(location).fragment
    assert dict(parse_qsl(urlsplit(location).query))["state"] == value
    answers.redirect(response, "unsupported_response_type", state=value)


@pytest.mark.parametrize("name", ["request_uri", "registration"])
def test_request_objects_are_refused_with_their_own_error(state: State, name: str) -> None:
    answers.redirect(state.browser().ask(**{name: "eyJhbGciOiJub25lIn0.e30."}), f"{name}_not_supported")


def test_ar_21_markup_is_shown_as_text(state: State) -> None:
    browser = state.browser()
    markup = '"><script>alert(1)</script>'
    page = browser.get(browser.ask(login_hint=markup, ui_locales=f"{markup} en").headers["Location"])
    assert "<script>" not in page.text
    assert "&#34;&gt;&lt;script&gt;" in page.text  # in the field, as text
    assert 'lang="en"' in page.text


def test_ar_22_two_megabytes(state: State) -> None:
    response = state.app.test_client().post(
        "/authorize", data=b"a=" + b"x" * 2 * 2**20, content_type="application/x-www-form-urlencoded"
    )
    answers.page(response, 413)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "TRACE", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/authorize", "GET, POST"),
        ("/token", "POST"),
        ("/userinfo", "GET, POST"),
        ("/jwks", "GET"),
        ("/.well-known/openid-configuration", "GET"),
        ("/login/x", "GET, POST"),
        ("/consent/x", "GET, POST"),
        ("/sign-out", "GET, POST"),
    ],
)
def test_ar_23_other_methods(state: State, method: str, path: str, allowed: str) -> None:
    response = state.app.test_client().open(path, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == allowed
    answers.headers(response)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_ar_24_other_scheme_than_ours(state: State, method: str) -> None:
    response = state.app.test_client().open(
        f"/authorize?{urlencode(query())}",
        method=method,
        base_url="https://localhost:5000",
        headers={"X-Forwarded-Proto": "http", "Forwarded": "proto=http"},
    )
    answers.page(response)


def test_ar_25_no_page_can_be_framed(state: State) -> None:
    browser = state.browser()
    asked = browser.ask()
    pages = [
        browser.get("/"),
        asked,
        browser.get(asked.headers["Location"]),
        browser.get("/nowhere"),
        browser.ask(client_id="x"),
    ]
    for response in pages:
        answers.headers(response)


def test_posted_request_is_taken_like_the_address(state: State) -> None:
    sent = state.browser().client.post("/authorize", data=query())
    assert sent.headers["Location"].startswith("/login/")
    answers.page(state.browser().client.post("/authorize", json=query()), 415)


@pytest.mark.parametrize(
    "raw", [b"client_id=%ff", b"client_id=b%00", "client_id=ngân".encode(), b"&".join([b"a=1"] * 100)]
)
def test_unreadable_parameters(state: State, raw: bytes) -> None:
    response = state.app.test_client().get("/authorize", environ_overrides={"QUERY_STRING": raw.decode("latin-1")})
    answers.page(response)


@pytest.mark.parametrize("values", ["urn:example:gold", "LoA9", "4"])
def test_ar_19_unknown_acr(state: State, values: str) -> None:
    """As a wish it is passed over, as a demand it is refused: the level is never claimed."""
    browser = state.browser()
    wished = browser.decide(browser.sign_in(browser.ask(acr_values=values)))
    told = state.id_token(state.redeem(answer_of(wished)["code"]).get_json()["id_token"])
    assert told["acr"] == "LoA1"
    demanded = '{"id_token": {"acr": {"essential": true, "values": ["' + values + '"]}}}'
    answers.redirect(browser.ask(claims=demanded), "unmet_authentication_requirements")
    answers.one_event(state, "authorization_refused", error="unmet_authentication_requirements")


def hint_of(state: State, browser: Browser, **changed: str | None) -> str:
    return str(state.redeem(browser.code(**changed)).get_json()["id_token"])


def test_ar_17_id_token_hint_of_another_issuer(state: State) -> None:
    browser = state.browser()
    ours = hint_of(state, browser)
    header, payload, signature = ours.split(".")
    other = MemorySigner.generate("ES256")
    claims = json.loads(b64url_decode(payload))
    kid = json.loads(b64url_decode(header))["kid"]
    foreign = sign(claims, other, typ="JWT", headers={"kid": kid})
    unsigned = b64url_encode(b'{"alg":"none"}') + "." + payload + "."
    for bad in (foreign, unsigned, "x", f"{header}.{payload}.{signature[:-4]}AAAA", ours + "." + ours, "a" * 20_000):
        answers.redirect(browser.ask(id_token_hint=bad), "invalid_request")


def test_ar_17_id_token_hint_given_to_another_client(state: State) -> None:
    browser = state.browser()
    ours = hint_of(state, browser)
    asked = browser.ask(**SHOP, scope="openid", id_token_hint=ours)
    answers.redirect(asked, "invalid_request", to=SHOP["redirect_uri"])


def test_ar_17_expired_id_token_hint_of_ours_is_a_hint(state: State) -> None:
    browser = state.browser()
    ours = hint_of(state, browser)
    state.wait(700)
    answer = answer_of(browser.ask(id_token_hint=ours, prompt="none"))
    assert "code" in answer


def test_ar_18_hint_of_one_person_while_another_is_signed_in(state: State) -> None:
    first, second = state.browser(), state.browser()
    hint = hint_of(state, first)
    second.code(identifier="999090000111")
    answers.redirect(second.ask(id_token_hint=hint, prompt="none"), "login_required")
    asked = second.ask(id_token_hint=hint)
    assert asked.headers["Location"].startswith("/login/")
    assert "code" in answer_of(second.sign_in(asked))  # the one who was meant
    asked = second.ask(id_token_hint=hint, prompt="login")
    answers.redirect(second.sign_in(asked, identifier="999090000111"), "login_required")


@pytest.mark.parametrize(
    "claims",
    [
        "[" * 1_000,
        '{"id_token":' * 1_000 + "1" + "}" * 1_000,
        '{"id_token": {"x": "' + "y" * 102_400 + '"}}',
        "not JSON",
        "{'a': 1}",
    ],
)
def test_ar_20_claims_too_long_too_deep_or_no_json(state: State, claims: str) -> None:
    pairs = [*query().items(), ("claims", claims)]
    answers.redirect(
        state.browser().client.post(
            "/authorize", data=urlencode(pairs), content_type="application/x-www-form-urlencoded"
        ),
        "invalid_request",
    )


def test_xs_03_form_post_with_hostile_state(state: State) -> None:
    browser = state.browser()
    browser.code()
    hostile = "\"></form><script>alert(1)</script><form action='javascript:alert(1)"
    answer = browser.ask(response_mode="form_post", state=hostile)
    assert "<script>alert" not in answer.text and answer.text.count("<form") == 1
    assert "&#34;&gt;&lt;/form&gt;&lt;script&gt;" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and policy.rstrip().endswith("form-action 'self' https://bank.example.vn")


def test_xs_03_form_post_to_an_address_that_would_run(state: State) -> None:
    answers.page(state.browser().ask(response_mode="form_post", redirect_uri="javascript:alert(1)//"))
