"""The answer as a form that the browser posts: code and errors, where it may go, and the page's own safety."""

import re
from html import unescape

import pytest

from tests.world_idp import CALLBACK, ISSUER, State, query


def fields(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)}


def test_a_code_is_posted(state: State) -> None:
    browser = state.browser()
    browser.code()
    answer = browser.ask(response_mode="form_post")
    assert answer.status_code == 200 and "Location" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert f'action="{CALLBACK}"' in answer.text and "js/form_post.js" in answer.text
    sent = fields(answer.text)
    assert (sent["state"], sent["iss"]) == (query()["state"], ISSUER)
    assert state.redeem(sent["code"]).status_code == 200
    assert "form-action 'self' https://bank.example.vn" in answer.headers["Content-Security-Policy"]


def test_the_walk_ends_in_the_form_too(state: State) -> None:
    browser = state.browser()
    answer = browser.decide(browser.sign_in(browser.ask(response_mode="form_post")))
    assert "code" in fields(answer.text)


@pytest.mark.parametrize(
    ("changed", "error"), [({"prompt": "none"}, "login_required"), ({"scope": "x"}, "invalid_scope")]
)
def test_errors_are_posted_too(state: State, changed: dict[str, str], error: str) -> None:
    answer = state.browser().ask(response_mode="form_post", **changed)
    sent = fields(answer.text)
    assert (answer.status_code, sent["error"], sent["state"]) == (200, error, query()["state"])


@pytest.mark.parametrize("mode", ["fragment", "web_message", "query.jwt", "FORM_POST"])
def test_other_modes_are_refused(state: State, mode: str) -> None:
    answer = state.browser().ask(response_mode=mode)
    assert "error=invalid_request" in answer.headers["Location"]


def test_it_is_announced(state: State) -> None:
    told = state.browser().get("/.well-known/openid-configuration").get_json()
    assert told["response_modes_supported"] == ["query", "form_post"]
    assert told["claims_parameter_supported"] is True
