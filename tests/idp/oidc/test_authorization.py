"""From a checked request to the next page: each `prompt` and what they make together; consent for what goes on without the person."""

import pytest

from tests.world_idp import State, answer_of, basic, client

one_database = pytest.mark.parametrize("state", ["sqlite"], indirect=True)


@one_database
@pytest.mark.parametrize(
    ("prompt", "pages"),
    [
        (None, ()),
        ("none", ()),
        ("login", ("/login/",)),
        ("select_account", ("/login/",)),
        ("consent", ("/consent/",)),
        ("login consent", ("/login/", "/consent/")),
        ("consent login", ("/login/", "/consent/")),
        ("select_account consent", ("/login/", "/consent/")),
        ("login select_account", ("/login/",)),
        ("create", ("/register?",)),
        ("create consent", ("/register?",)),
    ],
)
def test_who_is_signed_in_and_allowed_it_sees_these_pages(state: State, prompt: str, pages: tuple[str, ...]) -> None:
    browser = state.browser()
    browser.code()
    answer, seen = browser.ask(prompt=prompt), []
    while "code=" not in answer.headers["Location"]:
        seen.append(next(page for page in ("/login/", "/consent/", "/register?") if page in answer.headers["Location"]))
        if seen[-1] == "/register?":
            break
        answer = browser.sign_in(answer) if seen[-1] == "/login/" else browser.decide(answer)
    assert tuple(seen) == pages


@one_database
@pytest.mark.parametrize("prompt", ["select_account", "login"])
def test_another_person_may_sign_in_then(state: State, prompt: str) -> None:
    browser = state.browser()
    first = state.id_token(state.redeem(browser.code()).get_json()["id_token"])
    code = browser.code(prompt=prompt, identifier="999090000111")
    second = state.id_token(state.redeem(code).get_json()["id_token"])
    assert second["sub"] == "999090000111" != first["sub"] and second["sid"] != first["sid"]


@one_database
def test_what_goes_on_without_the_person_they_allowed(state: State) -> None:
    """OpenID Connect Core 1.0 §11: `offline_access` is in a consent of its own, and no silent request adds it."""
    state.put(clients=(client("night", scopes=("openid", "profile", "offline_access")),))
    browser, sent = state.browser(), {"client_id": "night", "scope": "openid profile offline_access"}
    assert "refresh_token" not in state.redeem(browser.code(client_id="night"), basic("night")).get_json()
    assert answer_of(browser.ask(**sent, prompt="none"))["error"] == "consent_required"
    page = browser.get(browser.ask(**sent).headers["Location"])
    assert 'id="offline"' in page.text
    assert answer_of(browser.submit(page, decision="do-not-share"))["error"] == "access_denied"
    assert answer_of(browser.ask(**sent, prompt="none"))["error"] == "consent_required"
    assert "refresh_token" in state.redeem(browser.code(**sent), basic("night")).get_json()
    assert "code" in answer_of(browser.ask(**sent, prompt="none"))
