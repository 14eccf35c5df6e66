"""Logging out: attacks LO-01 to LO-09 that are the provider's, and SS-06, SS-08 at its receivers' addresses.

LO-04 and LO-08 of our own page are with the sessions; LO-05 and LO-09 are the relying party's, at the bank's counter.
"""

import threading
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from certs.fetch import SIZE_LIMIT
from idp.oidc.clients import registration
from idp.oidc.clients.registration import RegistrationError
from tests.attacks import answers
from tests.idp.oidc import test_backchannel as backchannel_tests
from tests.idp.oidc.test_backchannel import PATH, carry, left
from tests.idp.oidc.test_logout import AFTER, ask, confirm, desk, signed_in, token, walked
from tests.site import Answer, Asked, Site
from tests.verifier import test_logout as counter
from tests.verifier.provider import Provider
from tests.world_idp import State

client, provider = counter.client, counter.provider  # the bank's


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def test_lo_01_an_address_that_is_not_registered(state: State) -> None:
    state.put(clients=(desk(),))
    browser, hint = walked(state)
    page = ask(browser, id_token_hint=hint, post_logout_redirect_uri="https://evil.example/")
    assert signed_in(browser) and "evil.example" not in page.text
    assert "evil.example" not in page.headers["Content-Security-Policy"]
    answers.page(confirm(browser, page), 400, reflected=("evil.example",))
    assert not signed_in(browser)
    answers.one_event(state, "logout_refused")


def test_lo_02_a_link_of_another_site(state: State) -> None:
    state.put(clients=(desk(),))
    browser, _ = walked(state)
    for sent in ({}, {"client_id": "desk"}, {"client_id": "desk", "post_logout_redirect_uri": AFTER}):
        page = ask(browser, **sent)
        assert page.status_code == 200 and 'id="sign-out"' in page.text
        assert page.headers["X-Frame-Options"] == "DENY"
    assert signed_in(browser)


def test_lo_03_a_hint_of_somebody_else(state: State) -> None:
    state.put(clients=(desk(),))
    attacker, hint = walked(state, identifier="999090000111")
    browser, _ = walked(state)
    page = ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER)
    assert signed_in(browser)
    assert confirm(browser, page).headers["Location"] == AFTER
    assert not signed_in(browser) and signed_in(attacker)  # the present session only


def test_lo_04_the_confirmation_of_a_foreign_page(state: State) -> None:
    state.put(clients=(desk(),))
    browser, _ = walked(state)
    identifier = browser.get("/logout").text.split('name="request" value="')[1].split('"')[0]
    for sent in ({}, {"form_token": "0" * 64}):
        answers.page(browser.client.post("/logout/confirm", data={**sent, "request": identifier}), 403)
    assert signed_in(browser)


@pytest.mark.parametrize("wrong", counter.WRONG)
def test_lo_05_what_the_counter_does_not_believe(client: FlaskClient, provider: Provider, wrong: str) -> None:
    counter.test_what_is_not_believed(client, provider, wrong)


def test_lo_05_a_token_that_comes_again(client: FlaskClient, provider: Provider) -> None:
    counter.test_once_and_one_at_a_time(client, provider)


RECEIVERS: dict[str, Answer] = {
    "redirects": Answer(b"", 302, {"Location": "http://169.254.169.254/"}),
    "to another page": Answer(b"", 307, {"Location": "/elsewhere"}),
    "never ends": Answer(b"x" * (10 * 1024 * 1024)),
    "a bomb": Answer(b"x" * 100, headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("kind", RECEIVERS)
def test_lo_06_a_receiver_that_misbehaves(state: State, site: Site, kind: str) -> None:
    site.pages[PATH] = RECEIVERS[kind]
    state.put(clients=(desk(backchannel_logout_uri=site.url + PATH),))
    browser, hint = walked(state)
    assert ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER).status_code == 303  # finished already
    assert not signed_in(browser) and len(RECEIVERS["never ends"].body) > SIZE_LIMIT
    carry(state)
    assert [asked.path for asked in site.asked] == [PATH] and left(state)
    site.pages[PATH] = Answer()
    state.wait(1)
    carry(state)
    assert not left(state)


def test_lo_06_a_receiver_that_hangs(state: State, site: Site) -> None:
    let = threading.Event()

    def hang(_: Asked) -> Answer:
        let.wait(30)
        return Answer()

    site.pages[PATH] = hang
    state.put(clients=(desk(backchannel_logout_uri=site.url + PATH),))
    browser, hint = walked(state)
    assert ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER).status_code == 303
    carry(state)  # the guarded client lets go after three seconds
    let.set()
    assert left(state)


