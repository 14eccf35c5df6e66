"""From no account to a document of level 2, in a real Chromium: registered by telephone, raised by an officer's command.

Spec: Decree 69/2024/NĐ-CP Art. 10, 11, 13. Two languages, a telephone by the keyboard alone and a desktop, day and night;
without JavaScript too.
"""

import json
import re

import pytest
from playwright.sync_api import Browser

from tests import smoke
from tests.chromium import tab_to, until
from tests.citizen import Citizen
from tests.newcomers import LICENCE, Newcomer, found, idp

PASSWORD = "mưa rào tháng bảy"


@pytest.fixture(scope="module")
def newcomers(nation: smoke.Run) -> list[Newcomer]:
    return found(nation, 3)


@pytest.mark.parametrize(("language", "width", "number"), [("vi", 360, 0), ("en", 1200, 1)], ids=["vi-360", "en-1200"])
def test_from_nothing_to_a_licence(
    nation: smoke.Run, newcomers: list[Newcomer], browser: Browser, language: str, width: int, number: int
) -> None:
    who, phone = newcomers[number], f"09123456{number:02d}"
    context = browser.new_context(viewport={"width": width, "height": 844}, locale=language)
    at = Citizen(nation, context.new_page(), language, {"pid": who.pid, "password": PASSWORD})
    to_the_code(at, who, phone)
    the_code_and_a_password(at)
    at.page.wait_for_url("**/registered/yes")
    at.look("registered")
    tab_to(at.page, "sign-in")
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#identifier")
    at.type(identifier=phone, password=PASSWORD)
    at.page.wait_for_url("**/account")
    at.look("account-level-1")
    level_1_gets_no_document(at)
    done = idp(nation, "account", "level", who.pid, "2", "--phone", phone, "--officer", "Trần Cán Bộ")
    assert done.returncode == 0, done.stderr
    the_licence_is_offered(at)
    a_second_registration_of_the_same_person(at, browser, who)
    for each in list(at.troubles.seen):  # answers of 4xx that were asked for
        if "Failed to load resource" in each and "422" in each:
            at.troubles.seen.remove(each)
    assert at.troubles.seen == []
    assert not at.wrong, json.dumps(at.wrong, indent=1, ensure_ascii=False)
    context.close()


def to_the_code(at: Citizen, who: Newcomer, phone: str) -> None:
    at.go("/")
    tab_to(at.page, "to-register")
    at.page.keyboard.press("Enter")
    at.page.wait_for_url("**/register")
    at.look("register")
    at.type(pid="999", name=who.name)
    at.page.wait_for_selector(".error-summary")
    assert at.page.locator(".error-summary a").count() == 3  # number, date, telephone
    assert at.page.locator("#name").input_value() == who.name  # nothing that was written is lost
    at.look("register-refused")
    at.page.click(".error-summary a[href='#birth_date']")
    assert at.page.evaluate("document.activeElement.id") == "birth_date"
    at.type(pid=who.pid, name=who.name, birth_date=who.day, phone=phone, email="moi@nguoidan.example")
    at.page.wait_for_selector("#code")
    assert phone in "".join(at.page.locator("main .number").first.inner_text().split())
    at.look("register-code")


def the_code_and_a_password(at: Citizen) -> None:
    code = at.code_in_the_inbox()
    at.type(code=f"{(int(code) + 1) % 10**6:06d}")
    at.page.wait_for_selector(".error-summary")
    at.look("register-code-refused")
    at.type(code=code)
    at.page.wait_for_selector("#new")
    at.look("register-password")
    at.type(new="12345678", again="12345678")
    at.page.wait_for_selector(".error-summary")
    at.look("register-password-refused")
    at.type(new=PASSWORD, again=PASSWORD)


def level_1_gets_no_document(at: Citizen) -> None:
    at.go("/documents")
    at.look("documents-level-1")
    said = at.page.locator(f"#document-{LICENCE} .notice").inner_text()
    assert re.search(r"\b2\b", said), said
    assert at.page.locator(f"#offer-{LICENCE}").count() == 0
    refused = idp(at.nation, "offer", at.persona["pid"], LICENCE)
    assert refused.returncode == 1 and "level 2" in refused.stderr


def the_licence_is_offered(at: Citizen) -> None:
    """Without signing in again: the next page knows the level."""
    at.page.reload()
    at.page.click(f"#offer-{LICENCE} button")
    assert len(str(until(at.page, "document.getElementById('transaction-code')?.dataset.code"))) == 6
    at.go("/account")
    assert at.page.locator("main").get_by_text(re.compile(r"\b2\b")).count() > 0
    at.look("account-level-2")
    at.go("/account/notices")
    at.look("notices-of-a-newcomer")
    shown = idp(at.nation, "account", "show", at.persona["pid"], "--json")
    assert json.loads(shown.stdout)[0]["level"] == 2


def a_second_registration_of_the_same_person(at: Citizen, browser: Browser, who: Newcomer) -> None:
    """From another browser, with everything right but the account that there is: told at the end, in one sentence for all."""
    context = browser.new_context(viewport=at.page.viewport_size, locale=at.language)
    other = Citizen(at.nation, context.new_page(), at.language, at.persona)
    other.go("/register")
    other.type(pid=who.pid, name=who.name, birth_date=who.day, phone="0987 654 321")
    other.page.wait_for_selector("#code")
    other.type(code=other.code_in_the_inbox())
    other.page.wait_for_selector("#new")
    other.type(new="một mật khẩu khác hẳn", again="một mật khẩu khác hẳn")
    other.page.wait_for_url("**/registered/no")
    other.look("registered-no")
    assert other.troubles.seen == []
    at.wrong.update(other.wrong)
    context.close()


def test_without_javascript(nation: smoke.Run, newcomers: list[Newcomer], browser: Browser) -> None:
    who = newcomers[2]
    context = browser.new_context(java_script_enabled=False, locale="vi")
    at = Citizen(nation, context.new_page(), "vi", {})
    at.go("/register")
    for field, value in (("pid", who.pid), ("name", who.name), ("birth_date", who.day), ("phone", "0912345699")):
        at.page.fill(f"#{field}", value)
    at.page.click("#continue")
    at.page.fill("#code", at.code_in_the_inbox())
    at.page.click("#confirm")
    at.page.fill("#new", PASSWORD)
    at.page.fill("#again", PASSWORD)
    at.page.click("main form button")
    at.page.wait_for_url("**/registered/yes")
    context.close()
