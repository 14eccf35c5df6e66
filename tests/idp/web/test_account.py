"""The citizen's own pages: what they show, to whom, and what they change."""

import json
import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from idp.accounts import history
from idp.model import Document, Event
from idp.web.listing import PAGE
from tests.attacks import answers
from tests.world_idp import NOW, Browser, State, reopen

OWN = (
    "/account",
    "/account/data",
    "/account/sessions",
    "/account/activity",
    "/account/notices",
    "/account/export",
    "/consents",
    "/consents/narrow",
)
SCOPES = "openid profile phone vneid"


def signed_in(state: State, identifier: str = "999203001234") -> Browser:
    browser = state.browser()
    assert browser.sign_in(browser.get("/sign-in"), identifier=identifier).status_code == 303
    return browser


def text_of(page: TestResponse, id_: str) -> str:
    found = re.search(rf'<(\w+)[^>]* id="{id_}".*?</\1>', page.text, re.DOTALL)
    assert found is not None, page.text
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def write(state: State, *events: Event) -> None:
    with state.storage.transaction() as ports:
        for event in events:
            ports.journal.append(event)


@pytest.mark.parametrize("path", OWN)
def test_each_page_asks_who_is_there_and_comes_back(state: State, path: str) -> None:
    browser = state.browser()
    asked = browser.get(path)
    assert asked.headers["Location"].startswith("/login/")
    back = browser.sign_in(asked).headers["Location"]
    assert back == path.removesuffix("/narrow") or back.endswith("/more")
    assert browser.client.post(path).status_code in (303, 403, 405, 415)


def test_home_leads_everywhere(state: State) -> None:
    browser = signed_in(state)
    page = browser.get("/account")
    assert browser.get("/").headers["Location"] == "/account"
    for path in OWN[1:-1]:
        assert f'href="{path}"' in page.text
        answers.headers(browser.get(path))
    assert 'data-level="2"' in page.text
    assert 'id="rise"' not in page.text
    for path in set(OWN[1:-1]) - {"/account/export"}:  # which asks for more than a password
        others = browser.get(path).text.partition('class="others"')[2]
        assert others.count("<li>") == 9
        assert f'href="{path}"' not in others


def test_level_one_is_told_how_to_rise(state: State) -> None:
    page = signed_in(state, "999090000111").get("/account")
    assert 'data-level="1"' in page.text
    assert "công an xã, phường" in page.text


def test_what_needs_attention(state: State) -> None:
    browser = state.browser()
    login = browser.get("/sign-in").headers["Location"]
    for _ in range(3):
        browser.submit(browser.get(login), identifier="999203001234", password="sai")
    browser.sign_in(browser.get("/sign-in"))
    with state.storage.transaction() as ports:
        ports.documents.add(
            [
                Document("d-1", "p-duong", "driving_licence", {"points": 12}, valid_until="2026-03-30"),
                Document("d-2", "p-duong", "tax_registration", {}, valid_until="2026-01-30"),
                Document("d-3", "p-duong", "health_record", {}, valid_until="2027-01-30"),
            ]
        )
    page = browser.get("/account")
    assert "Có 3 lần" in text_of(page, "attention-refused")
    assert "sẽ hết hạn ngày 30/03/2026" in text_of(page, "attention-expires-driving_licence")
    assert "đã hết hạn ngày 30/01/2026" in text_of(page, "attention-expires-tax_registration")
    assert "attention-expires-health_record" not in page.text
    assert 'id="attention-only-password"' in page.text
    state.wait(8 * 86_400)
    again = signed_in(state).get("/account")
    assert "attention-refused" not in again.text


