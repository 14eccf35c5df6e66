"""Sessions, forged forms, cookies, headers: attacks SE-01 to SE-15, those that the spine has ground for."""

import re
from pathlib import Path

import pytest

from idp.app import create_app
from idp.config import Config
from idp.login import session
from idp.login.acr import Factor
from tests.attacks import answers
from tests.idp.web import test_more
from tests.world_idp import NOW, PASSWORD, Browser, State, answer_of

SESSION, BROWSER = "idp_session", "idp_browser"
HOUR = 3600


def cookie(browser: Browser, name: str = SESSION) -> str | None:
    found = browser.client.get_cookie(name)
    return found.value if found else None


def signed_in(state: State) -> Browser:
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    assert cookie(browser) is not None
    return browser


def test_se_01_new_session_at_every_log_in(state: State) -> None:
    browser = state.browser()
    browser.client.set_cookie(SESSION, "f" * 43)
    browser.sign_in(browser.get("/sign-in"))
    first = cookie(browser)
    assert first not in (None, "f" * 43)
    browser.sign_in(browser.ask(prompt="login"))
    second = cookie(browser)
    assert second not in (None, first)
    browser.client.set_cookie(SESSION, first or "")  # the former one is dead
    assert "Nguyễn Thị Thuỳ Dương" not in browser.get("/").text


def test_se_01_new_session_where_a_proof_is_added(state: State) -> None:
    browser, thief = state.browser(), state.browser()
    more = test_more.at_more(browser, acr_values="LoA2")
    before = cookie(browser)
    test_more.by_message(state, browser, more)
    assert before is not None and cookie(browser) not in (None, before)
    thief.client.set_cookie(SESSION, before)  # who saw the weak one does not rise with it
    assert thief.get("/documents").headers["Location"].startswith("/login/")


def test_se_02_pending_log_in_of_another_browser(state: State) -> None:
    attacker, victim = state.browser(), state.browser()
    link = attacker.ask().headers["Location"]
    victim.ask()
    answers.page(victim.get(link))
    answers.page(state.browser().get(link))  # a browser without any cookie
    assert [event.details["reason"] for event in state.journal("page_refused")] == ["interaction", "interaction"]
    assert attacker.get(link).status_code == 200


@pytest.mark.parametrize("fields", [{}, {"form_token": "0" * 64}])
def test_se_03_log_in_from_a_foreign_page(state: State, fields: dict[str, str]) -> None:
    attacker, victim = state.browser(), state.browser()
    link = attacker.ask().headers["Location"]
    victim.ask()
    posted = victim.client.post(link, data={"identifier": "999203001234", "password": PASSWORD, **fields})
    answers.page(posted, 403)
    answers.one_event(state, "page_refused", reason="form_token")
    assert cookie(victim) is None


def test_se_03_with_the_attackers_own_form_token(state: State) -> None:
    attacker, victim = state.browser(), state.browser()
    page = attacker.get(attacker.ask().headers["Location"])
    victim.ask()
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', page.text)[-1]
    fields = {"identifier": "999203001234", "password": PASSWORD, "form_token": token}
    answers.page(victim.client.post(page.request.path, data=fields), 403)


def test_se_04_another_person_on_the_same_browser(state: State) -> None:
    browser = state.browser()
    first = state.id_token(state.redeem(browser.code()).get_json()["id_token"])
    former = cookie(browser)
    browser.client.delete_cookie(SESSION)
    second = state.id_token(state.redeem(browser.code(identifier="+84 987 000 111")).get_json()["id_token"])
    assert (first["sub"], second["sub"]) == ("999203001234", "999090000111")
    assert first["sid"] != second["sid"]
    assert cookie(browser) != former


def test_se_04_consent_page_of_the_person_before(state: State) -> None:
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask()).headers["Location"])
    browser.sign_in(browser.ask(prompt="login"), identifier="999090000111")
    answers.page(browser.submit(page, decision="share"), 403)
    assert not state.journal("consent_given")


def test_se_05_cookie_flags(state: State) -> None:
    browser = state.browser()
    response = browser.sign_in(browser.get("/sign-in"))
    for header in response.headers.getlist("Set-Cookie"):
        assert "HttpOnly" in header
        assert "SameSite=Lax" in header
        assert "Path=/" in header
        assert "Domain" not in header


