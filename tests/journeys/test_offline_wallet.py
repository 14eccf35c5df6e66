"""The wallet on a citizen's own phone, in a real Chromium: the network is cut before the page is opened, at last by killing every server.

Spec: W3C Service Workers; Web Cryptography API; WebAuthn Level 3 §10.1.4 (prf); `certs/qr.md`; WCAG 2.2 AA.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from certs import bundle as bundles
from certs import qr
from certs.catalogue import document_type
from certs.formats import Expected, Verified, cwt
from tests import smoke
from tests.chromium import Troubles, axe, overflows, until
from tests.idp.commands import asked
from tests.pocket import CODE, KEPT, PASSCODE, SCREEN, Phone, at_screen, begin, enrolled, unlock
from tests.walk import Walk
from wallet.receive import COPIES

OTHER = "730581"
KEYS = """() => new Promise((resolve) => {
    const opening = indexedDB.open("vneid-wallet");
    opening.onsuccess = () => {
        const all = opening.result.transaction("keys").objectStore("keys").getAllKeys();
        all.onsuccess = () => resolve(all.result);
    };
})"""
INSIDE = """() => {
    const { top, bottom } = document.getElementById("qr").getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
}"""
MET = "(document.documentElement.dataset.met === 'done')"
EMPTY: dict[str, list[str]] = {"sealed": [], "shown": [], "uses": [], "vault": []}
WEIGHT = 300 * 1024
# Everything that lies in the phone vault, as text; bytes as Latin-1.
LYING = """async () => {
    const opening = indexedDB.open("vneid-phone");
    await new Promise((resolve) => { opening.onsuccess = resolve; });
    const bytes = (value) => ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
    const plain = (value) => bytes(value) ? new TextDecoder("latin1").decode(value) : value instanceof CryptoKey ? `extractable ${value.extractable}`
        : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)])) : value;
    const found = {};
    for (const store of opening.result.objectStoreNames) {
        const all = opening.result.transaction(store).objectStore(store).getAll();
        await new Promise((resolve) => { all.onsuccess = resolve; });
        found[store] = all.result.map(plain);
    }
    opening.result.close();
    return found;
}"""
# One bit of each document that lies in the vault.
CHANGED = """async () => {
    const opening = indexedDB.open("vneid-phone");
    await new Promise((resolve) => { opening.onsuccess = resolve; });
    const transaction = opening.result.transaction("sealed", "readwrite");
    const all = transaction.objectStore("sealed").getAll();
    all.onsuccess = () => {
        for (const row of all.result) {
            new Uint8Array(row.bytes)[5] ^= 1;
            transaction.objectStore("sealed").put(row);
        }
    };
    await new Promise((resolve) => { transaction.oncomplete = resolve; });
    opening.result.close();
}"""
# What IndexedDB says when the disk is full. Quotas of a context like the tests' cannot be set from outside.
FULL = """() => { IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); }; }"""


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[smoke.Run]:
    """Its servers are killed by the last test here, and it says so when it ends."""
    run = smoke.Run(tmp_path_factory.mktemp("served"))
    with pytest.raises(AssertionError, match="it ended with"), smoke.demonstration(run):
        yield run


@pytest.fixture(scope="module")
def phone(nation: smoke.Run, browser: Browser) -> Phone:
    return enrolled(nation, browser, "minh-anh", language="vi")


@pytest.fixture(scope="module")
def guest(nation: smoke.Run, browser: Browser) -> Phone:
    """Of somebody else; the last test that uses it ends with nothing in it."""
    return enrolled(nation, browser, "van-binh", language="en")


def checked(nation: smoke.Run, text: str) -> Verified:
    """By the verifier's half, from the nation's bundle on the disk."""
    held = bundles.read(nation.bundle.read_bytes(), now=int(time.time()))
    return cwt.verify(
        qr.from_text(text), trust=held.trust, statuses=held.statuses, now=int(time.time()), expected=Expected()
    )


def shows_a_licence(phone: Phone, page: Page) -> str:
    """From the home screen to the code; its text."""
    page.click("[data-type=driving_licence]")
    page.click("#show")
    text = str(until(page, CODE))
    verified = checked(phone.nation, text)
    assert (verified.document, verified.view, verified.holder_bound) == ("driving_licence", "licence", True)
    assert verified.claims["personal_identification_number"] == phone.persona["pid"]
    return text


def test_opened_without_a_network_it_shows_a_fresh_code_that_a_verifier_accepts(phone: Phone) -> None:
    troubles = Troubles()
    with phone.offline():
        page = phone.page(troubles=troubles)
        unlock(page)
        first = shows_a_licence(phone, page)
        assert qr.read_picture(page.locator("#qr-frame").screenshot()) == (first,)
        page.click("a[data-view=age_over_18]")
        until(page, "document.getElementById('showing')?.dataset.view === 'age_over_18'")
        adult = checked(phone.nation, str(until(page, f"{CODE} !== '{first}' && {CODE}")))
        assert set(adult.claims) == set(document_type("driving_licence").view("age_over_18").fields)
        page.goto(phone.nation.urls["wallet"] + "/add")  # needs the issuer
        unlock(page)
        assert page.locator("#page-needs-network").is_visible()
        page.click("#history")
        assert until(page, "document.querySelectorAll('[data-shown]').length") == 2
    until(page, "document.querySelectorAll('[data-shown]').length === 0")  # told as soon as there is a network
    assert (
        until(page, "document.querySelectorAll('#entries > li').length") == 3
    )  # received once, shown twice, each once
    assert [each for each in troubles.seen if "ERR_INTERNET_DISCONNECTED" not in each] == []


def test_no_screen_is_too_wide_or_fails_axe_in_either_language(phone: Phone, browser: Browser) -> None:
    wrong: dict[str, object] = {}

    def look(page: Page, name: str) -> None:
        at_screen(page, name)
        for language in ("vi", "en"):
            until(page, f"document.documentElement.lang === '{language}'")
            if wide := overflows(page):
                wrong[f"{name}, {language}, wide"] = wide
            page.emulate_media(color_scheme="dark" if language == "vi" else "light")
            if found := axe(page):
                wrong[f"{name}, {language}"] = found
            page.click("#other-language")
        until(page, "document.documentElement.lang === 'vi'")

    page = phone.page()
    look(page, "locked")
    unlock(page)
    look(page, "home")
    page.click("[data-type=driving_licence]")
    look(page, "details")
    page.click("#show")
    look(page, "show")
    page.set_viewport_size({"width": 740, "height": 360})  # held sideways: all of the code is on the screen
    page.reload()
    unlock(page)
    until(page, CODE)
    assert page.evaluate(INSIDE)
    page.set_viewport_size({"width": 360, "height": 780})
    for route, name in (("#/history", "history"), ("#/settings", "settings")):
        page.evaluate("route => { location.hash = route; }", route)
        at_screen(page, name)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        look(page, name)
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)
    assert page.evaluate(KEPT) < WEIGHT


def test_without_the_passcode_the_vault_tells_nothing(phone: Phone) -> None:
    page = phone.opened()
    page.click("[data-type=driving_licence]")
    facts = page.locator("#facts dd").all_inner_texts()
    page.reload()
    at_screen(page, "locked")
    lying = page.evaluate(LYING)
    (line,) = lying["vault"]
    assert line["deviceKey"] == "extractable false" and PASSCODE not in json.dumps(line)
    assert len(lying["sealed"]) == 2
    kept = json.dumps(lying, ensure_ascii=False)
    assert phone.persona["pid"] not in kept and not [fact for fact in facts if len(fact) > 6 and fact in kept]


def test_two_tabs_count_the_same_tries_and_what_one_removes_is_gone_in_the_other(guest: Phone) -> None:
    one, two = guest.opened(), guest.page()
    at_screen(two, "locked")
    two.fill("#passcode", OTHER)
    two.keyboard.press("Enter")
    two.wait_for_selector("#error-summary")
    assert "9 tries left" in two.locator("#error-summary").inner_text()
    three = guest.page()
    at_screen(three, "locked")
    assert "1 wrong so far; 9 left" in three.locator("#passcode-hint").inner_text()
    unlock(two)  # the right one starts the count anew
    for page in (one, two):
        page.bring_to_front()
        shows_a_licence(guest, page)
    two.evaluate("location.hash = '#/settings'")
    at_screen(two, "settings")
    two.click("#remove-card summary")
    two.click("#remove-all")
    two.wait_for_selector("#error-summary")  # not without the box
    two.check("#sure")
    two.click("#remove-all")
    for page in (one, two, three):
        at_screen(page, "new-vault")
    assert two.evaluate(LYING) == EMPTY
    begin(two)
    two.click("[data-type=driving_licence]")
    two.wait_for_selector("#no-key")  # the document came back, its keys are gone for good
    for page in (one, two, three):
        page.close()


def test_who_forgot_the_passcode_or_uses_the_browser_next_starts_anew(guest: Phone) -> None:
    page = guest.page()
    at_screen(page, "locked")
    page.click("#remove-card summary")
    page.click("#remove-all")
    page.wait_for_selector("#error-summary")  # not without the box
    assert axe(page) == [] and not overflows(page)
    page.check("#sure")
    page.click("#remove-all")
    at_screen(page, "new-vault")
    assert page.evaluate(LYING) == EMPTY
    begin(page)
    page.close()


def test_wrong_passcodes_wait_longer_and_then_erase_all_of_it(guest: Phone) -> None:
    with guest.offline():
        page = guest.page()
        at_screen(page, "locked")
        assert "After 10 wrong ones in a row" in page.locator("#passcode-hint").inner_text()  # told beforehand
        clock = time.time()
        for wrong in range(1, 10):
            page.fill("#passcode", f"7305{wrong:02d}")
            page.keyboard.press("Enter")
            until(page, f"document.getElementById('error-summary')?.innerText.includes('{10 - wrong} tr')")
            if wrong == 4:
                page.fill("#passcode", PASSCODE)
                page.keyboard.press("Enter")
                until(page, "document.getElementById('error-summary').innerText.includes('Not tried yet')")
            if wrong >= 4:
                clock += 3601
                page.clock.set_fixed_time(clock)
        page.reload()
        at_screen(page, "locked")
        page.fill("#passcode", OTHER)
        page.keyboard.press("Enter")
        at_screen(page, "newcomer")
        assert "erased" in page.locator("#error-summary").inner_text()
        assert page.evaluate(LYING) == EMPTY
    guest.context.close()


def test_a_wrong_clock_is_told(phone: Phone) -> None:
    page = phone.page()
    page.add_init_script("const now = Date.now; Date.now = () => now() - 7200_000;")
    page.reload()
    unlock(page)
    assert "chậm 120 phút" in page.locator("#clock-wrong").inner_text()
    page.close()


def test_a_phone_that_froze_the_page_in_a_pocket_finds_it_locked(phone: Phone) -> None:
    """Timers of a page in the background stand still: two minutes are noticed when it comes back, before anybody looks at it."""
    page = phone.opened("#/documents")
    page.evaluate(
        """() => {
            let hidden = true;
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
            const now = Date.now;
            Date.now = () => now() + 120_000;
            hidden = false;
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    at_screen(page, "locked")
    page.close()


def test_a_full_storage_keeps_what_was_there_and_tells(phone: Phone) -> None:
    page = phone.opened()
    until(page, "document.getElementById('as-of')")
    page.evaluate(FULL)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_selector("#storage-full")
    assert len({shown_by(phone, page, "full") for _ in range(2)}) == 2, "what cannot be noted is remembered"
    page.click("#lock")
    at_screen(page, "locked")
    page.fill("#passcode", PASSCODE)
    page.keyboard.press("Enter")
    page.wait_for_selector("#error-summary")  # what cannot be counted is not tried
    page.reload()
    unlock(page)
    at_screen(page, "home")
    assert page.locator("#documents [data-type]").count() == 1
    page.close()


def test_what_was_changed_on_the_disk_is_not_used_and_comes_back_with_the_network(phone: Phone) -> None:
    page = phone.page()
    at_screen(page, "locked")
    page.evaluate(CHANGED)
    with phone.offline():
        unlock(page)
        page.wait_for_selector("#damaged")
        assert page.locator("#documents").count() == 0
    page.wait_for_selector("#documents")
    shows_a_licence(phone, page)
    page.close()


def test_whoever_else_signs_in_here_changes_nothing_in_the_vault(phone: Phone) -> None:
    def another(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "owner": "0" * 64, "documents": []})

    page = phone.page()
    page.route("**/app/documents", another)
    unlock(page)
    page.wait_for_selector("#other-person")
    shows_a_licence(phone, page)
    page.close()