def test_my_data_says_where_it_comes_from(state: State) -> None:
    browser = signed_in(state)
    with state.storage.transaction() as ports:
        ports.documents.add([Document("d-1", "p-duong", "driving_licence", {"points": 12}, valid_until="2030-03-30")])
        ports.population.reset_pid("p-duong", "999203001235", on="2026-02-01", reason="x")
    page = browser.get("/account/data")
    assert "Cơ quan Công an (mô phỏng)" in text_of(page, "register-population")
    assert "999 203 001 235" in page.text and "999 203 001 234 (01/02/2026)" in page.text
    licence = text_of(page, "register-driving_licence")
    assert "Cơ quan Giao thông" in licence or "Cơ quan Công an" in licence
    assert "30/03/2030" in licence and "Có hiệu lực" in licence and "Điểm 12" in licence
    assert "0912 345 678" in text_of(page, "register-account")


# --- sessions ---------------------------------------------------------------------------------------------------------


def sids(page: TestResponse) -> list[str]:
    return re.findall(r'name="sid" value="([^"]+)"', page.text)


def post(browser: Browser, page: TestResponse, action: str, **fields: str) -> TestResponse:
    form = re.search(rf'action="{action}"[^>]*>.*?name="form_token" value="([0-9a-f]+)"', page.text, re.DOTALL)
    assert form is not None
    return browser.client.post(action, data={"form_token": form[1], **fields})


def test_end_one_session_and_keep_this_one(state: State) -> None:
    here, there = signed_in(state), signed_in(state)
    page = here.get("/account/sessions")
    mine, other = sids(page)
    assert text_of(page, "this-one").count("nơi này") >= 1
    assert page.text.index("this-one") < page.text.index(other)
    assert post(here, page, "/account/sessions/end", sid=other).headers["Location"] == "/account/sessions"
    assert there.get("/account").headers["Location"].startswith("/login/")
    assert sids(here.get("/account/sessions")) == [mine]
    answers.one_event(state, "session_ended", reason="asked")


def test_end_all_others(state: State) -> None:
    here, others = signed_in(state), [signed_in(state) for _ in range(3)]
    stranger = signed_in(state, "999090000111")
    page = here.get("/account/sessions")
    post(here, page, "/account/sessions/end-others")
    assert [one.get("/account").status_code for one in (*others, here, stranger)] == [303, 303, 303, 200, 200]
    (event,) = state.journal("session_ended")
    assert dict(event.details) == {"reason": "asked", "sessions": 3}
    assert 'id="only-here"' in here.get("/account/sessions").text
    post(here, page, "/account/sessions/end-others")  # once more: nothing is left to end, and nothing is told
    assert len(state.journal("session_ended")) == 1


def test_ending_this_one_signs_out(state: State) -> None:
    browser = signed_in(state)
    page = browser.get("/account/sessions")
    assert post(browser, page, "/account/sessions/end", sid=sids(page)[0]).headers["Location"] == "/"
    assert browser.get("/account").headers["Location"].startswith("/login/")


@pytest.mark.parametrize("sid", ["", "nobody", "a\x00b"])
def test_nobody_ends_another_persons_session(state: State, sid: str) -> None:
    victim, thief = signed_in(state), signed_in(state, "999090000111")
    theirs = sid or sids(victim.get("/account/sessions"))[0]
    post(thief, thief.get("/account/sessions"), "/account/sessions/end", sid=theirs)
    assert victim.get("/account").status_code == 200
    assert not state.journal("session_ended")


def test_a_session_ended_in_one_process_is_over_in_the_other(state: State, tmp_path: Path) -> None:
    """Two providers on one database: nothing about sessions is remembered in a process."""
    url = state.web.config.database_url
    other = reopen(state.web.config.data, url)
    try:
        here = signed_in(state)
        cookie = here.client.get_cookie("idp_session", domain="localhost")
        assert cookie is not None
        there = other.browser()
        there.client.set_cookie("idp_session", cookie.value, domain="localhost")
        assert there.get("/account").status_code == 200
        page = here.get("/account/sessions")
        post(here, page, "/account/sessions/end", sid=sids(page)[0])
        assert there.get("/account").headers["Location"].startswith("/login/")
        assert there.get("/account/sessions").headers["Location"].startswith("/login/")
    finally:
        other.close()


# --- who saw my data --------------------------------------------------------------------------------------------------


