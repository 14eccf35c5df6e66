"""Consent that is forged, widened, stale or withdrawn: attacks CN-01 to CN-07."""

import pytest

from idp.oidc.clients import registration
from idp.oidc.clients.registration import RegistrationError
from tests.attacks import answers
from tests.world_idp import CALLBACK, PASSWORD, State, answer_of


def test_cn_01_cn_04_form_fields_change_nothing(state: State) -> None:
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask()).headers["Location"])
    evil = {
        "scope": "openid address",
        "client_id": "shop",
        "redirect_uri": "https://evil.example",
        "account_id": "a-lam",
    }
    done = browser.submit(page, decision="share", **evil)
    assert done.headers["Location"].startswith(f"{CALLBACK}?code=")
    got = state.redeem(answer_of(done)["code"]).get_json()
    assert got["scope"] == "openid profile"
    assert "address" not in state.userinfo(got["access_token"]).get_json()


@pytest.mark.parametrize("name", ["Ngân h\u202eàng", "Вank Sen", "Sen\u200bBank", "Sen\nBank"])
def test_cn_02_deceptive_names_are_not_registered(name: str) -> None:
    metadata = {"client_name": name, "purpose": "x", "redirect_uris": [CALLBACK]}
    with pytest.raises(RegistrationError) as caught:
        registration.client(
            metadata, client_id="x", secret_hash="0" * 64, profile="agency", entitled_to_pid=False, simulation=False
        )
    assert caught.value.code == "invalid_client_metadata"


def test_cn_02_the_host_stands_next_to_the_name(state: State) -> None:
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask()).headers["Location"])
    assert "Ngân hàng Sen" in page.text
    assert '<strong class="code">bank.example.vn</strong>' in page.text
    assert "Mở tài khoản cho bạn" in page.text


def test_cn_03_asks_again_for_the_new_part(state: State) -> None:
    browser = state.browser()
    browser.code(scope="openid profile")
    assert "code" in answer_of(browser.ask(scope="openid"))  # less than before: nothing to ask
    page = browser.get(browser.ask(scope="openid profile phone").headers["Location"])
    new, _, before = page.text.partition("before-title")
    assert "+84 912 345 678" in new
    assert "Nguyễn Thị Thuỳ Dương" in before
    browser.submit(page, decision="share")
    assert "code" in answer_of(browser.ask(scope="openid profile phone"))


def test_cn_03_less_does_not_undo_what_was_allowed(state: State) -> None:
    browser = state.browser()
    browser.code(scope="openid profile phone")
    browser.decide(browser.ask(scope="openid", prompt="consent"))
    assert "code" in answer_of(browser.ask(scope="openid profile phone"))


def test_a_field_sent_twice(state: State) -> None:
    browser = state.browser()
    login = browser.get(browser.ask().headers["Location"])
    answers.page(browser.submit(login, identifier=["999203001234", "999090000111"], password=PASSWORD))
    page = browser.get(browser.submit(login, identifier="999203001234", password=PASSWORD).headers["Location"])
    answers.page(browser.submit(page, decision=["do-not-share", "share"]))
    assert not state.journal("consent_given")


def test_cn_03_prompt_consent_asks_though_allowed(state: State) -> None:
    browser = state.browser()
    browser.code()
    asked = browser.ask(prompt="consent")
    assert asked.headers["Location"].startswith("/consent/")
    assert "code" in answer_of(browser.decide(asked))


def test_cn_05_denial(state: State) -> None:
    browser = state.browser()
    answers.redirect(browser.decide(browser.sign_in(browser.ask()), "do-not-share"), "access_denied")
    answers.one_event(state, "consent_denied")
    with state.storage.reading() as ports:
        assert ports.consents.get("a-duong", "bank") is None
    assert browser.ask().headers["Location"].startswith("/consent/")


def test_cn_06_withdrawal_ends_tokens_at_once(state: State) -> None:
    browser = state.browser()
    access = state.redeem(browser.code()).get_json()["access_token"]
    assert state.userinfo(access).status_code == 200
    browser.submit(browser.get("/consents"))
    assert state.userinfo(access).status_code == 401
    answers.one_event(state, "consent_withdrawn")
    assert browser.ask().headers["Location"].startswith("/consent/")


def test_cn_06_nobody_withdraws_for_another(state: State) -> None:
    browser, other = state.browser(), state.browser()
    access = state.redeem(browser.code()).get_json()["access_token"]
    other.sign_in(other.get("/sign-in"), identifier="999090000111")
    page = browser.get("/consents")
    answers.page(other.submit(page, account_id="a-duong"), 403)
    assert state.userinfo(access).status_code == 200


def test_cn_07_page_kept_open_for_an_hour(state: State) -> None:
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask()).headers["Location"])
    state.wait(3600)
    answers.page(browser.submit(page, decision="share"), 403)
    answers.page(browser.get(page.request.path))
    assert not state.journal("code_given")


@pytest.mark.parametrize("decision", ["", "yes", "SHARE"])
def test_no_decision_is_no_consent(state: State, decision: str) -> None:
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask()).headers["Location"])
    answers.page(browser.submit(page, decision=decision))
    assert not state.journal("consent_given")
