"""Relying parties hear that a session is over: what they are told, when, how often, and after whatever happened meanwhile."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from certs.fetch import Fetcher, Response
from certs.jose import KeySet, verify_jwt
from idp.app import courier
from idp.courier import Courier
from idp.issuance import documents
from idp.oidc import backchannel
from tests.idp.oidc.test_logout import AFTER, ask, desk, token, walked
from tests.site import Answer, Site
from tests.smoke import ROOT
from tests.world_idp import ISSUER, Browser, State

PATH = "/backchannel"


@pytest.fixture
def site(state: State) -> Iterator[Site]:
    with Site() as site:
        site.pages[PATH] = Answer(status=200)
        state.put(clients=(desk(backchannel_logout_uri=site.url + PATH),))
        yield site


def carry(state: State) -> None:
    """What is due now goes out, and is waited for."""
    with carrying(state) as by:
        for one in by.look():
            one.result(20)


@contextmanager
def carrying(state: State) -> Iterator[Courier]:
    by = courier(state.web)
    yield by
    by.close()


@contextmanager
def fetching() -> Iterator[Fetcher]:
    fetcher = Fetcher(simulation=True)
    yield fetcher
    fetcher.close()


def its_desk(state: State) -> backchannel.Desk:
    return backchannel.Desk(issuer=ISSUER, signers=lambda: state.web.oidc.signers, new_secret=state.web.oidc.new_secret)


def told(state: State, site: Site, audience: str = "desk") -> list[dict[str, Any]]:
    keys = KeySet.from_jwks(state.app.test_client().get("/jwks").get_json())
    tokens = [parse_qs(one.body.decode())["logout_token"][0] for one in site.asked]
    now = state.clock[0]
    return [dict(verify_jwt(one, keys, typ="logout+jwt", issuer=ISSUER, audience=audience, now=now)) for one in tokens]


def left(state: State) -> bool:
    with state.storage.reading() as ports:
        return ports.logouts.waiting(now=state.clock[0] + 10**6)


def test_what_is_told(state: State, site: Site) -> None:
    browser, hint = walked(state)
    signed = state.id_token(hint, "desk")
    carry(state)
    assert site.asked == []
    ask(browser, id_token_hint=hint, post_logout_redirect_uri=AFTER)
    carry(state)
    (asked,) = site.asked
    assert (asked.method, asked.headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
    (claims,) = told(state, site)
    assert {name: claims[name] for name in ("sub", "sid", "aud")} == {
        name: signed[name] for name in ("sub", "sid", "aud")
    }
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert set(claims) == {"iss", "sub", "aud", "iat", "exp", "jti", "sid", "events"}  # §2.4: never a nonce
    assert 0 < claims["exp"] - claims["iat"] <= 120
    carry(state)
    assert len(site.asked) == 1 and not left(state)
    (event,) = state.journal("logout_told")
    assert (event.client_id, event.account_id, event.details) == ("desk", "a-duong", {"tries": 1})


def test_every_end_of_a_session_is_told(state: State, site: Site) -> None:
    one, hint_one = walked(state)
    _two, hint_two = walked(state)
    sids = {state.id_token(hint, "desk")["sid"] for hint in (hint_one, hint_two)}
    page = one.get("/account/sessions")
    one.submit(page, action="/account/sessions/end-others")
    carry(state)
    assert told(state, site)[0]["sid"] == state.id_token(hint_two, "desk")["sid"]
    with state.storage.transaction() as ports:
        documents.set_lock(ports, person_id="p-duong", locked=True, by="test", now=state.clock[0])
    carry(state)
    assert {one["sid"] for one in told(state, site)} == sids and len(site.asked) == 2


def test_another_person_in_the_same_browser_ends_the_first_ones(state: State, site: Site) -> None:
    browser, hint = walked(state)
    token(state, browser, prompt="login")
    carry(state)
    assert site.asked == []  # the same person again: the same session to relying parties
    assert token_sid(state, token(state, browser)) == token_sid(state, hint)
    after = token(state, browser, prompt="login", identifier="999090000111")
    carry(state)
    assert [one["sid"] for one in told(state, site)] == [token_sid(state, hint)]
    assert token_sid(state, after) != token_sid(state, hint)


def token_sid(state: State, hint: str) -> str:
    return str(state.id_token(hint, "desk")["sid"])


def test_who_was_not_reached_is_not_told(state: State, site: Site) -> None:
    browser: Browser = state.browser()
    browser.code()
    browser.submit(browser.get("/sign-out"))
    carry(state)
    assert site.asked == []


def test_it_is_tried_again_later_and_later_and_the_others_wait(state: State, site: Site) -> None:
    site.pages[PATH] = Answer(status=503)
    for _ in range(3):
        browser, _ = walked(state)
        browser.submit(browser.get("/sign-out"))
    waits = []
    for _ in range(9):
        asked, began = len(site.asked), state.clock[0]
        while len(site.asked) == asked:
            carry(state)
            state.wait(1)
        assert len(site.asked) == asked + 1  # one request, whatever waits behind it
        waits.append(state.clock[0] - 1 - began)
    assert waits == [0, *[max(seconds - 1, 0) for seconds in (1, 2, 4, 8, 16, 32, 60, 60)]]
    site.pages[PATH] = Answer(status=204)
    state.wait(60)
    carry(state)
    assert not left(state) and len({one["sid"] for one in told_late(state, site)}) == 3


def told_late(state: State, site: Site) -> list[dict[str, Any]]:
    site.asked = site.asked[-3:]
    return told(state, site)


def test_after_two_days_nobody_tries_any_more(state: State, site: Site) -> None:
    site.pages[PATH] = Answer(status=500)
    for _ in range(2):
        browser, _ = walked(state)
        browser.submit(browser.get("/sign-out"))
    carry(state)
    state.wait(24 * 3600)
    carry(state)
    assert left(state) and state.journal("logout_given_up") == ()
    state.wait(24 * 3600 + 1)
    carry(state)
    assert not left(state)
    assert {event.details["reason"] for event in state.journal("logout_given_up")} == {"not reached"}
    assert len(state.journal("logout_given_up")) == 2


def test_a_refusal_is_final(state: State, site: Site) -> None:
    site.pages[PATH] = Answer(status=400)
    browser, _ = walked(state)
    browser.submit(browser.get("/sign-out"))
    carry(state)
    assert not left(state) and len(site.asked) == 1
    (event,) = state.journal("logout_given_up")
    assert event.details["reason"] == "refused"


class Held:
    """The real way out, but that one receiver does not answer before it is let."""

    def __init__(self, address: str) -> None:
        self.address, self.let, self.fetcher = address, threading.Event(), Fetcher(simulation=True)

    def post(self, url: str, *, form: Mapping[str, str]) -> Response:
        if url == self.address:
            assert self.let.wait(30)
        return self.fetcher.post(url, form=form)

    def close(self) -> None:
        self.fetcher.close()


def test_a_receiver_that_hangs_keeps_nobody_elses_message(state: State, site: Site) -> None:
    site.pages["/hangs"] = Answer()
    state.put(clients=(desk("slow", backchannel_logout_uri=site.url + "/hangs"),))
    web, stop = Held(site.url + "/hangs"), threading.Event()
    by = Courier(state.storage, web, its_desk(state), state.web.clock)
    running = by.start(stop)
    try:
        browser, _ = walked(state, "slow")
        browser.submit(browser.get("/sign-out"))
        other, _ = walked(state)
        other.submit(other.get("/sign-out"))
        until(lambda: [asked.path for asked in site.asked] == [PATH])
        web.let.set()
        until(lambda: len(site.asked) == 2)
    finally:
        web.let.set()
        stop.set()
        running.join(10)
        by.close()


def until(holds: Any) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


CRASHES = """
import os, sys
sys.path.insert(0, {root!r})
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
storage = SqlStorage(open_engine(sys.argv[1]))
with storage.transaction() as ports:
    assert ports.sessions.end_account("a-duong") == 1