def test_each_release_is_shown_by_human_names(state: State) -> None:
    browser = state.browser()
    got = state.redeem(browser.code(scope=SCOPES)).get_json()
    state.wait(120)
    state.userinfo(got["access_token"])
    page = browser.get("/account/activity")
    releases = page.text.partition('id="releases"')[2]
    assert releases.count('data-party="bank"') == 2
    for name in ("Ngân hàng Sen", "Họ, chữ đệm và tên", "Số định danh cá nhân", "Số điện thoại", "Bạn đã đồng ý"):
        assert name in releases
    assert releases.index("Xem thông tin của bạn") < releases.index("Nhận biết bạn khi bạn đăng nhập")
    for value in ("Nguyễn Thị Thuỳ Dương", "999203001234", "+84912345678", "0912 345 678"):
        assert value not in releases  # names, never values
    assert "family_name" not in releases
    english = browser.get("/account/activity?lang=en")
    assert "Personal identification number" in english.text


def test_the_journal_has_who_what_and_why(state: State) -> None:
    got = state.redeem(state.browser().code(scope="openid phone")).get_json()
    state.userinfo(got["access_token"])
    (event,) = state.journal("claims_released")
    assert (event.account_id, event.client_id) == ("a-duong", "bank")
    assert dict(event.details) == {
        "claims": ["phone_number", "phone_number_verified", "sub"],
        "scopes": ["openid", "phone"],
        "basis": "consent",
    }
    (event,) = state.journal("tokens_given")
    assert event.details["claims"] == ["acr", "amr", "auth_time", "sub"]


def test_others_see_nothing_of_it(state: State) -> None:
    state.userinfo(state.redeem(state.browser().code()).get_json()["access_token"])
    page = signed_in(state, "999090000111").get("/account/activity")
    assert 'id="nothing-yet"' in page.text


def releases(count: int, client: str = "bank", at: int = NOW) -> list[Event]:
    return [
        Event(at - n * 86_400, "claims_released", "a-duong", client, {"claims": ["name"], "basis": "consent"})
        for n in reversed(range(count))
    ]


def test_in_pages_by_party_and_by_time(state: State) -> None:
    browser = signed_in(state)
    write(state, *releases(45), *releases(2, "shop"))
    first = browser.get("/account/activity")
    assert first.text.count("data-party=") == PAGE
    seen = re.findall(r'data-party="(\w+)"', first.text)
    older = re.search(r'id="older" href="([^"]+)"', first.text)
    while older:
        page = browser.get(older[1].replace("&amp;", "&"))
        seen += re.findall(r'data-party="(\w+)"', page.text)
        older = re.search(r'id="older" href="([^"]+)"', page.text)
    assert (seen.count("bank"), seen.count("shop")) == (45, 2)
    assert 'id="newest"' in page.text
    shop = browser.get("/account/activity?party=shop&period=all")
    assert re.findall(r'data-party="(\w+)"', shop.text) == ["shop", "shop"]
    assert '<option value="shop" selected>' in shop.text
    week = browser.get("/account/activity?party=bank&period=7d")
    assert week.text.count("data-party=") == 8
    assert 'id="older"' not in week.text


def test_five_years_and_no_more_are_shown(state: State) -> None:
    browser = signed_in(state)
    write(state, *releases(1, at=NOW - history.KEPT - 1), *releases(1, at=NOW - history.KEPT + 1))
    assert browser.get("/account/activity").text.count("data-party=") == 1


def test_the_same_again_is_one_line(state: State) -> None:
    browser = signed_in(state)
    same = Event(NOW, "claims_released", "a-duong", "bank", {"claims": ["name"]})
    write(state, same, same, same)
    page = browser.get("/account/activity")
    assert page.text.count("data-party=") == 1
    assert "3 lần" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "before=' OR 1=1--",
        "before=-1",
        "before=99999999999999999999",
        "before=١٢",
        "party='; DROP TABLE events--",
        "party=a-duong",
        "period=1000y",
        "party[]=bank",
        "before=99&before=6",
        "party=%00",
    ],
)
def test_sq_a_wrong_filter_is_no_filter(state: State, query: str) -> None:
    browser = signed_in(state)
    write(state, *releases(3))
    page = browser.get(f"/account/activity?{query}")
    assert page.status_code == 200
    assert "DROP TABLE" not in page.text
    assert page.text.count("data-party=") <= 3


