"""The citizen's wallets: which hold what, locking a lost one, and that it cannot be undone."""

import re

import pytest

from certs.status import Status
from idp.model import Document, IssuedCredential
from idp.web.account_wallets import HOME, LOCK
from tests.attacks import answers
from tests.idp.issuance.office import LICENCE
from tests.idp.web.test_account import leveled, signed_in, text_of
from tests.world_idp import NOW, Browser, State

pytestmark = pytest.mark.parametrize("state", ["sqlite"], indirect=True)  # the verbs: tests/contract
DOCUMENT = Document("d-licence", "p-duong", "driving_licence", LICENCE, valid_until="2031-03-01")
PHONE = "Chrome, Android"


@pytest.fixture(autouse=True)
def copies(state: State) -> dict[str, tuple[int, int]]:
    """Two on the phone, one somewhere else; where each stands in the status lists."""
    at: dict[str, tuple[int, int]] = {}
    with state.storage.transaction() as ports:
        ports.documents.add([DOCUMENT])
        ports.statuses.add(2, kind=2, size=64)
        for name, wallet, device in (("a", "w-1", PHONE), ("b", "w-1", PHONE), ("c", "w-2", "Safari, iPad")):
            index = next(drawn for _ in range(9) if (drawn := ports.statuses.draw(2)) is not None)
            times = (NOW - 86_400, NOW + 86_400)
            ports.documents.record_issue(
                IssuedCredential(name, "d-licence", "licence", f"t-{name}", 2, index, *times, "bank", wallet, device)
            )
            at[name] = (2, index)
    return at


def states(state: State, copies: dict[str, tuple[int, int]]) -> dict[str, Status]:
    with state.storage.reading() as ports:
        return {name: ports.statuses.look_up(*at) for name, at in copies.items()}


def lock(browser: Browser, wallet: str = "w-1") -> str:
    page = browser.get(f"{LOCK}?wallet={wallet}")
    assert page.status_code == 200, page.headers.get("Location")
    done = browser.submit(page)
    assert done.status_code == 303, done.text
    return done.headers["Location"]


def test_it_asks_for_the_second_level(state: State) -> None:
    assert state.browser().get(HOME).headers["Location"].startswith("/login/")
    browser = signed_in(state)
    for path in (HOME, f"{LOCK}?wallet=w-1"):
        assert browser.get(path).headers["Location"].endswith("/more")
    assert browser.client.post(LOCK, data={"wallet": "w-1"}).status_code in (303, 403)
    assert not state.journal("wallet_locked")


def test_it_shows_where_documents_are(state: State) -> None:
    page = leveled(state).get(HOME)
    answers.headers(page)
    told = text_of(page, "wallets")
    assert "Ngân hàng Sen" in told and PHONE in told and "Safari, iPad" in told
    assert told.count("Giấy phép lái xe") == 2 and "chưa nhận" not in told
    assert re.findall(r'data-wallet="([^"]+)"', page.text) == ["w-1", "w-2"]
    assert 'id="after"' not in page.text


def test_who_has_no_wallet_is_told_what_appears_here(state: State) -> None:
    state.wait(86_400)  # all copies have run out
    assert 'id="no-wallets"' in leveled(state).get(HOME).text


def test_a_lost_phone_is_locked_after_a_question(state: State, copies: dict[str, tuple[int, int]]) -> None:
    browser = leveled(state)
    question = browser.get(f"{LOCK}?wallet=w-1")
    assert PHONE in question.text and "Không mở khóa lại được" in question.text
    assert states(state, copies)["a"] is Status.VALID  # a question changes nothing
    assert lock(browser) == HOME
    assert states(state, copies) == {"a": Status.HOLDER_LOCKED, "b": Status.HOLDER_LOCKED, "c": Status.VALID}
    page = browser.get(HOME)
    assert "Đã khóa" in text_of(page, "wallets") and "Lấy lại giấy tờ" in text_of(page, "after")
    assert page.text.count("Mất máy này") == 1  # what is locked is not locked again
    assert browser.get(f"{LOCK}?wallet=w-1").headers["Location"] == HOME
    assert "Giấy tờ trong một ví bị khóa" in browser.get("/account/notices?group=documents").text
    exported = browser.submit(browser.get("/account/export")).get_json()
    assert [one["locked"] for one in exported["documents"][0]["signed_copies"]] == [True, True, False]


def test_in_english(state: State) -> None:
    browser = leveled(state)
    assert "Which wallets hold your documents" in browser.get(f"{HOME}?lang=en").text
    assert "It cannot be unlocked" in browser.get(f"{LOCK}?wallet=w-1").text


@pytest.mark.parametrize("wallet", ["", "nothing", "w-9", "x" * 200, "w\u00001"])
def test_a_wallet_that_there_is_not(state: State, copies: dict[str, tuple[int, int]], wallet: str) -> None:
    browser = leveled(state)
    page = browser.get(f"{LOCK}?wallet=w-1")
    answer = browser.submit(page, wallet=wallet)
    assert answer.status_code in (400, 409)
    assert set(states(state, copies).values()) == {Status.VALID}


def test_a_form_of_nobody_s_page_locks_nothing(state: State, copies: dict[str, tuple[int, int]]) -> None:
    browser = leveled(state)
    assert browser.client.post(LOCK, data={"wallet": "w-1"}).status_code == 403
    assert set(states(state, copies).values()) == {Status.VALID}


def test_the_other_sessions_end(state: State) -> None:
    browser = leveled(state)
    other = signed_in(state)
    lock(browser)
    assert browser.get(HOME).status_code == 200
    assert other.get("/account").headers["Location"].startswith("/login/")
