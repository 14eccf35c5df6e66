"""The pages of passkeys against a real database: what each state change leaves, who may, and what strangers learn."""

import html
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from idp.login import session
from idp.login.acr import Factor
from idp.login.attempts import ADDRESS
from idp.login.passkey import registration
from idp.model import Authenticator, AuthenticatorKind
from tests.attacks import answers
from tests.idp.login.authenticator import USUAL, Passkey, es256
from tests.world_idp import PASSWORD, Browser, State, answer_of

HOME = "/account/security"
ADD = f"{HOME}/passkey"
TWO = frozenset({Factor.PASSWORD, Factor.ONE_TIME_CODE})
DUONG, LAM = "a-duong", "a-lam"


def signed_in(state: State, account_id: str = DUONG, factors: frozenset[Factor] = TWO) -> Browser:
    """A browser with a session, as if these factors had been proven."""
    browser = state.browser()
    with state.storage.transaction() as ports:
        cookie, _ = session.begin(
            ports, account_id, factors=factors, replaces=None, new_secret=state.web.oidc.new_secret, now=state.clock[0]
        )
    browser.client.set_cookie("idp_session", cookie, domain="localhost")
    return browser


def options(page: TestResponse) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found is not None, page.text
    asked: dict[str, Any] = json.loads(html.unescape(found[1]))
    return asked


@dataclass
class Citizen:
    """Somebody with a passkey on their device."""

    state: State
    account_id: str = DUONG
    passkey: Passkey = field(default_factory=lambda: Passkey(raw_id=secrets.token_bytes(32)))

    def add(self, name: str = "Điện thoại", browser: Browser | None = None) -> TestResponse:
        browser = browser or signed_in(self.state, self.account_id)
        page = browser.get(ADD)
        assert page.status_code == 200, page.text
        return browser.submit(page, credential=self.passkey.create(options(page)), name=name)

    def held(self) -> tuple[Authenticator, ...]:
        with self.state.storage.reading() as ports:
            found = ports.authenticators.of_account(self.account_id)
        return tuple(each for each in found if each.kind is AuthenticatorKind.PASSKEY)

    def sign_in(self, browser: Browser | None = None, **asked: str) -> TestResponse:
        """At the bank, with nothing typed."""
        browser = browser or self.state.browser()
        step = browser.ask(**asked).headers["Location"]
        return self.answer(browser, browser.get(f"{step}/passkey"))

    def answer(self, browser: Browser, page: TestResponse) -> TestResponse:
        """On the page of passkeys, or on the log-in page itself."""
        assert page.status_code == 200, page.text
        form = re.search(
            r'action="([^"]+)" id="passkey-form".*?name="form_token" value="([^"]+)"', page.text, re.DOTALL
        )
        assert form is not None, page.text
        sent = {"form_token": form[2], "credential": self.passkey.get(options(page))}
        return browser.client.post(form[1], data=sent)


@pytest.fixture
def duong(state: State) -> Citizen:
    citizen = Citizen(state)
    assert citizen.add().status_code == 303
    return citizen


def refused(response: TestResponse) -> None:
    assert response.status_code == 422, response.text
    assert "Khóa truy cập này không dùng được ở đây" in response.text
    assert "Set-Cookie" not in response.headers
    answers.headers(response)


def text_of(response: TestResponse) -> str:
    """Without what is random in it."""
    return re.sub(r'(data-options|value|href|action)="[^"]*"', "", response.text)


# --- to have one ------------------------------------------------------------------------------------------------------


def test_added_with_its_journal_and_its_notice(state: State, duong: Citizen) -> None:
    (held,) = duong.held()
    assert (held.name, held.counter, held.last_used_at) == ("Điện thoại", 0, None)
    answers.one_event(state, "authenticator_added", kind="passkey", name="Điện thoại")
    with state.storage.reading() as ports:
        (message,) = ports.messages.recent(now=state.clock[0])
    assert "Điện thoại" in message.text.vi and "Điện thoại" in message.text.en


def test_the_page_asks_for_no_key_that_is_there_already(state: State, duong: Citizen) -> None:
    page = signed_in(state).get(ADD)
    assert [each["id"] for each in options(page)["excludeCredentials"]] == [duong.held()[0].data["id"]]
    assert 'value="Khóa truy cập 2"' in page.text
    assert options(signed_in(state, LAM).get(ADD))["excludeCredentials"] == []
    assert options(page)["user"]["name"] == "Nguyễn Thị Thuỳ Dương (…234)"
    assert "999203001234" not in page.text