def test_an_empty_filter_says_what_to_do(state: State) -> None:
    browser = signed_in(state)
    assert 'id="nothing-yet"' in browser.get("/account/activity").text
    assert 'id="nothing-found"' in browser.get("/account/activity?period=7d").text


# --- notices ----------------------------------------------------------------------------------------------------------


def test_every_kind_of_notice_can_be_read(state: State) -> None:
    browser = signed_in(state)
    details = {"kind": "passkey", "name": "Máy <của> tôi", "level": 2, "sessions": 2, "acr": "LoA2", "device": "Chrome"}
    kinds = (*history.SECURITY, *history.SHARING, *history.DOCUMENTS, *history.SIGN_INS)
    for kind in kinds:
        write(state, Event(NOW, kind, "a-duong", "bank", details))
    for language in ("vi", "en"):
        shown: set[str] = set()
        for group in ("security", "sharing", "documents", "sign-ins"):
            address = f"/account/notices?group={group}&lang={language}"
            while address:
                page = browser.get(address)
                shown |= set(re.findall(r'data-kind="(\w+)"', page.text))
                found = re.search(r'id="older" href="([^"]+)"', page.text)
                address = found[1].replace("&amp;", "&") if found else ""
                assert "Máy <của>" not in page.text
        assert shown >= set(kinds)


def test_refused_sign_ins_are_a_number(state: State) -> None:
    browser = signed_in(state)
    write(state, *(Event(NOW - n * 86_400, "sign_in_refused", "a-duong") for n in reversed(range(20))))
    write(state, Event(NOW, "sign_in_refused", "a-lam"))
    page = browser.get("/account/notices")
    assert 'data-week="8"' in page.text
    assert "sign_in_refused" not in page.text
    write(state, *(Event(NOW, "sign_in_refused", "a-duong") for _ in range(history.COUNTED)))
    assert "hơn 200" in browser.get("/account/notices").text


def test_a_new_browser_is_a_notice(state: State) -> None:
    page = signed_in(state).get("/account/notices")
    assert 'data-kind="new_device_signed_in"' in page.text
    assert 'href="/account/security"' in page.text


# --- consents ---------------------------------------------------------------------------------------------------------


def test_cn_06_narrowing_ends_tokens_at_once_and_leaves_the_rest(state: State) -> None:
    browser = state.browser()
    got = state.redeem(browser.code(scope=SCOPES)).get_json()
    page = browser.get("/consents/narrow?client=bank")
    assert 'name="keep-openid"' not in page.text
    done = browser.submit(page, **{"keep-profile": "yes", "keep-vneid": "yes"})
    assert done.headers["Location"] == "/consents"
    assert state.userinfo(got["access_token"]).status_code == 401
    answers.one_event(state, "consent_narrowed")
    (event,) = state.journal("consent_narrowed")
    assert (event.details["dropped"], event.details["grants"]) == (["phone"], 1)
    assert "code" in answers_of(browser.ask(scope="openid profile vneid"))  # the rest goes on, unasked
    assert browser.ask(scope=SCOPES).headers["Location"].startswith("/consent/")  # the part is asked for again
    assert "Số điện thoại" not in browser.get("/consents").text


def answers_of(response: TestResponse) -> dict[str, str]:
    assert response.status_code == 303
    return dict(re.findall(r"[?&](\w+)=([^&]*)", response.headers["Location"]))


def test_narrowing_to_nothing_is_asked_back(state: State) -> None:
    browser = state.browser()
    got = state.redeem(browser.code(scope=SCOPES)).get_json()
    page = browser.submit(browser.get("/consents/narrow?client=bank"))
    assert page.status_code == 422
    assert 'href="#keep-1"' in page.text
    assert state.userinfo(got["access_token"]).status_code == 200
    assert not state.journal("consent_narrowed")


