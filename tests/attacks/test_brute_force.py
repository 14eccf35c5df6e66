"""Group BF, guessing, locking out, and taking over: BF-01 to BF-04, BF-06, BF-09 to BF-12."""

import hashlib
import hmac
import io
import re
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from idp.login import attempts, hashing
from idp.login.attempts import CLIENT, EVERYBODY, OVERALL, PERSON, Secret, TooMany, Try
from idp.login.password import hash_password, verify_password
from idp.model import AccountState, Limit
from tests.attacks import answers
from tests.databases import Server
from tests.idp.conftest import DATABASES
from tests.idp.web.codes import inbox, send
from tests.idp.web.test_passkeys import Citizen, signed_in
from tests.world_idp import NOW, PASSWORD, Browser, State, basic, client, populate, reopen

DUONG, LAM, LOCKED, NOBODY = "999203001234", "999090000111", "999090000222", "999203009999"
PHONE = "0912 345 678"
FREE = PERSON.steps[0][0] + 1
WRONG = "sai mật khẩu"
NEW = "một câu dài mà tôi nhớ"


@pytest.fixture
def duong(state: State) -> Citizen:
    citizen = Citizen(state)
    assert citizen.add().status_code == 303
    return citizen


def guess(browser: Browser, identifier: str = DUONG, password: str = WRONG) -> TestResponse:
    return browser.sign_in(browser.get("/sign-in"), identifier=identifier, password=password)


def lock(state: State, identifier: str = DUONG) -> None:
    """A stranger guesses until they are stopped."""
    stranger = state.browser()
    assert [guess(stranger, identifier).status_code for _ in range(FREE + 1)] == [422] * FREE + [429]


def known(state: State, identifier: str = DUONG) -> Browser:
    """A browser that its person signed in with once, and signed out again."""
    browser = state.browser()
    assert guess(browser, identifier, PASSWORD).status_code == 303
    assert browser.submit(browser.get("/sign-out")).status_code == 303
    return browser


LAST = 100  # failures before a limit of all together is reached


def fill(state: State, limit: Limit, value: str) -> None:
    with state.storage.transaction() as ports:
        while not ports.attempts.count(limit, value, now=state.clock[0]):
            pass


def stopped(response: TestResponse, wait: int) -> None:
    answers.page(response, 429)
    assert response.headers["Retry-After"] == str(wait)
    assert "Đã thử quá nhiều lần" in response.text


def test_bf_01_slower_and_slower(state: State) -> None:
    lock(state)
    waits = []
    for _ in range(5):
        refused = guess(state.browser(), password=PASSWORD)  # right, and not looked at
        waits.append(int(refused.headers["Retry-After"]))
        stopped(refused, waits[-1])
        state.wait(waits[-1])
        assert guess(state.browser()).status_code == 422
    assert waits == [30, 30, 30, 300, 300]
    assert "Bạn hãy đợi 5 phút" in guess(state.browser()).text
    limited = state.journal("attempts_limited")
    assert {event.account_id for event in limited} == {"a-duong"}
    assert len(limited) == FREE  # each of the refused ones is in the log of requests only


def test_bf_01_bf_10_a_known_browser_is_not_locked_out(state: State) -> None:
    mine = known(state)
    lock(state)
    stopped(guess(state.browser(), password=PASSWORD), 30)
    assert guess(mine, password=PASSWORD).status_code == 303
    stopped(guess(state.browser(), password=PASSWORD), 30)  # and that opened nothing for strangers


def test_bf_01_a_known_browser_has_a_limit_too(state: State) -> None:
    mine = known(state)
    assert [guess(mine).status_code for _ in range(FREE + 1)] == [422] * FREE + [429]
    assert guess(state.browser()).status_code == 422  # apart from the strangers' count


