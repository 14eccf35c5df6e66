"""The page of an offer keeps its place: reload and language switch show the same codes, to the same browser alone."""

import re

import pytest
from werkzeug.test import TestResponse

from idp.model import Document
from tests.idp.issuance.office import LICENCE
from tests.world_idp import Browser, State


@pytest.fixture
def browser(state: State) -> Browser:
    with state.storage.transaction() as ports:
        person = ports.population.by_pid("999203001234")
        assert person is not None
        ports.documents.add([Document("licence-1", person.person_id, "driving_licence", LICENCE)])
    return _signed_in(state)


def _signed_in(state: State) -> Browser:
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    return browser


def _codes(page: TestResponse) -> list[str]:
    assert page.status_code == 200, page.text
    return re.findall(r'data-code="\d{6}"|credential-offers%2F[\w-]+', page.text)


def _offered(browser: Browser) -> str:
    answer = browser.submit(browser.get("/documents"))
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_the_place_is_kept(state: State, browser: Browser) -> None:
    place = _offered(browser)
    first = browser.get(place)
    assert len(_codes(first)) >= 2
    assert f'href="{place}?lang=en"' in first.text
    english = browser.get(f"{place}?lang=en")
    assert "Transaction code" in english.text and _codes(english) == _codes(first) == _codes(browser.get(place))
    assert len(state.journal("offer_made")) == 1


def test_every_press_is_an_offer_of_its_own(browser: Browser) -> None:
    assert _codes(browser.get(_offered(browser))) != _codes(browser.get(_offered(browser)))


def test_the_address_alone_opens_nothing(state: State, browser: Browser) -> None:
    place = _offered(browser)
    other = _signed_in(state)  # even the same person's: the codes come from this browser's session too
    assert other.get(place).headers["Location"] == "/documents"
    assert "/login/" in state.browser().get(place).headers["Location"]
    assert browser.get(place.replace("driving_licence", "health_record")).headers["Location"] == "/documents"
    assert browser.get(place.replace("driving_licence", "passport")).status_code == 404


def test_it_ends_with_the_offer(state: State, browser: Browser) -> None:
    place = _offered(browser)
    state.wait(599)
    assert browser.get(place).status_code == 200
    state.wait(1)
    assert browser.get(place).headers["Location"] == "/documents"
