"""The table of checks itself: its order, and that each line is needed."""

import pytest

from idp.oidc import authorize
from idp.oidc.authorize import AUTHORIZE, CHECKS, PAR
from tests.attacks import answers
from tests.world_idp import State


def test_client_and_address_are_checked_before_anything_else() -> None:
    assert [check.__name__ for check, _ in CHECKS[:2]] == ["check_client", "check_redirect_uri"]


def test_every_check_of_the_file_stands_in_the_table() -> None:
    written = {name for name in vars(authorize) if name.startswith("check_")}
    assert {check.__name__ for check, _ in CHECKS} == written
    at_one = {check.__name__ for check, endpoints in CHECKS if endpoints != AUTHORIZE | PAR}
    assert at_one == {"check_pushed"}


WRONG = {
    "check_client": {"client_id": "nobody"},
    "check_redirect_uri": {"redirect_uri": "https://evil.example/"},
    "check_text": {"nonce": "\x01"},
    "check_not_supported": {"registration": "x"},
    "check_response_type": {"response_type": "token"},
    "check_response_mode": {"response_mode": "fragment"},
    "check_scope": {"scope": "profile"},
    "check_pkce": {"code_challenge_method": "plain"},
    "check_prompt": {"prompt": "none login"},
    "check_max_age": {"max_age": "x"},
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_without_its_line_the_request_would_pass(state: State, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = state.browser()
    assert browser.ask(**WRONG[name]).headers.get("Location", "").partition("?")[0] != "/login"
    assert len(state.journal("authorization_refused")) == 1
    if name in ("check_client", "check_redirect_uri", "check_max_age"):
        return  # what follows could not be built without them
    monkeypatch.setattr(authorize, "CHECKS", tuple(line for line in CHECKS if line[0].__name__ != name))
    assert (
        browser.ask(**WRONG[name])
        .headers["Location"]
        .startswith(("/login/", "https://bank.example.vn/callback?error=login"))
    )


def test_errors_are_plain_ascii_and_say_nothing_of_what_was_sent(state: State) -> None:
    answers.redirect(state.browser().ask(prompt="xyzzy"), "invalid_request")
    assert "xyzzy" not in state.browser().ask(prompt="xyzzy").headers["Location"]