def test_bf_05_who_knows_the_password_gets_no_more_tries_at_the_code_by_new_browsers(state: State) -> None:
    """Each browser that signs in becomes a known one: at its password, not at what was never proven in it."""
    outcomes = []
    for _ in range(FREE + 1):
        browser = state.browser()
        assert guess(browser, password=PASSWORD).status_code == 303
        step = browser.get("/account/security").headers["Location"].removesuffix("/more")
        outcomes.append(browser.submit(browser.get(f"{step}/code/app"), code="000000").status_code)
    assert outcomes == [422] * FREE + [429]


def test_bf_01_after_a_hundred_only_a_proof_opens(state: State, duong: Citizen) -> None:
    tried = Try(subject="a-duong", typed=DUONG, address="203.0.113.7", secret=Secret.PASSWORD)
    end = state.clock[0] + 60 * 86_400
    while state.clock[0] < end:
        try:
            attempts.begin(state.storage, tried, now=state.clock[0])
        except TooMany as refused:
            state.wait(refused.wait)
    state.clock[0] = end
    refused_page = guess(state.browser(), password=PASSWORD)
    answers.page(refused_page, 429)
    assert "Quên mật khẩu" in refused_page.text and "ngày" not in refused_page.text
    assert duong.sign_in().status_code == 303
    assert guess(state.browser(), password=PASSWORD).status_code == 303


def test_bf_02_one_password_for_ten_thousand_people(state: State) -> None:
    at_once = Try(subject="", address="127.0.0.1", secret=Secret.PASSWORD)
    for number in range(attempts.ADDRESS.steps[0][0] + 1):
        attempts.begin(state.storage, replace(at_once, subject=str(number), typed=str(number)), now=state.clock[0])
    stopped(guess(state.browser(), LAM, PASSWORD), attempts.WINDOW)
    elsewhere = state.browser()
    elsewhere.client.environ_base["REMOTE_ADDR"] = "198.51.100.9"
    assert guess(elsewhere, LAM, PASSWORD).status_code == 303


def test_bf_02_a_household_s_network_is_one_source(state: State) -> None:
    fill(state, attempts.ADDRESS, "2001:db8:1:2::/64")
    neighbour, stranger = state.browser(), state.browser()
    neighbour.client.environ_base["REMOTE_ADDR"] = "2001:db8:1:2:9::9"
    stranger.client.environ_base["REMOTE_ADDR"] = "2001:db8:1:3::9"
    assert (guess(neighbour).status_code, guess(stranger).status_code) == (429, 422)


@pytest.mark.parametrize(("limit", "value"), [(OVERALL, EVERYBODY), (CLIENT, "bank")])
def test_bf_02_from_many_addresses(state: State, limit: Limit, value: str) -> None:
    mine = known(state)
    tried = Try(subject="x", address="203.0.113.7", secret=Secret.PASSWORD, client_id="bank")
    failed = 0
    with state.storage.transaction() as ports:
        for _ in range(limit.steps[0][0] - LAST):  # thousands, which only fill; the last ones fail as somebody fails
            ports.attempts.count(limit, value, now=NOW)
        while not ports.attempts.waiting(limit, value, now=NOW):
            attempts.fail(ports, tried, reason="wrong_password", account_id=None, now=NOW)
            failed += 1
    assert failed == LAST + 1
    stranger = state.browser()
    stopped(stranger.sign_in(stranger.ask(), identifier=LAM), attempts.WINDOW)
    assert mine.sign_in(mine.ask()).status_code == 303
    state.wait(attempts.WINDOW)
    assert stranger.sign_in(stranger.ask(), identifier=LAM).status_code == 303