@pytest.mark.parametrize("name", ["", " ", "tên\u202egian", "Пароль", "x" * 41])
def test_a_name_that_cannot_be_shown_does_not_lose_the_key(state: State, name: str) -> None:
    citizen = Citizen(state)
    assert citizen.add(name).status_code == 303
    assert [each.name for each in citizen.held()] == ["Khóa truy cập 1"]


def test_an_answer_is_taken_once(state: State) -> None:
    citizen, browser = Citizen(state), signed_in(state)
    page = browser.get(ADD)
    sent = citizen.passkey.create(options(page))
    assert browser.submit(page, credential=sent, name="a").status_code == 303
    assert browser.submit(page, credential=sent, name="a").status_code == 422
    with state.storage.transaction() as ports:
        assert ports.authenticators.remove(DUONG, citizen.held()[0].authenticator_id)
    again = browser.submit(page, credential=sent, name="a")
    assert again.status_code == 422 and "Hãy thử lại" in again.text
    assert not citizen.held()
    assert [event.details["reason"] for event in state.journal("authenticator_refused")] == ["used", "used"]


def test_nobody_registers_a_passkey_of_somebody_else(state: State, duong: Citizen) -> None:
    other = Citizen(state, LAM, duong.passkey)
    refused = other.add()
    assert refused.status_code == 422 and "đã có trong một tài khoản" in refused.text
    assert not other.held() and len(duong.held()) == 1


def test_an_answer_to_another_session_is_refused(state: State) -> None:
    """Login CSRF turned round: a stranger's passkey does not come into the victim's account."""
    citizen, attacker, victim = Citizen(state), signed_in(state, LAM), signed_in(state)
    sent = citizen.passkey.create(options(attacker.get(ADD)))
    assert victim.submit(victim.get(ADD), credential=sent, name="a").status_code == 422
    assert not citizen.held()
    assert state.journal("authenticator_refused")[0].details["reason"] == "challenge"


def test_no_more_than_can_be_overseen(state: State) -> None:
    citizen = Citizen(state)
    for number in range(registration.MAX_HELD):
        citizen.passkey = Passkey(private_key=citizen.passkey.private_key, raw_id=bytes([number]) * 16)
        assert citizen.add().status_code == 303
    citizen.passkey = Passkey()
    assert "Hãy xóa bớt một khóa trước" in citizen.add().text
    assert len(citizen.held()) == registration.MAX_HELD


def test_who_may(state: State) -> None:
    assert state.browser().get(ADD).headers["Location"].startswith("/login/")
    with_one = signed_in(state, factors=frozenset({Factor.PASSWORD})).get(ADD)
    assert re.fullmatch(r"/login/[\w-]+/more", with_one.headers["Location"])
    signed = signed_in(state)
    assert signed.get(ADD).status_code == 200
    answers.page(signed.client.post(ADD, data={"name": "x"}), 403)


def test_renamed_and_removed_on_the_page_of_all_factors(state: State, duong: Citizen) -> None:
    (held,) = duong.held()
    browser, address = signed_in(state), f"{HOME}/factors/{held.authenticator_id}"
    assert "Điện thoại" in browser.get(HOME).text
    assert browser.submit(browser.get(f"{address}/name"), name="Máy bàn").status_code == 303
    assert duong.held()[0].name == "Máy bàn"
    assert browser.submit(browser.get(f"{address}/remove")).status_code == 303
    assert not duong.held()
    refused(duong.sign_in())


# --- to sign in -------------------------------------------------------------------------------------------------------


def test_discoverable_and_of_level_2(state: State, duong: Citizen) -> None:
    browser = state.browser()
    after = duong.sign_in(browser)
    code = answer_of(browser.decide(after))["code"]
    claims = state.id_token(state.redeem(code).get_json()["id_token"])
    assert (claims["acr"], claims["amr"]) == ("LoA2", ["hwk", "user", "mfa"])
    assert claims["sub"] == "999203001234"
    assert duong.held()[0].last_used_at == state.clock[0]


def test_at_once_on_the_log_in_page(state: State, duong: Citizen) -> None:
    browser = state.browser()
    page = browser.get(browser.ask().headers["Location"])
    assert "allowCredentials" not in options(page)
    assert answer_of(browser.decide(duong.answer(browser, page)))["code"]