def test_what_is_locked_says_what_to_do(phone: Phone) -> None:
    def locked(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        for each in told["documents"]:
            each["state"] = {"standing": "locked", "look": "bad", "word": {"vi": "Đã khóa", "en": "Locked"}}
        route.fulfill(response=answer, json=told)

    page = phone.page()
    page.route("**/app/documents", locked)
    unlock(page)
    page.wait_for_selector("[data-standing=locked]")
    page.click("[data-type=driving_licence]")
    page.wait_for_selector("#locked")
    assert axe(page) == [] and not overflows(page)
    page.close()


def test_what_is_promised_lies_there_too(phone: Phone) -> None:
    page = phone.opened()
    assert asked.idp("documents", "away", "health_record", data=phone.nation.data).returncode == 0
    at = Walk(page, phone.nation.urls, phone.persona, lambda _: None)
    at.go("wallet", "/add")
    at.click("#add-health_record")
    at.consent("")
    page.wait_for_url("**/waiting/*")
    page.click("#back")
    unlock(page)
    page.wait_for_selector("#waiting [data-waiting]")
    with phone.offline():
        page.click("#lock")
        unlock(page)
        assert "Đang chờ cấp" in page.locator("#waiting").inner_text()
        assert axe(page) == [] and not overflows(page)
        page.click("[data-waiting]")  # asking, and giving it up, need a network
        unlock(page)
        assert page.locator("#page-needs-network").is_visible()
    page.click("[data-waiting]")
    page.wait_for_url("**/waiting/*")
    page.click("#wait-no-longer")
    page.click("#forget")
    unlock(page)
    page.wait_for_selector("#waiting", state="detached")
    assert asked.idp("documents", "back", "health_record", data=phone.nation.data).returncode == 0
    page.close()


def shown_by(phone: Phone, page: Page, view: str) -> str:
    """From home to the code of this view, and home again; the thumbprint of the key that signed it."""
    document = page.locator("[data-type=driving_licence]").get_attribute("data-id")
    page.evaluate("route => { location.hash = route; }", f"#/show/{document}/{view}")
    shown = checked(phone.nation, str(until(page, CODE)))
    page.evaluate("location.hash = '#/'")
    at_screen(page, "home")
    assert shown.view == view
    return str(shown.holder_thumbprint)


def prints(page: Page) -> set[str]:
    """Of the keys that the vault needs."""
    (line,) = page.evaluate(LYING)["vault"]
    return set(line["prints"].values())


def test_each_showing_is_by_another_key_and_new_ones_come_with_the_network(phone: Phone) -> None:
    page = phone.opened()
    until(page, "document.getElementById('as-of')")
    before = page.locator("[data-type=driving_licence]").get_attribute("data-id")
    old = prints(page)
    with phone.offline():
        keys = [shown_by(phone, page, "full") for _ in range(COPIES - 1)]
        page.wait_for_selector("#running-out")  # before the last one goes
        keys += [shown_by(phone, page, "full") for _ in range(2)]
        assert len(set(keys)) == COPIES and keys[0] == keys[-1], "nobody is left without a code"
        other = phone.opened()  # meets the network at the same moment
    for each in (page, other):
        each.wait_for_selector("#running-out", state="detached")
    (held,) = page.request.get(f"{phone.nation.urls['wallet']}/app/documents").json()["documents"]
    assert held["renewable"], "the right to fetch more was used once"
    assert page.locator("[data-type=driving_licence]").get_attribute("data-id") == before
    new, kept = prints(page), set(page.evaluate(KEYS))
    assert new <= kept and not (old - new) & kept  # those of the old copies are gone
    assert shown_by(phone, page, "full") not in keys
    page.close()
    other.close()


def test_a_line_that_the_server_does_not_take_keeps_nothing_else_back(phone: Phone) -> None:
    """As of a view that a newer catalogue does not have: it must not keep new states from the phone for good."""

    def newer(route: Route) -> None:
        if any(each.get("view") == "age_over_18" for each in route.request.post_data_json["shown"]):
            route.fulfill(status=400, json={"error": "request_malformed"})
        else:
            route.continue_()

    page = phone.opened()
    until(page, MET)
    phone.context.route("**/app/shown", newer)  # for every tab
    with phone.offline():
        shown_by(phone, page, "age_over_18")
        shown_by(phone, page, "full")
        page.evaluate("location.hash = '#/history'")
        at_screen(page, "history")
        assert page.locator("[data-shown]").count() == 2
        until(page, f"!{MET}")
    until(page, f"{MET} && document.querySelectorAll('[data-shown]').length === 1")
    phone.context.unroute("**/app/shown")
    page.evaluate("dispatchEvent(new Event('online'))")
    until(page, "document.querySelectorAll('[data-shown]').length === 0")
    page.close()


def test_a_browser_that_keeps_nothing_is_told_so(nation: smoke.Run, browser: Browser) -> None:
    page = browser.new_page()
    page.add_init_script(
        "Object.defineProperty(window, 'indexedDB', { value: { open() { throw new Error('no'); } } });"
    )
    page.goto(f"{nation.urls['wallet']}/app")
    page.wait_for_selector("#no-storage")
    page.close()


def test_another_passcode_and_a_passkey(phone: Phone) -> None:
    page = phone.opened("#/settings")
    page.click("#passcode-card summary")
    page.fill("#present", PASSCODE)
    page.fill("#fresh", OTHER)
    page.fill("#again", OTHER)
    page.click("#change-button")
    page.wait_for_selector("#done")
    devices = phone.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True}
    options |= {
        "hasUserVerification": True,
        "isUserVerified": True,
        "hasPrf": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.click("#passkey-card summary")
    page.fill("#passkey-present", OTHER)
    page.click("#passkey-button")
    page.wait_for_selector("#done")
    with phone.offline():
        page.click("#lock")
        page.click("#unlock-passkey")
        until(page, f"{SCREEN} === 'settings'")
        page.click("#lock")
        unlock(page, OTHER)
        page.click("#passcode-card summary")
        page.fill("#present", OTHER)
        page.fill("#fresh", PASSCODE)
        page.fill("#again", PASSCODE)
        page.click("#change-button")
        page.wait_for_selector("#done")


def test_with_every_server_killed_it_opens_and_shows(phone: Phone) -> None:
    """The last one here: nobody serves anything after it."""
    for number in [int(name.name) for name in Path("/proc").iterdir() if name.name.isdigit()]:
        if serves(number, phone.nation.urls["wallet"].rpartition(":")[2]):
            os.kill(number, signal.SIGKILL)
    page = phone.page()
    unlock(page)
    shows_a_licence(phone, page)
    page.goto(phone.nation.urls["wallet"] + "/history")
    at_screen(page, "locked")


def serves(process: int, port: str) -> bool:
    """Whether this is a process of the wallet at this port."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return False
    return port in words and any(word.startswith("wallet.app:") for word in words)