def told(response: TestResponse) -> tuple[object, ...]:
    """All that a stranger learns, without what is random in it and what they typed themselves."""
    text = re.sub(r'(data-options|value|href|action)="[^"]*"', "", response.text)
    text = re.sub(r'(id="error-id">)[^<]*', r"\1", text)
    return response.status_code, text, {name: value for name, value in response.headers if name != "Content-Length"}


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What passwords were compared with; the comparing itself is the real one."""
    seen: list[str | None] = []
    really = hashing.matches

    def matches(known: str | None, value: bytes) -> bool:
        seen.append(known)
        return really(known, value)

    monkeypatch.setattr(hashing, "matches", matches)
    return seen


@pytest.mark.parametrize("identifier", [NOBODY, LOCKED, "999040000333", "0987 000 999"])
def test_bf_03_unknown_and_known_are_answered_alike(state: State, identifier: str, hashes: list[str | None]) -> None:
    one, other = state.browser(), state.browser()
    for number in range(FREE + 2):
        password = PASSWORD if identifier in (LOCKED, "999040000333") else WRONG  # right, and of no use
        assert told(guess(one)) == told(guess(other, identifier, password)), number
    assert len(hashes) == 2 * FREE  # one each, for whoever it was


def test_bf_03_one_name_does_not_betray_the_other(state: State, hashes: list[str | None]) -> None:
    """What was done under the number shows under the telephone as it would under that of nobody."""
    lock(state)
    hashes.clear()
    phone, nobody = state.browser(), state.browser()
    for number in range(FREE + 2):
        password = PASSWORD if number == 2 else WRONG  # even the right one: the account is at its limit
        first, second = guess(phone, PHONE, password), guess(nobody, "0987 000 999", password)
        assert told(first) == told(second), number
    assert hashes == [None] * 2 * FREE  # the same work; and the right one was compared with nothing
    assert "limit" in {event.details["reason"] for event in state.journal("sign_in_refused")}


def test_bf_06_locked_between_two_steps(state: State, duong: Citizen) -> None:
    """Codes, tokens and refresh are in CO-09 and RT-10, documents in the issuance's own tests."""
    here, there, lost = state.browser(), state.browser(), state.browser()
    code = here.code()
    consent = there.sign_in(there.ask()).headers["Location"]
    begun = there.get(there.ask(prompt="login").headers["Location"])
    signing = there.get(f"{there.ask(prompt='login').headers['Location']}/passkey")
    proved = by_passkey(lost, start(lost), duong)
    with state.storage.transaction() as ports:
        ports.accounts.set_state("a-duong", AccountState.LOCKED)
    assert here.get("/documents").status_code == 303
    answers.token(state.redeem(code), "invalid_grant")
    assert there.get(consent).status_code != 200
    assert there.submit(begun, identifier=DUONG, password=PASSWORD).status_code == 422
    assert duong.answer(there, signing).status_code == 422
    answers.page(set_new(state, lost, proved.headers["Location"]), 403)
    assert not state.journal("recovered") and not state.journal("code_redeemed")
    assert guess(state.browser(), LAM, PASSWORD).status_code == 303  # and nobody else


# --- Redis gone -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=DATABASES)
def beside_redis(request: pytest.FixtureRequest, made: Path, tmp_path: Path, redis_server: Server) -> Iterator[State]:
    folder = shutil.copytree(made, tmp_path / "idp")
    address = f"redis://127.0.0.1:{redis_server.port}/0"
    if request.param == "sqlite":
        state = reopen(folder, redis_url=address)
    else:
        server = request.getfixturevalue("postgres")
        state = reopen(folder, server.empty(request.getfixturevalue("made_on_server")), redis_url=address)
        with state.storage.transaction() as ports:
            populate(ports)
    yield state
    state.close()
    redis_server.stop(signal.SIGKILL)  # whatever was done to it
    redis_server.start()


def test_bf_09_redis_is_lost_during_the_attack(beside_redis: State, redis_server: Server) -> None:
    stranger = beside_redis.browser()
    half = FREE // 2
    assert [guess(stranger).status_code for _ in range(half)] == [422] * half
    redis_server.stop(signal.SIGKILL)
    rest = [guess(stranger).status_code for _ in range(FREE - half + 1)]
    assert rest == [422] * (FREE - half) + [429]
    redis_server.start()  # empty
    assert guess(beside_redis.browser(), password=PASSWORD).status_code == 429