@pytest.mark.parametrize("when", ["written", "claimed"])
def test_lo_07_a_crash_before_it_is_sent(state: State, site: Site, when: str) -> None:
    site.pages[PATH] = Answer()
    state.put(clients=(desk(backchannel_logout_uri=site.url + PATH),))
    backchannel_tests.test_a_process_that_is_killed_in_between_loses_nothing(state, site, when)


def registered(**member: object) -> None:
    metadata = {"client_name": "X", "purpose": "Y", "redirect_uris": ["https://desk.example.vn/cb"], **member}
    known = {"secret_hash": "0" * 64, "profile": "agency", "entitled_to_pid": False, "simulation": False}
    registration.client(metadata, client_id="x", **known)  # type: ignore[arg-type]


WRONG_ADDRESSES = (
    "http://desk.example.vn/x",
    "file:///etc/passwd",
    "//desk.example.vn/x",
    "https://desk.example.vn/x#y",
    "https://desk.example.vn/a/../x",
    "https://desk.example.vn@evil.example/x",
    "http://localhost:5000/x",
    "http://169.254.169.254/latest",
    "javascript:alert(1)",
    "",
)


@pytest.mark.parametrize("uri", WRONG_ADDRESSES)
@pytest.mark.parametrize("member", ["post_logout_redirect_uris", "backchannel_logout_uri", "frontchannel_logout_uri"])
def test_ss_06_addresses_that_cannot_be_registered(member: str, uri: str) -> None:
    value = "https://desk.example.vn/x"
    registered(**{member: [value] if member.endswith("s") else value})
    with pytest.raises(RegistrationError):
        registered(**{member: [uri] if member.endswith("s") else uri})


@pytest.mark.parametrize(
    "member",
    [
        {"backchannel_logout_uri": "https://desk.example.vn:8443/x"},  # a port that the guarded client does not call
        {"frontchannel_logout_uri": "https://other.example.vn/x"},  # of a site that is not the client's
        {"post_logout_redirect_uris": ["https://desk.example.vn/x"] * 21},
        {"post_logout_redirect_uris": [1]},
        {"post_logout_redirect_uris": "https://desk.example.vn/x"},
        {"backchannel_logout_session_required": "true"},
    ],
)
def test_ss_06_members_of_another_form(member: dict[str, object]) -> None:
    with pytest.raises(RegistrationError) as caught:
        registered(**member)
    assert caught.value.code == "invalid_client_metadata"


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/", "http://10.0.0.1/x", "file:///etc/passwd", "https://[::1]/"]
)
def test_ss_06_the_sender_is_the_guarded_client(state: State, address: str) -> None:
    state.put(clients=(desk(backchannel_logout_uri=address),))  # as if it had come past the registration
    browser, _ = walked(state)
    browser.submit(browser.get("/sign-out"))
    carry(state)
    assert left(state) and state.journal("logout_told") == ()


@pytest.mark.parametrize("name", ["host", "redirect_uri", "next", "issuer", "backchannel_logout_uri", "return_to"])
def test_ss_08_no_address_but_a_registered_one(state: State, name: str) -> None:
    state.put(clients=(desk(),))
    browser, hint = walked(state)
    answer = ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER, **{name: "https://evil.example/"})
    assert answer.headers["Location"] == AFTER
    assert token(state, browser) and "evil.example" not in str(answer.headers)


def test_lo_09_a_frame_with_another_session(client: FlaskClient, provider: Provider) -> None:
    counter.test_a_frame_ends_this_browsers_own_session_alone(client, provider)