def test_possession_alone_is_level_1(state: State, duong: Citizen) -> None:
    duong.passkey.flags = 0x01
    browser = state.browser()
    code = answer_of(browser.decide(duong.sign_in(browser)))["code"]
    claims = state.id_token(state.redeem(code).get_json()["id_token"])
    assert (claims["acr"], claims["amr"]) == ("LoA1", ["hwk"])


def test_the_page_names_nobody(state: State, duong: Citizen) -> None:
    browser = state.browser()
    page = browser.get(f"{browser.ask().headers['Location']}/passkey")
    assert "allowCredentials" not in options(page)
    assert page.headers["Content-Security-Policy"].endswith("form-action 'self' https://bank.example.vn")
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert "<script>" not in page.text


def test_without_javascript_the_page_says_what_to_do(state: State) -> None:
    browser = state.browser()
    page = browser.get(f"{browser.ask().headers['Location']}/passkey")
    assert "<noscript>" in page.text
    answer = browser.submit(page)
    assert answer.status_code == 422 and "Hãy bật JavaScript, hoặc chọn cách khác" in answer.text
    nameless = signed_in(state)
    answer = nameless.submit(nameless.get(ADD), name="Của tôi")
    assert answer.status_code == 422 and 'value="Của tôi"' in answer.text


def test_an_assertion_is_taken_once(state: State, duong: Citizen) -> None:
    browser = state.browser()
    step = browser.ask().headers["Location"]
    page = browser.get(f"{step}/passkey")
    sent = duong.passkey.get(options(page))
    assert browser.submit(page, credential=sent).status_code == 303
    answers.page(browser.submit(page, credential=sent), 403)
    other = browser.get(f"{browser.ask(prompt='login').headers['Location']}/passkey")
    refused(browser.submit(other, credential=sent))
    assert state.journal("sign_in_refused")[0].details["reason"] == "passkey_challenge"


def test_an_assertion_carried_to_another_browser(state: State, duong: Citizen) -> None:
    """A page that relays the victim's answer: its own challenge is of another step."""
    attacker, victim = state.browser(), state.browser()
    victims = victim.get(f"{victim.ask().headers['Location']}/passkey")
    sent = duong.passkey.get(options(victims))
    refused(attacker.submit(attacker.get(f"{attacker.ask().headers['Location']}/passkey"), credential=sent))
    answers.page(attacker.get(re.findall(r'action="([^"]+)" id="passkey-form"', victims.text)[0]))


def test_all_that_is_wrong_looks_alike(state: State, duong: Citizen) -> None:
    stranger = Citizen(state)
    stranger.passkey.user_handle = b"h" * 32
    other_key = Citizen(state, passkey=duong.passkey.but(private_key=es256()))
    copied = Citizen(state, passkey=duong.passkey.but(origin="http://localhost:5001"))
    locked = Citizen(state, "a-gone")
    locked.passkey.user_handle = None
    seen = [each.sign_in() for each in (stranger, other_key, copied, locked)]
    for each in seen:
        refused(each)
    assert len({text_of(each) for each in seen}) == 1
    reasons = [event.details["reason"] for event in reversed(state.journal("sign_in_refused"))]
    assert reasons == ["passkey_unknown", "passkey_signature", "passkey_origin", "passkey_unknown"]


def test_a_locked_account_does_not_sign_in(state: State, duong: Citizen) -> None:
    with state.storage.transaction() as ports:
        found = ports.population.get("p-duong")
        assert found is not None
        ports.population.update(
            type(found)(**{name: getattr(found, name) for name in found.__slots__} | {"locked": True})
        )
    refused(duong.sign_in())
    assert duong.held()[0].last_used_at is None


def test_a_copied_key_is_refused_and_told(state: State, duong: Citizen) -> None:
    duong.passkey.counter = 8
    assert duong.sign_in().status_code == 303
    assert duong.held()[0].counter == 8
    duong.passkey.counter = 7
    refused(duong.sign_in())
    answers.one_event(state, "authenticator_copied", kind="passkey", name="Điện thoại")
    answers.one_event(state, "sign_in_refused", reason="passkey_counter_fell")
    with state.storage.reading() as ports:
        newest = ports.messages.recent(now=state.clock[0])[0]
    assert "sao chép" in newest.text.vi
    duong.passkey.counter = 9
    assert duong.sign_in().status_code == 303, "the one whose counter goes on is not shut out"


