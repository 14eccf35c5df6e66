"""Pages as a person meets them: two languages, what the form keeps, who may know what."""

import re
import unicodedata
from pathlib import Path

import pytest

from idp.config import UnsafeConfiguration
from tests.attacks import answers
from tests.world_idp import NOW, PASSWORD, Browser, State, build, reopen

SAME = "Không đăng nhập được. Kiểm tra lại số và mật khẩu"


def login(state: State) -> tuple[Browser, str]:
    browser = state.browser()
    return browser, browser.ask().headers["Location"]


@pytest.mark.parametrize(
    ("identifier", "password", "reason"),
    [
        ("999203009999", PASSWORD, "unknown"),
        ("nobody@example.vn", PASSWORD, "unknown"),
        ("0900000000", PASSWORD, "unknown"),
        ("999203001234", "sai mật khẩu", "wrong_password"),
        ("999203001234", "x" * 2000, "wrong_password"),
        ("999090000222", PASSWORD, "identity_locked"),
        ("999040000333", PASSWORD, "deceased"),
    ],
)
def test_refused_log_ins_look_alike(state: State, identifier: str, password: str, reason: str) -> None:
    browser, path = login(state)
    response = browser.submit(browser.get(path), identifier=identifier, password=password)
    assert response.status_code == 422
    assert SAME in response.text
    assert password not in response.text
    assert "Set-Cookie" not in response.headers
    answers.headers(response)
    answers.one_event(state, "sign_in_refused", reason=reason)
    other = browser.submit(browser.get(path), identifier=identifier, password="sai")
    assert body(other.text, identifier) == body(response.text, identifier)


def body(html: str, identifier: str) -> str:
    return html.replace(identifier, "")


@pytest.mark.parametrize(
    "identifier", ["999203001234", "999 203 001 234", "0912345678", "+84 912 345 678", " 0912 345 678 "]
)
def test_number_or_phone_as_people_type_it(state: State, identifier: str) -> None:
    browser, path = login(state)
    assert browser.submit(browser.get(path), identifier=identifier, password=PASSWORD).status_code == 303


def test_password_as_another_keyboard_composes_it(state: State) -> None:
    browser, path = login(state)
    decomposed = unicodedata.normalize("NFD", PASSWORD)
    assert decomposed != PASSWORD
    assert browser.submit(browser.get(path), identifier="999203001234", password=decomposed).status_code == 303


def test_empty_fields(state: State) -> None:
    browser, path = login(state)
    response = browser.submit(browser.get(path), identifier="", password="")
    assert response.status_code == 422
    assert '<a href="#identifier">' in response.text
    assert '<a href="#password">' in response.text
    assert response.text.count('aria-invalid="true"') == 2
    assert not state.journal("sign_in_refused")


def test_the_form_keeps_the_number_and_forgets_the_password(state: State) -> None:
    browser, path = login(state)
    page = browser.submit(browser.get(path), identifier="0912345678", password="sai")
    assert 'value="0912345678"' in page.text
    assert "sai" not in re.findall(r'value="([^"]*)"', page.text)


def test_two_languages(state: State) -> None:
    browser, path = login(state)
    assert 'lang="vi"' in browser.get(path).text
    english = browser.get(f"{path}?lang=en")
    assert ">Sign in</h1>" in english.text
    assert f'href="{path}?lang=vi"' in english.text  # the switch keeps the place
    assert ">Sign in</h1>" in browser.get(path).text  # remembered
    assert 'lang="en"' in state.browser().get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert 'lang="vi"' in state.browser().get("/?lang=xx").text


def test_ui_locales_yield_to_the_persons_choice(state: State) -> None:
    browser = state.browser()
    asked = browser.ask(ui_locales="fr en-US vi").headers["Location"]
    assert 'lang="en"' in browser.get(asked).text
    assert 'lang="vi"' in browser.get(f"{asked}?lang=vi").text


def test_forms_may_end_at_the_client(state: State) -> None:
    """Browsers hold form-action against the redirects after a form."""
    browser, path = login(state)
    assert browser.get(path).headers["Content-Security-Policy"].endswith("form-action 'self' https://bank.example.vn")
    assert browser.get("/").headers["Content-Security-Policy"].endswith("form-action 'self'")


def test_own_pages_come_back_after_log_in(state: State) -> None:
    browser = state.browser()
    asked = browser.get("/consents")
    assert browser.sign_in(asked).headers["Location"] == "/consents"


def test_home_for_newcomers_and_for_the_signed_in(state: State) -> None:
    browser = state.browser()
    page = browser.get("/")
    assert 'href="http://localhost:5001"' in page.text
    assert 'href="http://localhost:5002"' in page.text
    assert 'id="sign-out"' not in page.text
    browser.sign_in(browser.get("/sign-in"))
    assert browser.get("/").headers["Location"] == "/account"
    page = browser.get("/account")
    assert "Nguyễn Thị Thuỳ Dương" in page.text
    assert 'id="sign-out"' in page.text
    assert browser.get("/sign-in").headers["Location"] == "/account"


def test_sign_out_from_the_header_of_any_page(state: State) -> None:
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    header = browser.get("/consents").text.partition("</header>")[0]
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', header)[0]
    assert browser.client.post("/sign-out", data={"form_token": token}).status_code == 303
    assert browser.get("/consents").headers["Location"].startswith("/login/")


def test_error_page_has_an_id_that_the_log_has(state: State, caplog: pytest.LogCaptureFixture) -> None:
    page = state.browser().ask(client_id="nobody")
    found = re.search(r'id="error-id">([0-9A-F]{8})<', page.text)
    assert found is not None
    assert found[1] in caplog.text
    assert "the client is not known here" in caplog.text
    assert "the client is not known here" not in page.text


def test_log_and_journal_hold_no_secret(state: State, caplog: pytest.LogCaptureFixture) -> None:
    browser = state.browser()
    code = browser.code()
    got = state.redeem(code).get_json()
    state.redeem(code)
    state.userinfo(got["access_token"])
    browser.submit(
        browser.get(browser.ask(prompt="login").headers["Location"]), identifier="999203001234", password="sai!"
    )
    told = caplog.text + repr(state.journal())
    for secret in (PASSWORD, "sai!", code, got["access_token"], got["id_token"], "999203001234"):
        assert secret not in told


def test_machines_get_json_errors(state: State) -> None:
    client = state.app.test_client()
    form = "application/x-www-form-urlencoded"
    for response in (
        client.get("/token"),
        client.post("/token", data=b"\xff", content_type=form),
        client.get("/.well-known/x"),
    ):
        assert response.mimetype == "application/json"
        assert response.get_json()["error"] == "invalid_request"


def test_the_clock_of_the_log_in(state: State) -> None:
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    assert state.journal("signed_in")[0].at == NOW


def test_master_key_stays_and_is_checked(tmp_path: Path) -> None:
    build(tmp_path).close()
    key = (tmp_path / "master.key").read_bytes()
    assert (len(key), (tmp_path / "master.key").stat().st_mode & 0o077) == (32, 0)
    reopen(tmp_path).close()
    assert (tmp_path / "master.key").read_bytes() == key
    (tmp_path / "master.key").write_bytes(b"")
    with pytest.raises(UnsafeConfiguration, match="damaged"):
        reopen(tmp_path)
