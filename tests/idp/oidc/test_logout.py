"""Logging out at the wish of a relying party: every way in, every fallback, and nowhere that was not registered."""

from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from idp.model import Client
from idp.storage.known_clients import KNOWN_SECONDS
from tests.attacks import answers
from tests.world_idp import CALLBACK, SECRET, Browser, State, basic, client

AFTER = "https://desk.example.vn/after?shop=1"
FRAME = "https://desk.example.vn/front?shop=1"
REDIRECT = "https://desk.example.vn/callback"


def desk(client_id: str = "desk", **metadata: object) -> Client:
    known = {"post_logout_redirect_uris": [AFTER, "https://desk.example.vn/out"], **metadata}
    return client(client_id, redirect_uris=(REDIRECT,), metadata=known)


def walked(state: State, client_id: str = "desk", **more: str) -> tuple[Browser, str]:
    """Somebody who signed in at the client, and their ID token there."""
    browser = state.browser()
    return browser, token(state, browser, client_id, **more)


def token(state: State, browser: Browser, client_id: str = "desk", **more: str) -> str:
    code = browser.code(client_id=client_id, redirect_uri=REDIRECT, **more)
    answer = state.redeem(code, basic(client_id, SECRET), redirect_uri=REDIRECT)
    return str(answer.get_json()["id_token"])


def ask(browser: Browser, **sent: str) -> TestResponse:
    return browser.get("/logout?" + urlencode(sent))


def signed_in(browser: Browser) -> bool:
    return browser.get("/documents").status_code == 200


def confirm(browser: Browser, page: TestResponse) -> TestResponse:
    assert page.status_code == 200 and 'id="sign-out"' in page.text, page.text
    return browser.submit(page)


@pytest.fixture
def desks(state: State) -> State:
    state.put(clients=(desk(),))
    return state


def test_a_hint_of_the_very_person_asks_nobody(desks: State) -> None:
    browser, hint = walked(desks)
    answer = ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER, state="a b&c")
    assert (answer.status_code, answer.headers["Location"]) == (303, AFTER + "&state=a%20b%26c")
    assert not signed_in(browser)
    (event,) = desks.journal("signed_out")
    assert (event.client_id, event.details["reason"]) == ("desk", "asked")


def test_without_state_the_address_is_as_it_was_registered(desks: State) -> None:
    browser, hint = walked(desks)
    answer = ask(browser, id_token_hint=hint, post_logout_redirect_uri="https://desk.example.vn/out")
    assert answer.headers["Location"] == "https://desk.example.vn/out"


def test_an_expired_hint_is_as_good(desks: State) -> None:
    browser, hint = walked(desks)
    desks.wait(1200)
    assert ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER).headers["Location"] == AFTER
    assert not signed_in(browser)


def test_without_an_address_the_page_is_ours(desks: State) -> None:
    browser, hint = walked(desks)
    page = ask(browser, id_token_hint=hint)
    assert page.status_code == 200 and 'id="signed-out"' in page.text and "Location" not in page.headers
    assert not signed_in(browser)


def test_without_anything_the_person_is_asked(desks: State) -> None:
    browser, _ = walked(desks)
    page = browser.get("/logout")
    assert signed_in(browser)
    done = confirm(browser, page)
    assert 'id="signed-out"' in done.text and not signed_in(browser)


def test_a_client_without_a_hint_is_named_and_the_person_asked(desks: State) -> None:
    browser, _ = walked(desks)
    page = ask(browser, client_id="desk", post_logout_redirect_uri=AFTER, state="s")
    assert "Ngân hàng Sen" in page.text and signed_in(browser)
    assert "form-action 'self' https://desk.example.vn" in page.headers["Content-Security-Policy"]
    assert confirm(browser, page).headers["Location"] == AFTER + "&state=s"
    assert not signed_in(browser)


def test_a_form_of_another_site_comes_without_cookies_and_is_brought_along(desks: State) -> None:
    browser, hint = walked(desks)
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER, "state": "s"}
    posted = desks.app.test_client().post("/logout", data=sent)  # SameSite=Lax: none of the browser's cookies
    assert posted.status_code == 303 and posted.headers["Location"].startswith("/logout/")
    assert "Set-Cookie" not in posted.headers
    assert browser.get(posted.headers["Location"]).headers["Location"] == AFTER + "&state=s"
    assert not signed_in(browser)