# --- recovery ---------------------------------------------------------------------------------------------------------


def start(browser: Browser, identifier: str = DUONG) -> str:
    """The address of a recovery that has just begun."""
    answer = browser.submit(browser.get("/recover"), identifier=identifier)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def by_passkey(browser: Browser, recovery: str, citizen: Citizen) -> TestResponse:
    return citizen.answer(browser, browser.get(f"{recovery.replace('/recover/', '/login/')}/passkey"))


def by_message(state: State, browser: Browser, recovery: str) -> TestResponse:
    page = send(browser, f"{recovery.replace('/recover/', '/login/')}/code")
    return browser.submit(browser.get(page.headers["Location"]), code=inbox(state)[0])


def set_new(state: State, browser: Browser, recovery: str, password: str = NEW) -> TestResponse:
    """Send the last form, whether it was shown or not: with the token that it would have."""
    known = browser.client.get_cookie("idp_browser")
    said = f"form\n{known.value if known else ''}\n{recovery}".encode()
    token = hmac.new(state.web.seal_key, said, hashlib.sha256).hexdigest()
    return browser.client.post(recovery, data={"form_token": token, "new": password, "again": password})


def password_is(state: State, password: str) -> bool:
    with state.storage.reading() as ports:
        found = ports.accounts.get("a-duong")
    return found is not None and verify_password(found.password_hash, password)


def test_a_recovery_ends_what_the_lost_password_may_have_opened(state: State, duong: Citizen) -> None:
    state.put(clients=(client("night", scopes=("openid", "profile", "offline_access")),))
    elsewhere, mine = state.browser(), state.browser()
    code = elsewhere.code(client_id="night", scope="openid offline_access")
    offline = state.redeem(code, basic("night")).get_json()
    lock(state)
    ready = by_passkey(mine, start(mine), duong).headers["Location"]
    assert "Đặt mật khẩu mới" in mine.get(ready).text
    assert mine.client.get_cookie("idp_session") is None  # no session began
    done = set_new(state, mine, ready)
    assert done.headers["Location"].startswith("/recovered"), done.text
    assert password_is(state, NEW)
    assert elsewhere.get("/documents").status_code == 303
    form = {"grant_type": "refresh_token", "refresh_token": offline["refresh_token"]}
    answers.token(state.token(form, basic("night")), "invalid_grant")
    answers.one_event(state, "recovered")
    with state.storage.reading() as ports:
        assert "đặt lại" in ports.messages.recent(now=state.clock[0])[0].text.vi
    assert guess(mine, password=NEW).status_code == 303  # the stranger's guesses are forgotten
    assert guess(state.browser(), password=PASSWORD).status_code == 422


def test_a_recovery_makes_known_browsers_unknown(state: State, duong: Citizen) -> None:
    former, mine = known(state), state.browser()
    set_new(state, mine, by_passkey(mine, start(mine), duong).headers["Location"])
    lock(state)
    assert guess(former, password=NEW).status_code == 429


def test_bf_11_the_last_step_first(state: State) -> None:
    browser = state.browser()
    recovery = start(browser)
    answers.page(set_new(state, browser, recovery), 403)
    one = by_message(state, browser, recovery).headers["Location"]
    assert "Đặt mật khẩu mới" not in browser.get(one).text
    answers.page(set_new(state, browser, one), 403)  # one kind is not enough
    again = by_message(state, browser, one).headers["Location"]  # nor twice the same kind
    answers.page(set_new(state, browser, again), 403)
    assert password_is(state, PASSWORD)


