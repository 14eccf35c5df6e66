"""What the consent page says beside the facts: the resources of others, single claims, in words; and how they are taken back."""

import pytest

from certs.jose import sign
from certs.keys import MemorySigner
from tests.attacks import answers
from tests.idp.oidc.tokens_asked import API, OTHER_API
from tests.world_idp import ISSUER, Browser, State, answer_of, basic, client, query

KEY = MemorySigner.generate("ES256", kid="one")
Pairs = list[tuple[str, str]]


@pytest.fixture
def desk(state: State) -> State:
    members = {"resources": [API, OTHER_API], "jwks": {"keys": [KEY.public.jwk()]}}
    state.put(clients=(client("desk", metadata=members),))
    return state


def asked(*resources: str, **changed: str) -> Pairs:
    return [*query(client_id="desk", **changed).items(), *(("resource", uri) for uri in resources)]


def page_of(browser: Browser, pairs: Pairs) -> str:
    response = browser.ask_pairs(pairs)
    if response.headers["Location"].startswith("/login/"):
        response = browser.sign_in(response)
    assert response.headers["Location"].startswith("/consent/"), response.headers["Location"]
    return response.headers["Location"]


def allowed(browser: Browser, pairs: Pairs) -> dict[str, str]:
    return answer_of(browser.submit(browser.get(page_of(browser, pairs)), decision="share"))


def test_resources_are_named(desk: State) -> None:
    browser = desk.browser()
    page = browser.get(page_of(browser, asked(API, OTHER_API, ISSUER))).text
    part = page.partition('id="resources"')[2].partition("</ul>")[0]
    assert part.count("<li>") == 2 and ISSUER not in part
    assert '<strong class="code">api.example.vn</strong>' in part and API in part and OTHER_API in part
    assert 'id="resources"' not in browser.get(page_of(browser, asked(ISSUER))).text


@pytest.mark.parametrize("way", ["pushed", "signed"])
def test_they_are_named_however_the_request_came(desk: State, way: str) -> None:
    browser = desk.browser()
    if way == "pushed":
        uri = desk.token(asked(API), basic("desk"), path="/par").get_json()["request_uri"]
        pairs = [("client_id", "desk"), ("request_uri", uri)]
    else:
        inside = {**query(client_id="desk"), "resource": [API], "iss": "desk", "aud": ISSUER}
        pairs = [("client_id", "desk"), ("request", sign(inside, KEY, typ="oauth-authz-req+jwt"))]
    assert "api.example.vn" in browser.get(page_of(browser, pairs)).text


def test_one_more_is_asked_for_and_what_was_allowed_is_not(desk: State) -> None:
    browser = desk.browser()
    assert "code" in allowed(browser, asked(API))
    assert "code" in answer_of(browser.ask_pairs(asked(API)))
    assert "code" in answer_of(browser.ask_pairs(asked()))
    silent = answer_of(browser.ask_pairs(asked(API, OTHER_API, prompt="none")))
    assert silent["error"] == "consent_required"
    assert "code" in allowed(browser, asked(API, OTHER_API))
    assert "code" in answer_of(browser.ask_pairs(asked(OTHER_API, API)))


def test_one_is_taken_back_alone(desk: State) -> None:
    browser = desk.browser()
    code = allowed(browser, asked(API, OTHER_API))["code"]
    assert "api.example.vn" in browser.get("/consents").text
    kept = [f"keep-{scope}" for scope in ("profile", f"resource:{OTHER_API}")]
    page = browser.get("/consents/narrow?client=desk")
    assert f'name="keep-resource:{API}"' in page.text
    assert browser.submit(page, **dict.fromkeys(kept, "yes")).status_code == 303
    answers.token(desk.redeem(code, basic("desk")), "invalid_grant")
    assert browser.ask_pairs(asked(API)).headers["Location"].startswith("/consent/")
    assert "code" in answer_of(browser.ask_pairs(asked(OTHER_API)))


def test_a_client_neither_asks_by_that_name_nor_hears_it(desk: State) -> None:
    browser = desk.browser()
    code = allowed(browser, asked(API, scope=f"openid resource:{OTHER_API}"))["code"]
    assert desk.redeem(code, basic("desk")).get_json()["scope"] == "openid"
    with desk.storage.reading() as ports:
        held = ports.consents.get("a-duong", "desk")
    assert held is not None and held.scopes == ("openid", f"resource:{API}")


def test_single_claims_are_in_words(desk: State) -> None:
    browser = desk.browser()
    wanted = '{"userinfo": {"birthdate": null, "email": {"essential": true}}}'
    page = browser.get(page_of(browser, asked(scope="openid", claims=wanted, ui_locales="en"))).text
    goes = page.partition('id="goes-title"')[2].partition("</section>")[0]
    assert "Date of birth" in goes and "E-mail" in goes and "claim:" not in page and "birthdate" not in page


def test_the_first_page_and_the_account_lead_to_the_code_of_a_device(state: State) -> None:
    browser = state.browser()
    assert 'href="/device"' in browser.get("/").text
    browser.sign_in(browser.get("/sign-in"))
    assert 'href="/device"' in browser.get("/account").text
    assert browser.get("/device").status_code == 200
