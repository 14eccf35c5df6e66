"""Single claims asked for by name: allowed, released, told in the ID token, taken back; and one person alone."""

import json

import pytest

from idp.oidc.claims import uncovered
from tests.world_idp import State, answer_of, basic, client


def claims(**members: object) -> str:
    return json.dumps(members)


BIRTH = claims(userinfo={"birthdate": {"essential": True}, "unheard_of": None})


def test_a_claim_alone_is_released_and_nothing_beside_it(state: State) -> None:
    browser = state.browser()
    asked = browser.sign_in(browser.ask(scope="openid", claims=BIRTH))
    page = browser.get(asked.headers["Location"]).text
    assert "09/05/2003" in page and "Thuỳ Dương</" not in page.split('id="goes-title"')[1]
    code = answer_of(browser.decide(asked))["code"]
    tokens = state.redeem(code).get_json()
    assert tokens["scope"] == "openid"  # what stands for a claim is not told
    assert set(state.userinfo(tokens["access_token"]).get_json()) == {"sub", "birthdate"}
    assert "birthdate" not in state.id_token(tokens["id_token"])


def test_a_claim_in_the_id_token(state: State) -> None:
    asked = claims(id_token={"email": None, "given_name": {"essential": True}, "auth_time": {"essential": True}})
    tokens = state.redeem(state.browser().code(scope="openid", claims=asked)).get_json()
    told = state.id_token(tokens["id_token"])
    assert (told["email"], told["given_name"]) == ("duong@example.vn", "Dương")
    (given,) = state.journal("tokens_given")
    assert {"email", "given_name"} <= set(given.details["claims"])


def test_a_claim_of_a_scope_that_the_client_may_not_have_is_left_out(state: State) -> None:
    shop = {"client_id": "shop", "redirect_uri": "https://shop.example.vn/cb"}
    browser = state.browser()
    code = browser.code(scope="openid", claims=claims(id_token={"phone_number": {"essential": True}}), **shop)
    assert code
    assert "phone" not in browser.get("/consents").text


def test_what_was_allowed_by_scope_is_not_asked_again_and_more_is(state: State) -> None:
    browser = state.browser()
    browser.code(scope="openid profile")
    assert "code" in answer_of(browser.ask(scope="openid", claims=BIRTH, prompt="none"))
    more = browser.ask(scope="openid", claims=claims(userinfo={"phone_number": None}), prompt="none")
    assert answer_of(more)["error"] == "consent_required"


def test_a_claim_can_be_taken_back_alone(state: State) -> None:
    browser = state.browser()
    tokens = state.redeem(browser.code(scope="openid email", claims=BIRTH)).get_json()
    page = browser.get("/consents/narrow?client=bank")
    assert "keep-claim:birthdate" in page.text
    browser.submit(page, action="/consents/narrow", client="bank", **{"keep-email": "yes", "keep-claim:birthdate": ""})
    assert state.userinfo(tokens["access_token"]).status_code == 401
    assert answer_of(browser.ask(scope="openid", claims=BIRTH, prompt="none"))["error"] == "consent_required"
    assert "code" in answer_of(browser.ask(scope="openid email", prompt="none"))


@pytest.mark.parametrize("member", ["id_token", "userinfo"])
def test_the_answer_is_about_the_subject_that_was_named_or_about_nobody(state: State, member: str) -> None:
    browser = state.browser()
    browser.code(scope="openid")
    right = claims(**{member: {"sub": {"value": "999203001234"}}})
    other = claims(**{member: {"sub": {"value": "999090000111"}}})
    assert "code" in answer_of(browser.ask(scope="openid", claims=right, prompt="none"))
    assert answer_of(browser.ask(scope="openid", claims=other, prompt="none"))["error"] == "login_required"
    asked = browser.ask(scope="openid", claims=other)  # may be somebody else of the same browser
    assert asked.headers["Location"].startswith("/login/")
    assert answer_of(browser.sign_in(asked))["error"] == "login_required"


def test_two_subjects_are_refused(state: State) -> None:
    two = claims(id_token={"sub": {"value": "1"}}, userinfo={"sub": {"value": "2"}})
    assert answer_of(state.browser().ask(claims=two))["error"] == "invalid_request"


def test_a_clients_own_scope_of_that_shape_is_unknown(state: State) -> None:
    code = state.browser().code(scope="openid claim:birthdate")
    token = state.redeem(code).get_json()["access_token"]
    assert set(state.userinfo(token).get_json()) == {"sub"}


def test_refreshed_tokens_keep_what_was_asked(state: State) -> None:
    state.put(clients=(client("shop2", scopes=("openid", "profile", "offline_access")),))
    sent = {"client_id": "shop2", "scope": "openid offline_access", "claims": claims(id_token={"birthdate": None})}
    first = state.redeem(state.browser().code(**sent), basic("shop2")).get_json()
    again = state.token(
        {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}, basic("shop2")
    ).get_json()
    assert state.id_token(again["id_token"], "shop2")["birthdate"] == "2003-05-09"


@pytest.mark.parametrize(
    ("asked", "allowed", "left"),
    [
        (("openid", "claim:email"), ("openid", "email"), ()),
        (("openid", "claim:email"), ("openid",), ("claim:email",)),
        (("email",), ("openid", "claim:email"), ("email",)),
        (("openid", "claim:email"), ("openid", "claim:email"), ()),
    ],
)
def test_what_is_covered(asked: tuple[str, ...], allowed: tuple[str, ...], left: tuple[str, ...]) -> None:
    assert uncovered(asked, allowed) == left
