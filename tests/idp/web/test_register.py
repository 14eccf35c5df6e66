"""Registration of level 1: nobody learns whether a number exists, and nobody gets an account of somebody else."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.model import Account
from tests.world_idp import Browser, State, person

NEW = person("p-new", pid="999203004321", name="Võ Thị Mới", birth_date="2003-11-20", phone=None, email=None)
YEAR_ONLY = person("p-year", pid="999050000777", name="Đỗ Văn Già", birth_date="1950", sex="male", phone=None)
CHILD = person("p-child", pid="999315000111", name="Bùi Bé", birth_date="2015-01-05", sex="female", phone=None)
GONE = person(
    "p-dead", pid="999040000444", name="Phạm Mất", birth_date="1940-03-03", sex="male", deceased_on="2025-01-01"
)
WRITTEN = {
    "pid": "999 203 004 321",
    "name": "võ  thị mới",
    "birth_date": "20/11/2003",
    "phone": "0977 000 123",
    "email": "moi@example.vn",
}
PASSWORD = "một câu dài dễ nhớ"


@pytest.fixture(autouse=True)
def people(state: State) -> None:
    with state.storage.transaction() as ports:
        ports.population.add([NEW, YEAR_ONLY, CHILD, GONE])


def the_code(state: State, phone: str = "+84977000123") -> str:
    with state.storage.reading() as ports:
        newest = ports.messages.recent(now=state.clock[0], phone=phone)[0]
    return re.findall(r"\b\d{6}\b", newest.text.en)[0]


def written(browser: Browser, **changed: str) -> TestResponse:
    return browser.submit(browser.get("/register"), **{**WRITTEN, **changed})


def confirmed(state: State, browser: Browser, **changed: str) -> str:
    """The address of the page that asks for the password."""
    sent = written(browser, **changed)
    assert sent.status_code == 303, sent.text
    after = browser.submit(browser.get(sent.headers["Location"]), code=the_code(state))
    assert after.status_code == 303, after.text
    return after.headers["Location"]


def registered(state: State, browser: Browser, **changed: str) -> bool:
    page = browser.get(confirmed(state, browser, **changed))
    done = browser.submit(page, new=PASSWORD, again=PASSWORD)
    assert done.status_code == 303, done.text
    assert browser.get(done.headers["Location"]).status_code == 200
    return bool(done.headers["Location"].endswith("/yes"))


def account_of(state: State, person_id: str) -> Account | None:
    with state.storage.reading() as ports:
        return ports.accounts.by_person(person_id)


def test_an_account_of_level_1(state: State) -> None:
    browser = state.browser()
    assert registered(state, browser)
    account = account_of(state, "p-new")
    assert account is not None
    assert (account.level, account.phone, account.email) == (1, "+84977000123", "moi@example.vn")
    after = browser.sign_in(browser.ask(), identifier="999203004321", password=PASSWORD)
    assert after.headers["Location"].startswith("/consent/")
    kinds = [event.kind for event in state.journal() if event.account_id == account.account_id]
    assert kinds[::-1] == ["message_sent", "registered", *kinds[::-1][2:]]


def test_a_birth_date_is_compared_as_far_as_the_register_knows_it(state: State) -> None:
    told = {"pid": YEAR_ONLY.pid, "name": YEAR_ONLY.name}
    assert registered(state, state.browser(), **told, birth_date="7/8/1950")


@pytest.mark.parametrize(
    "name", ["H'Nhơn Kbuôr", "H’Bia Êban", "Kim Min-jun", "Arjun R. Nair", "Lu\u0302n Rơ Čăm b\u0306"]
)
def test_names_of_every_people(state: State, name: str) -> None:
    """As the register has them, letters outside the Vietnamese alphabet and combining marks too."""
    with state.storage.transaction() as ports:
        ports.population.add([person("p-name", pid="999203004322", name=name, birth_date="2003-11-20", phone=None)])
    assert registered(state, state.browser(), pid="999203004322", name=name)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"pid": "999203009999"}, "unknown"),
        ({"name": "Võ Thị Khác"}, "disagrees"),
        ({"birth_date": "21/11/2003"}, "disagrees"),
        ({"pid": GONE.pid, "name": GONE.name, "birth_date": "3/3/1940"}, "deceased"),
        ({"pid": "999090000222", "name": "Lê Khoá", "birth_date": "2/2/1990"}, "identity_locked"),
        ({"pid": CHILD.pid, "name": CHILD.name, "birth_date": "5/1/2015"}, "needs_guardian"),
        ({"pid": "999203001234", "name": "Nguyễn Thị Thuỳ Dương", "birth_date": "9/5/2003"}, "has_account"),
        ({"phone": "0912345678"}, "phone_taken"),
    ],
)
def test_all_refusals_look_alike(state: State, changed: dict[str, str], reason: str) -> None:
    """The same pages, the same message to the telephone that was written, one sentence at the end."""
    pages: list[Any] = []
    for told in (changed, {"pid": "999203008888"}):  # beside somebody who does not exist
        browser, phone = state.browser(), told.get("phone", WRITTEN["phone"])
        sent = written(browser, **told)
        asks = browser.get(sent.headers["Location"])
        code = the_code(state, "+84" + phone.replace(" ", "")[1:])
        wants = browser.get(browser.submit(asks, code=code).headers["Location"])
        done = browser.submit(wants, new=PASSWORD, again=PASSWORD)
        end = browser.get(done.headers["Location"])
        pages.append(
            [
                (page.status_code, re.sub(r"[A-Za-z0-9_-]{43,64}|0\d{3} \d{3} \d{3}", "…", page.text))
                for page in (asks, wants, end)
            ]
        )
        assert done.headers["Location"].endswith("/no")
    assert pages[0] == pages[1]
    assert state.journal("registration_refused")[1].details == {"reason": reason}
    assert account_of(state, "p-new") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pid", "12345"),
        ("pid", "９９９203004321"),
        ("pid", "999903004321"),
        ("name", ""),
        ("name", "<b>An</b>"),
        ("name", "A1 An"),
        ("name", "'-"),
        ("birth_date", "31/2/2003"),
        ("birth_date", "2003-11-20"),
        ("birth_date", "1/1/2999"),
        ("phone", "12"),
        ("phone", "+1 202 555 0100"),
        ("email", "nobody"),
    ],
)
def test_the_form_of_what_is_written(state: State, field: str, value: str) -> None:
    page = written(state.browser(), **{field: value})
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text and f'id="{field}-error"' in page.text
    assert not state.journal("message_sent")


def test_a_wrong_code_goes_nowhere_and_five_end_it(state: State) -> None:
    browser = state.browser()
    sent = written(browser)
    right = the_code(state)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert browser.submit(browser.get(sent.headers["Location"]), code=wrong).status_code == 422
    assert browser.submit(browser.get(sent.headers["Location"]), code=right).status_code == 422


def test_no_step_is_skipped(state: State) -> None:
    browser = state.browser()
    sent = written(browser)
    page = browser.get(sent.headers["Location"])
    assert browser.submit(page, new=PASSWORD, again=PASSWORD).status_code == 422  # it is the code that is asked for
    assert account_of(state, "p-new") is None


def test_each_step_is_of_one_browser_and_counts_once(state: State) -> None:
    browser, thief = state.browser(), state.browser()
    address = confirmed(state, browser)
    assert thief.get(address).status_code == 400
    page = browser.get(address)
    assert browser.submit(page, new=PASSWORD, again=PASSWORD).status_code == 303
    assert browser.submit(page, new=PASSWORD, again=PASSWORD).status_code == 403


def test_a_password_of_the_blocklist(state: State) -> None:
    browser = state.browser()
    page = browser.get(confirmed(state, browser))
    for bad in ("12345678", "999203004321", "0977000123", "short"):
        assert browser.submit(page, new=bad, again=bad).status_code == 422
    assert browser.submit(page, new=PASSWORD, again="another").status_code == 422


def test_guessing_for_one_number_ends_soon(state: State) -> None:
    answers = []
    for guess in range(7):
        state.wait(601)  # the messages have a limit of their own
        answers.append(written(state.browser(), birth_date=f"{guess + 1}/11/2003").status_code)
    assert answers == [303] * 5 + [429] * 2
    assert written(state.browser(), pid="999203008888").status_code in (303, 429)


def test_two_at_once_make_one_account(state: State) -> None:
    browsers = [state.browser(), state.browser()]
    pages = [
        browser.get(confirmed(state, browser, phone=phone))
        for browser, phone in zip(browsers, ("0977 000 123", "0977 000 123"), strict=True)
    ]
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                lambda pair: pair[0].submit(pair[1], new=PASSWORD, again=PASSWORD), zip(browsers, pages, strict=True)
            )
        )
    assert sorted(response.headers["Location"][-3:] for response in done) == ["/no", "yes"]
