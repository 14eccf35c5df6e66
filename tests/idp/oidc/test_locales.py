"""Languages that are wished for: what fits best, on which pages it counts, and against what the person chose."""

import re

import pytest

from idp.oidc import locales
from tests.world_idp import State


@pytest.mark.parametrize(
    ("ranges", "found"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("vi-Latn-VN", "vi"),
        ("zh-Hant-CN en-US vi", "en"),
        ("fr de", None),
        ("eng vie", None),
        ("x-vi", None),
        ("*", None),
        ("- -- en_GB", "en"),
        (" ".join(["fr"] * locales.MAX_RANGES + ["en"]), None),
        ("vi" + "-a" * locales.MAX_RANGE + " en", "en"),  # 250,000 characters of these took a minute
        ("", None),
    ],
)
def test_the_best_match(ranges: str, found: str | None) -> None:
    assert locales.best(ranges.split(), locales.PAGES) == found


one_database = pytest.mark.parametrize("state", ["sqlite"], indirect=True)


def language(page: str) -> str:
    return page.partition('<html lang="')[2][:2]


@one_database
def test_the_pages_of_one_request_are_as_it_wishes(state: State) -> None:
    browser = state.browser()
    browser.get("/?lang=vi")  # what the person chose before
    state.wait(1)
    asked = browser.ask(ui_locales="fr en-GB", scope="openid profile")
    assert language(browser.get(asked.headers["Location"]).text) == "en"
    assert language(browser.get(f"{asked.headers['Location']}/code").text) == "en"
    begun = asked.headers["Location"].rpartition("/")[2]
    assert language(browser.get(f"/recover?back={begun}").text) == "en"
    assert language(browser.get(f"/register?then={begun}").text) == "en"
    after = browser.sign_in(asked)
    assert language(browser.get(after.headers["Location"]).text) == "en"
    assert language(browser.get("/account").text) == "vi"  # which is none of them


@one_database
def test_what_the_person_chooses_on_one_of_them_counts_for_more(state: State) -> None:
    browser = state.browser()
    asked = browser.ask(ui_locales="en")
    here = asked.headers["Location"]
    assert language(browser.get(here).text) == "en"
    assert language(browser.get(f"{here}?lang=vi").text) == "vi"
    assert language(browser.get(here).text) == "vi"
    assert language(browser.get(browser.sign_in(asked).headers["Location"]).text) == "vi"
    state.wait(1)
    assert language(browser.get(browser.ask(ui_locales="en", prompt="login").headers["Location"]).text) == "en"


@one_database
@pytest.mark.parametrize("cookie", ["en", "en.", "en.x", "en.9" + "9" * 20, "fr.1", "en.１", ".", ""])
def test_a_cookie_that_says_no_time_was_chosen_long_ago(state: State, cookie: str) -> None:
    browser = state.browser()
    browser.client.set_cookie("idp_lang", cookie)
    assert language(browser.get(browser.ask(ui_locales="vi").headers["Location"]).text) == "vi"
    assert browser.get("/").status_code == 200


@one_database
def test_claims_are_in_the_language_that_there_is(state: State) -> None:
    """`name#vi` is answered as `name` (OpenID Connect Core 1.0 §5.2); another language is not there and not invented."""
    asked = '{"userinfo": {"name#vi-VN": {"essential": true}, "gender#ja-Kana-JP": null}}'
    browser = state.browser()
    sent = {"scope": "openid", "claims": asked, "claims_locales": "vi en"}
    tokens = state.redeem(browser.code(**sent)).get_json()
    assert set(state.userinfo(tokens["access_token"]).get_json()) == {"sub", "name"}


@one_database
def test_a_login_hint_is_written_down_and_nothing_is_looked_up(state: State) -> None:
    pages = []
    for hint in ("999203001234", "999203009999"):
        browser = state.browser()
        page = browser.get(browser.ask(login_hint=hint).headers["Location"])
        assert f'value="{hint}"' in page.text
        form = page.text.partition("<main")[2].replace(hint, "HINT")
        pages.append(re.sub(r"[A-Za-z0-9_-]{43,}", "SECRET", form))
    assert pages[0] == pages[1]