def test_bf_10_a_person_locked_by_strangers_signs_in_with_a_passkey(state: State, duong: Citizen) -> None:
    for _ in range(9):
        stranger = state.browser()
        answer = stranger.sign_in(stranger.ask(), password="sai mật khẩu")
    assert answer.status_code == 429
    mine = state.browser()
    assert mine.sign_in(mine.ask(), password=PASSWORD).status_code == 429
    assert duong.sign_in().status_code == 303


def test_failures_are_counted_and_successes_are_not_held_up(state: State, duong: Citizen) -> None:
    with state.storage.transaction() as ports:
        for _ in range(301):
            ports.attempts.count(ADDRESS, "127.0.0.1", now=state.clock[0])
    stranger = Citizen(state)
    stranger.passkey.user_handle = b"h" * 32
    limited = stranger.sign_in()
    assert limited.status_code == 429 and int(limited.headers["Retry-After"]) > 0
    assert duong.sign_in().status_code == 303


# --- to add to a session ----------------------------------------------------------------------------------------------


def adding(state: State, account_id: str = DUONG) -> tuple[Browser, str]:
    """Signed in with the password alone, on the way to a page that asks for more."""
    browser = signed_in(state, account_id, frozenset({Factor.PASSWORD}))
    return browser, browser.get(ADD).headers["Location"].removesuffix("/more")


def test_added_to_a_session_it_raises_the_level(state: State, duong: Citizen) -> None:
    browser, step = adding(state)
    page = browser.get(f"{step}/passkey")
    assert [each["id"] for each in options(page)["allowCredentials"]] == [duong.held()[0].data["id"]]
    duong.passkey.user_handle = None  # which need not be said by who is asked by name
    answer = duong.answer(browser, page)
    assert answer.headers["Location"] == ADD
    assert browser.get(ADD).status_code == 200
    assert state.journal("level_raised")[0].details == {"acr": "LoA2", "amr": ["hwk", "pwd", "user", "mfa"]}


def test_only_the_persons_own_is_added(state: State, duong: Citizen) -> None:
    lam = Citizen(state, LAM)
    lam.add()
    browser, step = adding(state)
    refused(lam.answer(browser, browser.get(f"{step}/passkey")))
    assert state.journal("sign_in_refused")[0].details["reason"] == "passkey_other_account"
    assert not state.journal("level_raised")


def test_who_has_none_is_told_so(state: State) -> None:
    browser, step = adding(state)
    page = browser.get(f"{step}/passkey")
    assert "chưa có khóa truy cập" in page.text and "data-options" not in page.text
    assert f'href="{step}/more"' in page.text


def test_it_is_not_added_to_a_session_that_ended(state: State, duong: Citizen) -> None:
    browser, step = adding(state)
    page = browser.get(f"{step}/passkey")
    with state.storage.transaction() as ports:
        ports.sessions.end_account(DUONG)
    answers.page(duong.answer(browser, page), 403)
    answers.page(browser.get(f"{step}/passkey"))


# --- bytes of strangers -----------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=60) | st.binary(max_size=60).map(lambda data: json.dumps({"id": data.hex(), "response": {}}))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(TEXTS)
def test_hostile_answers_are_refused_as_any_other(duong: Citizen, sent: str) -> None:
    browser = duong.state.browser()
    page = browser.get(f"{browser.ask().headers['Location']}/passkey")
    assert browser.submit(page, credential=sent).status_code == 422
    owner = signed_in(duong.state)
    assert owner.submit(owner.get(ADD), credential=sent, name=sent).status_code == 422


@pytest.mark.parametrize("sent", ["[" * 30_000, "{}" * 20_000, "\0", "null", '{"id":"","response":{}}', "é" * 40_000])
def test_known_bombs(state: State, duong: Citizen, sent: str) -> None:
    browser = state.browser()
    refused(browser.submit(browser.get(f"{browser.ask().headers['Location']}/passkey"), credential=sent))
    owner = signed_in(state)
    assert owner.submit(owner.get(ADD), credential=sent, name="x").status_code == 422


def test_nothing_that_opens_is_written_down(state: State, duong: Citizen) -> None:
    duong.sign_in()
    (held,) = duong.held()
    written = repr(state.journal())
    for secret in (held.data["id"], held.data["public_key"], held.key or "", str(USUAL) * 9):
        assert secret not in written