def test_who_is_signed_out_already_goes_on_with_a_hint_and_not_without(desks: State) -> None:
    browser, hint = walked(desks)
    browser.submit(browser.get("/sign-out"))
    assert ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER).headers["Location"] == AFTER
    page = ask(browser, client_id="desk", post_logout_redirect_uri=AFTER)
    assert page.status_code == 200 and f'href="{AFTER}"' in page.text


def test_the_language_of_the_relying_party(desks: State) -> None:
    browser, _ = walked(desks)
    assert "Do you want to sign out" in ask(browser, ui_locales="en").text


def test_a_second_press_of_the_button_is_no_error_of_the_person(desks: State) -> None:
    browser, _ = walked(desks)
    page = browser.get("/logout")
    assert confirm(browser, page).status_code == 200
    assert 'id="signed-out"' in confirm(browser, page).text


def test_a_confirmation_is_of_one_browser(desks: State) -> None:
    browser, _ = walked(desks)
    other, _ = walked(desks)
    page = browser.get("/logout")
    identifier = page.text.split('name="request" value="')[1].split('"')[0]
    answers.page(other.submit(other.get("/logout"), request=identifier), 400)
    assert signed_in(other)


@pytest.mark.parametrize(
    "changed",
    [
        {"post_logout_redirect_uri": AFTER + "&more=1"},
        {"post_logout_redirect_uri": AFTER.replace("https", "http")},
        {"post_logout_redirect_uri": "//desk.example.vn/out"},
        {"post_logout_redirect_uri": "https://desk.example.vn/out/"},
        {"post_logout_redirect_uri": "javascript:alert(1)"},
        {"post_logout_redirect_uri": REDIRECT},  # of another list
        {"client_id": "bank"},  # the hint is the desk's
        {"client_id": "nobody"},
        {"client_id": "nobody\x00"},
        {"id_token_hint": "e30.e30.e30"},
        {"state": "s" * 513},
        {"state": "a\r\nSet-Cookie: x"},
    ],
)
def test_what_is_wrong_leads_nowhere(desks: State, changed: dict[str, str]) -> None:
    browser, hint = walked(desks)
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER, **changed}
    page = ask(browser, **sent)
    assert signed_in(browser)
    done = confirm(browser, page)
    answers.page(done, 400)
    assert "Location" not in done.headers and not signed_in(browser)
    answers.page(ask(browser, **sent), 400)  # nobody is signed in any more
    assert len(desks.journal("logout_refused")) == 2


def test_a_parameter_that_comes_twice(desks: State) -> None:
    browser, hint = walked(desks)
    page = browser.get("/logout?" + urlencode([("id_token_hint", hint), *[("post_logout_redirect_uri", AFTER)] * 2]))
    answers.page(confirm(browser, page), 400)


def test_an_address_that_is_taken_away_meanwhile(desks: State) -> None:
    browser, _ = walked(desks)
    page = ask(browser, client_id="desk", post_logout_redirect_uri=AFTER)
    with desks.storage.transaction() as ports:
        assert ports.clients.replace(client("desk", redirect_uris=(REDIRECT,)))
    assert KNOWN_SECONDS < 10
    assert "Location" not in confirm(browser, page).headers


def test_pages_of_relying_parties_are_loaded_in_frames(state: State) -> None:
    front = {"frontchannel_logout_uri": FRAME, "frontchannel_logout_session_required": True}
    state.put(clients=(desk(**front), desk("plain", frontchannel_logout_uri="https://desk.example.vn/p/")))
    browser, hint = walked(state)
    token(state, browser, "plain")
    sid = state.id_token(hint, "desk")["sid"]
    page = ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER)
    assert page.status_code == 200 and not signed_in(browser)
    framed = f"{FRAME}&amp;iss=http%3A%2F%2Flocalhost%3A5000&amp;sid={sid}"
    assert f'<iframe src="{framed}" hidden' in page.text
    assert '<iframe src="https://desk.example.vn/p/" hidden' in page.text
    assert f'id="go-on" href="{AFTER}"' in page.text and "js/signed_out.js" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("; frame-src https://desk.example.vn/front https://desk.example.vn")
    assert "frame-src" not in browser.get("/").headers["Content-Security-Policy"]


def test_our_own_sign_out_loads_them_too(state: State) -> None:
    state.put(clients=(desk(frontchannel_logout_uri=FRAME),))
    browser, _ = walked(state)
    page = browser.submit(browser.get("/sign-out"))
    assert f'<iframe src="{FRAME}"' in page.text and 'id="go-on" href="/"' in page.text
    browser.code(redirect_uri=CALLBACK)
    assert browser.submit(browser.get("/sign-out")).headers["Location"] == "/"  # nobody there to tell
