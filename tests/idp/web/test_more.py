"""From a lower level to a higher one: what is asked, what is offered, what the relying party is told. Spec: RFC 9470 §5"""

import io
import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from idp.model import AccountState
from idp.registries import portraits
from tests.world_idp import PASSWORD, Browser, State, answer_of, person

ESSENTIAL = json.dumps({"id_token": {"acr": {"essential": True, "values": ["LoA2"]}}})


def essential(*values: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": list(values)}}})


def the_code(state: State) -> str:
    with state.storage.reading() as ports:
        newest = ports.messages.recent(now=state.clock[0])[0]
    return str(re.findall(r"\b\d{6}\b", newest.text.en)[0])


def by_message(state: State, browser: Browser, more: str) -> TestResponse:
    """From the page that asks for more, through a message to the phone."""
    step = more.removesuffix("/more")
    sent = browser.submit(browser.get(f"{step}/code/message"))
    assert sent.status_code == 303, sent.text
    return browser.submit(browser.get(sent.headers["Location"]), code=the_code(state))


def at_more(browser: Browser, **asked: str) -> str:
    after = browser.sign_in(browser.ask(**asked))
    address = after.headers["Location"]
    assert address.endswith("/more"), address
    return address


def token(state: State, browser: Browser, response: TestResponse) -> dict[str, object]:
    if response.headers["Location"].startswith("/consent/"):
        response = browser.decide(response)
    tokens = state.redeem(answer_of(response)["code"]).get_json()
    return state.id_token(tokens["id_token"])


@pytest.mark.parametrize("asked", [{"acr_values": "LoA2"}, {"claims": ESSENTIAL}], ids=["wish", "demand"])
def test_only_what_is_missing_is_asked(state: State, asked: dict[str, str]) -> None:
    browser = state.browser()
    more = at_more(browser, **asked)
    page = browser.get(more)
    assert page.status_code == 200
    ways = re.findall(r'<h2><a href="(/login/[^"]+)"', page.text)
    assert [way.rsplit("/", 1)[1] for way in ways][:1] == ["code"]  # no password, no passkey that the account has not
    told = token(state, browser, by_message(state, browser, more))
    assert (told["acr"], told["amr"]) == ("LoA2", ["pwd", "sms", "mfa"])
    assert told["auth_time"] == state.clock[0]


def test_the_session_that_rises_keeps_its_sid_and_its_oldest_proof(state: State) -> None:
    browser = state.browser()
    began = state.clock[0]
    low = token(state, browser, browser.sign_in(browser.ask()))
    state.wait(120)
    again = browser.ask(acr_values="LoA2")
    high = token(state, browser, by_message(state, browser, again.headers["Location"]))
    assert (low["acr"], high["acr"]) == ("LoA1", "LoA2")
    assert high["sid"] == low["sid"]
    assert high["auth_time"] == low["auth_time"] == began
    assert [event.kind for event in state.journal("level_raised")] == ["level_raised"]


def test_who_has_the_level_is_asked_nothing(state: State) -> None:
    browser = state.browser()
    token(state, browser, by_message(state, browser, at_more(browser, acr_values="LoA2")))
    assert answer_of(browser.ask(acr_values="LoA2"))["code"]
    assert answer_of(browser.ask(acr_values="LoA1"))["code"]
    told = state.id_token(state.redeem(answer_of(browser.ask(claims=essential("LoA1")))["code"]).get_json()["id_token"])
    assert told["acr"] == "LoA1"  # one of the values that were demanded, though more was proven


def test_a_wish_may_be_waived(state: State) -> None:
    browser = state.browser()
    more = at_more(browser, acr_values="LoA2")
    told = token(state, browser, browser.submit(browser.get(more)))
    assert told["acr"] == "LoA1"
    assert state.journal("level_waived")[0].details == {"level": 2}


def test_a_demand_may_not(state: State) -> None:
    browser = state.browser()
    more = at_more(browser, claims=ESSENTIAL)
    refused = answer_of(browser.submit(browser.get(more)))
    assert refused["error"] == "unmet_authentication_requirements" and "code" not in refused


def test_a_wish_that_cannot_be_had_is_not_asked_for(state: State) -> None:
    assert (
        token(state, (browser := state.browser()), browser.sign_in(browser.ask(acr_values="urn:gold")))["acr"] == "LoA1"
    )


def test_a_demand_that_cannot_be_met_is_an_error(state: State) -> None:
    browser = state.browser()
    refused = answer_of(browser.sign_in(browser.ask(claims=essential("urn:gold"))))
    assert refused["error"] == "unmet_authentication_requirements"


@pytest.mark.parametrize("asked", [{"acr_values": "LoA2"}, {"claims": ESSENTIAL}])
def test_silently_nothing_is_added(state: State, asked: dict[str, str]) -> None:
    browser = state.browser()
    token(state, browser, browser.sign_in(browser.ask()))
    assert answer_of(browser.ask(prompt="none", **asked))["error"] == "interaction_required"


def test_another_browser_sees_nothing(state: State) -> None:
    more = at_more(state.browser(), acr_values="LoA2")
    assert state.browser().get(more).status_code == 400


def test_who_signed_out_meanwhile_adds_nothing(state: State) -> None:
    browser = state.browser()
    more = at_more(browser, acr_values="LoA2")
    page = browser.get(more)
    with state.storage.transaction() as ports:
        ports.sessions.end_account("a-duong")
    assert browser.submit(page).status_code == 403
    assert browser.get(more).status_code == 400


def test_a_lock_between_the_steps_bites(state: State) -> None:
    browser = state.browser()
    more = at_more(browser, acr_values="LoA2")
    with state.storage.transaction() as ports:
        ports.accounts.set_state("a-duong", AccountState.LOCKED)
    assert browser.get(more).status_code == 400


def test_the_password_stays_where_it_was_proven_for_a_new_log_in(state: State) -> None:
    """`prompt=login` asks for all of it anew: what an older log-in proved does not count."""
    browser = state.browser()
    token(state, browser, by_message(state, browser, at_more(browser, acr_values="LoA2")))
    state.wait(60)
    asked = browser.ask(prompt="login", acr_values="LoA2")
    after = browser.sign_in(asked, password=PASSWORD)
    assert urlsplit(after.headers["Location"]).path.endswith("/more")
    assert dict(parse_qsl(urlsplit(after.headers["Location"]).query)) == {}


def test_an_old_session_carries_no_level_beyond_its_end(state: State) -> None:
    """Twelve hours after the password a biometric is not added to it: it is asked for anew (SP 800-63B-4 §2.3.3)."""
    browser = state.browser()
    token(state, browser, browser.sign_in(browser.ask()))
    for _ in range(13):
        state.wait(3500)
        assert browser.get("/account").status_code == 200  # never idle
    asked = browser.ask(claims=essential("LoA3"))
    assert re.fullmatch(r"/login/[A-Za-z0-9_-]+", asked.headers["Location"])
    after = browser.sign_in(asked)
    assert after.headers["Location"].endswith("/more")


def test_what_is_added_to_an_old_session_never_ends_it(state: State) -> None:
    """Asked for level 2, a person shows their face: the session is too old for what that reaches, and goes on at level 2."""
    browser = state.browser()
    token(state, browser, browser.sign_in(browser.ask()))
    for _ in range(13):
        state.wait(3500)
        browser.get("/account")
    more = browser.ask(claims=essential("LoA2")).headers["Location"]
    path = more.replace("/more", "/face")
    hidden = dict(re.findall(r'name="(form_token)" value="([^"]*)"', browser.get(path).text))
    picture = FileStorage(io.BytesIO(portraits.snapshot(person(), 1)), "face.webp")
    boundary, body = encode_multipart({**hidden, "picture": picture})
    after = browser.client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")
    assert token(state, browser, after)["acr"] == "LoA2"
    assert browser.get("/account").status_code == 200


def test_what_is_added_makes_no_old_log_in_a_new_one(state: State) -> None:
    """The session was young enough for `max_age` when it was asked for, and is no more when the factor comes."""
    browser = state.browser()
    token(state, browser, browser.sign_in(browser.ask()))
    state.wait(250)
    more = browser.ask(acr_values="LoA2", max_age="300").headers["Location"]
    assert more.endswith("/more")
    state.wait(600)
    after = by_message(state, browser, more).headers["Location"]
    assert re.fullmatch(r"/login/[A-Za-z0-9_-]+", after)


def test_what_one_person_waived_or_allowed_is_not_another_s(state: State) -> None:
    """A family's browser: the page of a consent leads, by its id, to the log-in page too."""
    browser = state.browser()
    consent = browser.submit(browser.get(at_more(browser, acr_values="LoA2"))).headers["Location"]
    assert consent.startswith("/consent/")
    page = browser.get(consent.replace("/consent/", "/login/"))
    after = browser.submit(page, identifier="999090000111", password=PASSWORD)
    assert after.headers["Location"].endswith("/more")