def test_narrowing_widens_nothing(state: State) -> None:
    browser = state.browser()
    browser.code(scope="openid profile phone")
    kept = {f"keep-{scope}": "yes" for scope in ("profile", "phone", "address", "email", "offline_access")}
    browser.submit(browser.get("/consents/narrow?client=bank"), **kept)
    with state.storage.reading() as ports:
        consent = ports.consents.get("a-duong", "bank")
    assert consent is not None and set(consent.scopes) == {"openid", "profile", "phone"}
    assert not state.journal("consent_narrowed")


@pytest.mark.parametrize("client", ["", "nobody", "shop", "%00", "bank%0A"])
def test_nothing_to_narrow(state: State, client: str) -> None:
    browser = state.browser()
    browser.code()
    assert browser.get(f"/consents/narrow?client={client}").headers["Location"] == "/consents"


def test_cn_06_nobody_narrows_for_another(state: State) -> None:
    browser, other = state.browser(), signed_in(state, "999090000111")
    got = state.redeem(browser.code(scope=SCOPES)).get_json()
    page = browser.get("/consents/narrow?client=bank")
    answers.page(other.submit(page, **{"keep-profile": "yes"}), 403)
    assert state.userinfo(got["access_token"]).status_code == 200


# --- export -----------------------------------------------------------------------------------------------------------


def leveled(state: State) -> Browser:
    """Signed in at level 2, as the factors of this account let the page ask for it."""
    browser = signed_in(state)
    with state.storage.transaction() as ports:
        (session,) = ports.sessions.of_account("a-duong", now=NOW)
        ports.sessions.end(session.session_hash)
        values = {name: getattr(session, name) for name in session.__slots__}
        ports.sessions.add(type(session)(**{**values, "acr": "LoA2", "amr": ("otp", "pwd", "mfa")}))
    return browser


def test_the_export_asks_for_the_second_level(state: State) -> None:
    assert signed_in(state).get("/account/export").headers["Location"].endswith("/more")


def test_the_export_is_all_of_it_and_no_secret(state: State) -> None:
    state.userinfo(state.redeem(state.browser().code(scope=SCOPES)).get_json()["access_token"])
    with state.storage.transaction() as ports:
        ports.sessions.end_account("a-duong")
        ports.documents.add([Document("d-1", "p-duong", "driving_licence", {"points": 12})])
    write(state, *releases(2_300))
    browser = leveled(state)
    answer = browser.submit(browser.get("/account/export"))
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="account-2026-03-02.json"'
    answers.headers(answer)
    told = json.loads(answer.text)
    assert (told["format"], told["version"]) == ("vneid-account-export", 1)
    assert told["person"]["pid"] == "999203001234"
    assert told["documents"][0]["record"] == {"points": 12}
    assert told["consents"][0]["client_id"] == "bank"
    assert [one["this_one"] for one in told["sessions"]] == [True]
    kinds = [one["kind"] for one in told["history"]]
    assert kinds.count("claims_released") == 2_301
    assert {"signed_in", "consent_given", "data_exported"} <= set(kinds)
    assert [one["number"] for one in told["history"]] == sorted({one["number"] for one in told["history"]})
    for secret in ("argon2", "password_hash", "session_hash", "token_hash", "p-duong"):
        assert secret not in answer.text
    answers.one_event(state, "data_exported")


def test_the_members_of_the_export_are_the_documented_ones(state: State) -> None:
    browser = leveled(state)
    told = json.loads(browser.submit(browser.get("/account/export")).text)
    page = (Path(__file__).parents[3] / "docs" / "account-export.md").read_text("utf-8")
    documented = [
        name for cell in re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    ]
    assert list(told) == documented


def test_a_forged_form_exports_nothing(state: State) -> None:
    browser = leveled(state)
    answers.page(browser.client.post("/account/export", data={"form_token": "x"}), 403)
    assert not state.journal("data_exported")