def test_se_05_cookie_flags_over_https(tmp_path: Path) -> None:
    issuer = "https://id.example.vn"
    app = create_app(
        Config(issuer=issuer, data=tmp_path, database_url=f"sqlite:///{tmp_path}/idp.sqlite", simulation=False),
        clock=lambda: NOW,
    )
    response = app.test_client().get("/sign-in", base_url=issuer)
    (header,) = response.headers.getlist("Set-Cookie")
    assert header.startswith("__Host-idp_browser=")
    assert "Secure" in header
    assert response.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    State(app, [NOW]).close()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "status"), [(1, "https", 200), (1, "http", 400), (1, "", 400), (0, "https", 400)]
)
def test_hd_02_the_scheme_is_taken_from_trusted_proxies_alone(
    tmp_path: Path, proxies: int, forwarded: str, status: int
) -> None:
    config = Config(
        issuer="https://id.example.vn",
        data=tmp_path,
        database_url=f"sqlite:///{tmp_path}/idp.sqlite",
        simulation=False,
        trusted_proxies=proxies,
    )
    app = create_app(config, clock=lambda: NOW)
    headers = {"X-Forwarded-Proto": forwarded, "X-Forwarded-Host": "evil.example"}
    assert app.test_client().get("/", base_url="http://id.example.vn", headers=headers).status_code == status
    State(app, [NOW]).close()


@pytest.mark.parametrize("value", ["", "x", "f" * 42, "f" * 44, "a" * 16_384, "ạ" * 43, "f" * 42 + ";", '"' + "f" * 43])
def test_se_06_se_09_malformed_cookies(state: State, value: str) -> None:
    sent = f"{SESSION}={value}; {SESSION}=second; {BROWSER}={value}"
    response = state.app.test_client().get("/documents", headers={"Cookie": sent.encode().decode("latin-1")})
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/login/")


def test_se_06_two_hundred_cookies(state: State) -> None:
    sent = "; ".join(f"{SESSION}={number:043d}" for number in range(200))
    assert state.app.test_client().get("/", headers={"Cookie": sent}).status_code == 200


@pytest.mark.parametrize("place", [0, 20, 42])
def test_se_07_a_tampered_cookie_is_nobody_s(state: State, place: int) -> None:
    """It is a random name and not signed: there is no former key under which another one could still pass."""
    browser = signed_in(state)
    right = cookie(browser) or ""
    assert len(right) == 43
    other = "A" if right[place] != "A" else "E"  # not the same bytes: the last letter carries four bits of them
    for value in (right[:place] + other + right[place + 1 :], right + "A", right[:-1], f"{right}.{'0' * 43}"):
        browser.client.set_cookie(SESSION, value)
        answer = browser.get("/documents")
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login/")
    browser.client.set_cookie(SESSION, right)
    assert browser.get("/documents").status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(HOUR - 1, 200), (HOUR, 303), (61 * 60, 303)])
def test_se_08_idle_end(state: State, seconds: int, status: int) -> None:
    browser = signed_in(state)
    state.wait(30 * 60)
    assert browser.get("/documents").status_code == 200  # heard of: the hour begins anew
    state.wait(seconds)
    assert browser.get("/documents").status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 303), (1, 303)])
def test_se_08_absolute_end(state: State, seconds: int, status: int) -> None:
    """However busy it was."""
    browser = signed_in(state)
    for _ in range(47):
        state.wait(HOUR // 2)
        assert browser.get("/documents").status_code == 200
    state.wait(HOUR // 2 + seconds)
    assert browser.get("/documents").status_code == status


def test_se_08_a_stronger_session_is_shorter(state: State) -> None:
    browser = state.browser()
    with state.storage.transaction() as ports:
        proved = frozenset({Factor.SHORT_MESSAGE, Factor.FACE})
        cookie, _ = session.begin(
            ports, "a-duong", factors=proved, replaces=None, new_secret=state.web.oidc.new_secret, now=NOW
        )
    browser.client.set_cookie(SESSION, cookie)
    state.wait(15 * 60 - 1)
    assert browser.get("/documents").status_code == 200
    state.wait(15 * 60)
    assert browser.get("/documents").status_code == 303


def test_se_10_consent_sent_twice(state: State) -> None:
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask()).headers["Location"])
    assert "code" in answer_of(browser.submit(page, decision="share"))
    answers.page(browser.submit(page, decision="share"), 403)
    assert len(state.journal("code_given")) == 1


def test_se_10_consent_of_another_browser(state: State) -> None:
    first, second = state.browser(), state.browser()
    page = first.get(first.sign_in(first.ask()).headers["Location"])
    second.sign_in(second.get("/sign-in"))
    answers.page(second.submit(page, decision="share"), 403)
    answers.page(second.get(page.request.path))
    assert not state.journal("code_given")
    assert "code" in answer_of(first.submit(page, decision="share"))  # and it did not end the first one's