def test_bf_11_the_password_is_no_proof_of_itself(state: State) -> None:
    browser = state.browser()
    recovery = start(browser)
    login = recovery.replace("/recover/", "/login/")
    assert browser.get(login).headers["Location"] == recovery
    known_browser = browser.client.get_cookie("idp_browser")
    said = f"form\n{known_browser.value if known_browser else ''}\n{login}".encode()
    token = hmac.new(state.web.seal_key, said, hashlib.sha256).hexdigest()
    sent = {"form_token": token, "identifier": DUONG, "password": PASSWORD}
    answers.page(browser.client.post(login, data=sent), 403)
    assert not state.journal("recovery_proven")


def test_bf_11_proofs_of_somebody_else(state: State, duong: Citizen) -> None:
    """The attacker's own passkey, for the victim's account; and the victim's recovery in the attacker's browser."""
    attacker, victim = state.browser(), state.browser()
    recovery = start(attacker, LAM)
    assert by_passkey(attacker, recovery, duong).status_code == 422
    answers.page(set_new(state, attacker, recovery), 403)
    ready = by_passkey(victim, start(victim), duong).headers["Location"]
    answers.page(attacker.get(ready))
    answers.page(set_new(state, attacker, ready), 403)
    assert set_new(state, victim, ready).status_code == 303


def test_bf_11_of_two_at_once_the_first_to_finish_wins(state: State, duong: Citizen) -> None:
    first, second = state.browser(), state.browser()
    one = by_passkey(first, start(first), duong).headers["Location"]
    other = by_passkey(second, start(second), duong).headers["Location"]
    assert set_new(state, second, other).status_code == 303
    answers.page(set_new(state, first, one, "another long sentence of mine"), 403)
    assert password_is(state, NEW)
    assert len(state.journal("recovered")) == 1


def test_bf_12_used_twice(state: State, duong: Citizen) -> None:
    browser = state.browser()
    begun = start(browser)
    ready = by_passkey(browser, begun, duong).headers["Location"]
    page = browser.get(ready)
    assert page.headers["Cache-Control"] == "no-store"
    assert set_new(state, browser, ready).status_code == 303
    answers.page(set_new(state, browser, ready, "another long sentence of mine"), 403)
    answers.page(browser.get(ready))
    answers.page(browser.get(begun))  # each step ended with the next
    assert password_is(state, NEW)


def test_bf_12_after_the_password_was_changed(state: State, duong: Citizen) -> None:
    browser = state.browser()
    ready = by_passkey(browser, start(browser), duong).headers["Location"]
    with state.storage.transaction() as ports:
        ports.accounts.set_password("a-duong", hash_password("mật khẩu đã đổi"))
    answers.page(set_new(state, browser, ready), 403)
    state.wait(31 * 60)
    answers.page(browser.get(ready))
    assert password_is(state, "mật khẩu đã đổi")


def test_bf_03_a_recovery_is_the_same_for_nobody(state: State) -> None:
    one, other = state.browser(), state.browser()
    first, second = start(one), start(other, NOBODY)
    for path in ("", "/code", "/code/message", "/passkey"):
        pages = [
            told(browser.get(f"{recovery.replace('/recover/', '/login/') if path else recovery}{path}"))
            for browser, recovery in ((one, first), (other, second))
        ]
        assert pages[0] == pages[1], path
    outcomes = []
    for browser, recovery in ((one, first), (other, second)):
        page = send(browser, f"{recovery.replace('/recover/', '/login/')}/code")
        tries = [browser.submit(browser.get(page.headers["Location"]), code="000000") for _ in range(FREE + 1)]
        outcomes.append([(answer.status_code, answer.headers.get("Retry-After")) for answer in tries])
    assert outcomes[0] == outcomes[1]