if sys.argv[2] == "claimed":
    with storage.transaction() as ports:
        assert len(ports.logouts.claim(now=int(sys.argv[3]), until=int(sys.argv[3]) + 30, limit=10)) == 1
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("when", ["written", "claimed"])
def test_a_process_that_is_killed_in_between_loses_nothing(state: State, site: Site, when: str) -> None:
    walked(state)
    url = state.web.config.database_url
    command = [sys.executable, "-c", CRASHES.format(root=str(ROOT)), url, when, str(state.clock[0])]
    assert subprocess.run(command, check=False, timeout=60).returncode == -9
    carry(state)
    assert len(site.asked) == (1 if when == "written" else 0)  # what was claimed is the dead one's for some seconds
    state.wait(backchannel.LEASE)
    carry(state)
    assert len(site.asked) == 1 and not left(state)


def test_what_cannot_be_sent_in_time_is_given_back(state: State, site: Site) -> None:
    for _ in range(3):
        browser, _ = walked(state)
        browser.submit(browser.get("/sign-out"))
    (batch,) = backchannel.claim(state.storage, now=state.clock[0])
    assert len(batch.logouts) == 3
    late = replace(batch, until=state.clock[0] + 4)
    with fetching() as web:
        assert backchannel.deliver(late, state.storage, web, its_desk(state), state.web.clock).told == 0
    carry(state)
    assert len(site.asked) == 3 and not left(state)


def test_a_client_that_was_removed_is_forgotten(state: State, site: Site) -> None:
    browser, _ = walked(state)
    browser.submit(browser.get("/sign-out"))
    (batch,) = backchannel.claim(state.storage, now=state.clock[0])
    gone = replace(batch, client=None)
    with fetching() as web:
        backchannel.deliver(gone, state.storage, web, its_desk(state), state.web.clock)
    assert not left(state) and site.asked == []