def test_se_10_log_in_sent_twice(state: State) -> None:
    browser = state.browser()
    page = browser.get(browser.ask().headers["Location"])
    assert browser.submit(page, identifier="999203001234", password=PASSWORD).status_code == 303
    answers.page(browser.submit(page, identifier="999203001234", password=PASSWORD), 403)
    assert len(state.journal("signed_in")) == 1


def test_se_12_two_tabs_for_two_clients(state: State) -> None:
    browser = state.browser()
    shop = {"client_id": "shop", "redirect_uri": "https://shop.example.vn/cb", "state": "of-the-shop"}
    bank_tab, shop_tab = browser.ask(), browser.ask(**shop)
    to_shop = browser.decide(browser.sign_in(shop_tab))
    to_bank = browser.decide(browser.sign_in(bank_tab))
    assert to_shop.headers["Location"].startswith("https://shop.example.vn/cb?")
    assert answer_of(to_shop)["state"] == "of-the-shop"
    assert to_bank.headers["Location"].startswith("https://bank.example.vn/callback?")


def test_se_13_headers_on_every_status(state: State) -> None:
    @state.app.get("/broken")
    def broken() -> str:
        raise RuntimeError("the cause")

    client = state.app.test_client()
    statuses = {
        200: client.get("/"),
        303: client.get("/sign-in"),
        400: client.get("/authorize"),
        401: client.get("/userinfo"),
        403: client.post("/sign-out", data={"form_token": "x"}),
        404: client.get("/nowhere"),
        405: client.put("/authorize"),
        415: client.post("/authorize", data="{}", content_type="application/json"),
        500: client.get("/broken"),
    }
    for status, response in statuses.items():
        assert response.status_code == status, (status, response.status_code)
        answers.headers(response)
        assert "the cause" not in response.text


def test_se_14_no_foreign_resource(state: State) -> None:
    browser = state.browser()
    pages = [browser.get("/"), browser.get(browser.ask().headers["Location"])]
    pages.append(browser.get(browser.sign_in(browser.ask()).headers["Location"]))
    for page in pages:
        for address in re.findall(r'<(?:link|img|script|iframe)[^>]+(?:href|src)="([^"]+)"', page.text):
            assert address.startswith(("/static/", "data:,"))
        assert not re.search(r"<script(?![^>]* src=)", page.text)
        assert not re.search(r"<[^>]+ (?:style|on[a-z]+)=", page.text)


@pytest.mark.parametrize(
    "host", ["http://evil.example", "http://localhost", "http://localhost:5001", "http://127.0.0.1:5000"]
)
def test_se_15_unknown_host(state: State, host: str) -> None:
    response = state.app.test_client().get("/", base_url=host)
    answers.page(response, 421, reflected=("evil.example",))


def test_hd_02_forwarded_headers_change_nothing(state: State) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    response = state.app.test_client().get("/.well-known/openid-configuration", headers=forged)
    assert response.get_json()["issuer"] == "http://localhost:5000"
    assert "evil" not in response.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("//token", 405),  # read as /token, which takes no GET
        ("/.well-known//openid-configuration", 404),
        ("/token/", 404),
        ("/static/../app.py", 404),
        ("/authorize;x", 404),
    ],
)
def test_hd_10_other_spellings_of_paths(state: State, path: str, status: int) -> None:
    response = state.app.test_client().get("/", environ_overrides={"PATH_INFO": path})
    assert response.status_code == status
    assert "Location" not in response.headers


def test_lo_04_sign_out_from_a_foreign_page(state: State) -> None:
    browser = signed_in(state)
    answers.page(browser.client.post("/sign-out", data={"form_token": "0" * 64}), 403)
    assert browser.get("/documents").status_code == 200


def test_lo_08_cookie_after_sign_out(state: State) -> None:
    browser = signed_in(state)
    former = cookie(browser)
    assert browser.submit(browser.get("/sign-out")).headers["Location"] == "/"
    assert cookie(browser) is None
    browser.client.set_cookie(SESSION, former or "")
    assert browser.get("/documents").status_code == 303
    answers.one_event(state, "signed_out", reason="asked")


def test_se_11_a_weak_session_does_not_reach_what_asks_for_a_strong_one(state: State) -> None:
    browser = state.browser()
    browser.code()
    demanded = '{"id_token": {"acr": {"essential": true, "values": ["LoA2"]}}}'
    asked = browser.ask(claims=demanded)
    assert asked.headers["Location"].endswith("/more")
    # Neither the page of consent nor another answer leads past it.
    interaction = asked.headers["Location"].split("/")[2]
    assert browser.get(f"/consent/{interaction}").status_code == 400
    page = browser.get(asked.headers["Location"])
    refused = answer_of(browser.submit(page, level="1", least="1", decision="share"))
    assert refused["error"] == "unmet_authentication_requirements" and "code" not in refused