def test_a_log_in_under_way_does_not_outlive_the_password(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """The former password was right a moment ago; before the session begins another one is set, and all sessions end."""
    changed = hash_password(NEW)

    def overtaken(known: str | None, typed: str) -> bool:
        right = verify_password(known, typed)
        with state.storage.transaction() as ports:
            ports.accounts.set_password("a-duong", changed)
            ports.sessions.end_account("a-duong")
        return right

    with monkeypatch.context() as patched:
        patched.setattr("idp.login.sign_in.verify_password", overtaken)
        thief = state.browser()
        assert guess(thief, password=PASSWORD).status_code == 422
    assert thief.client.get_cookie("idp_session") is None
    assert not state.journal("signed_in")
    assert guess(state.browser(), password=NEW).status_code == 303


def test_bf_12_after_what_was_proven_with_is_lost(state: State, duong: Citizen) -> None:
    """A thief with the key has not finished yet when its owner removes it."""
    thief = state.browser()
    ready = by_passkey(thief, start(thief), duong).headers["Location"]
    owner = signed_in(state)
    page = owner.get("/account/security")
    remove = re.findall(r'href="(/account/security/factors/[^"]+/remove)"', page.text)[0]
    assert owner.submit(owner.get(remove), lost="yes").status_code == 303
    answers.page(set_new(state, thief, ready), 403)
    assert password_is(state, PASSWORD)


@pytest.mark.parametrize("way", ["app", "message", "face"])
def test_bf_03_a_recovery_does_not_tell_that_two_names_are_one_person_s(state: State, way: str) -> None:
    """Many tries under the number, then one under the telephone: its own person's, and another's."""
    answered = []
    for number, phone in ((DUONG, PHONE), (LAM, "0987 000 999")):
        for name, tries in ((number, FREE + 1), (phone, 1)):
            browser = state.browser()
            path = start(browser, name).replace("/recover/", "/login/")
            for _ in range(tries):
                last = _wrong(state, browser, path, way)
        answered.append((last.status_code, last.headers.get("Retry-After")))
    assert answered[0] == answered[1] == ((303, None) if way == "message" else (422, None))


def _wrong(state: State, browser: Browser, path: str, way: str) -> TestResponse:
    if way == "app":
        return browser.submit(browser.get(f"{path}/code/app"), code="000000")
    if way == "message":
        return send(browser, f"{path}/code")
    page = browser.get(f"{path}/face")
    hidden = dict(re.findall(r'name="(form_token)" value="([^"]*)"', page.text))
    picture = FileStorage(io.BytesIO(b"no picture"), "face.webp")
    boundary, body = encode_multipart({**hidden, "picture": picture})
    return browser.client.post(f"{path}/face", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_a_proof_without_codes_ends_the_wait_for_codes(state: State, duong: Citizen) -> None:
    """After a hundred wrong ones a year: strangers must not take a way to sign in away. A passkey could add a new app."""
    tried = Try(subject="a-duong", address="198.51.100.7", secret=Secret.CODE, typed=DUONG)
    fill(state, PERSON, f"code\0{tried.subject}")
    with pytest.raises(TooMany):
        attempts.begin(state.storage, tried, now=state.clock[0])
    assert guess(state.browser(), password=PASSWORD).status_code == 303  # who knows the password gets no new tries
    with pytest.raises(TooMany):
        attempts.begin(state.storage, tried, now=state.clock[0])
    assert duong.sign_in().status_code == 303
    attempts.begin(state.storage, tried, now=state.clock[0])


def test_the_message_of_a_recovery_says_what_its_code_opens(state: State) -> None:
    """Somebody else began it: who is asked for the code must read that it gives the account away."""
    browser = state.browser()
    send(browser, f"{start(browser).replace('/recover/', '/login/')}/code")
    with state.storage.reading() as ports:
        (told,) = ports.messages.recent(now=state.clock[0])
    assert "đặt lại mật khẩu" in told.text.vi and "to set a new password" in told.text.en


def test_the_page_of_passkeys_leads_back_to_its_recovery(state: State) -> None:
    browser = state.browser()
    recovery = start(browser)
    assert f'href="{recovery}"' in browser.get(f"{recovery.replace('/recover/', '/login/')}/passkey").text
