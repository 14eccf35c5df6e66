"""What a process knows of the keys: read every few seconds and not at each request; what is removed counts no more.

Spec: attacks OP-14, OP-23
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from certs.jose import parse
from certs.keys import MemorySigner
from idp.login.sealed import Sealer
from idp.oidc.keys import key_changes, key_view, signing_keys
from idp.oidc.keys.key_safe import SealedSafe, Unusable
from idp.oidc.keys.key_view import KeyView
from idp.oidc.keys.signing_keys import ALGORITHMS, CACHED, DAY, PUBLISHED_AFTER, READ_EVERY
from idp.ports import Ports
from idp.storage.errors import Unavailable
from idp.storage.memory import MemoryStorage
from idp.web import ready
from tests.idp.oidc.tokens_asked import API, guard, machine, own, told
from tests.world_idp import ISSUER, NOW, State, answer_of, first_key

SECONDS = 20.0


class Watched(MemoryStorage):
    """Counts readings; can be away, or slow."""

    def __init__(self) -> None:
        super().__init__()
        self.readings, self.away = 0, False
        self.before: Callable[[], object] = lambda: None

    @contextmanager
    def reading(self) -> Iterator[Ports]:
        self.readings += 1
        self.before()
        if self.away:
            raise Unavailable("gone")
        with super().reading() as ports:
            yield ports


class Place:
    def __init__(self) -> None:
        self.storage = Watched()
        self.clock, self.steady = [NOW], [0.0]
        self.safe = SealedSafe(Sealer(b"k" * 32), self.key)
        key_changes.ensure(self.storage, self.safe, now=NOW)

    @staticmethod
    def key(alg: str) -> MemorySigner:
        return first_key(alg) if alg in ("RS256", "PS256") else MemorySigner.generate(alg)

    def view(self, safe: SealedSafe | None = None) -> KeyView:
        return KeyView(self.storage, safe or self.safe, clock=lambda: self.clock[0], steady=lambda: self.steady[0])

    def rotate(self) -> None:
        key_changes.prepare(self.storage, self.safe, ["ES256"], now=NOW - DAY, by="x")
        key_changes.rotate(self.storage, ["ES256"], now=NOW, by="x")


def kids(view: KeyView) -> set[str]:
    return {key.kid for key in view.published().keys}


def test_it_maps_each_algorithm_to_its_signer() -> None:
    view = Place().view()
    assert (tuple(view), len(view)) == (ALGORITHMS, len(ALGORITHMS))
    for alg in ALGORITHMS:
        assert view[alg] is view[alg]
        assert view[alg].public.alg == {"Ed25519": "EdDSA"}.get(alg, alg)
        view.published().find({"kid": view[alg].public.kid}).verify(view[alg].sign(b"x"), b"x")
    assert len(kids(view)) == len(ALGORITHMS)
    with pytest.raises(KeyError):
        view["none"]


def test_no_request_asks_the_database() -> None:
    place = Place()
    view, before = place.view(), place.storage.readings
    place.rotate()
    old = view["ES256"]
    begun = place.storage.readings
    for _ in range(1000):
        assert view.refreshed()["ES256"] is old
        view.published()
    assert place.storage.readings == begun > before
    place.steady[0] += READ_EVERY
    assert view.refreshed()["ES256"].public.kid != old.public.kid
    assert old.public.kid in kids(view)
    assert place.storage.readings == begun + 1


def test_a_retired_key_goes_when_its_time_is_up() -> None:
    place = Place()
    view = place.view()
    old = view["ES256"].public.kid
    place.rotate()
    place.steady[0] += READ_EVERY
    assert old in kids(view.refreshed())
    place.clock[0] += PUBLISHED_AFTER  # without another reading
    assert old not in kids(view)


def test_two_processes_see_a_removal_within_a_minute() -> None:
    place = Place()
    views = [place.view(), place.view()]
    leaked = views[0]["ES256"].public.kid
    key_changes.remove(place.storage, place.safe, leaked, now=NOW, by="x", emergency=True)
    assert all(leaked in kids(view) for view in views)  # nobody told them
    place.steady[0] += READ_EVERY
    for view in views:
        assert leaked not in kids(view.refreshed())
    assert views[0]["ES256"].public == views[1]["ES256"].public  # the successor signs at once, in both
    assert READ_EVERY + ready.KEPT_SECONDS < 60
    assert READ_EVERY + ready.KEPT_SECONDS + CACHED < 600  # what relying parties are told


def test_a_database_that_is_away_changes_nothing() -> None:
    place = Place()
    view = place.view()
    before, readings = kids(view), place.storage.readings
    place.storage.away = True
    for _ in range(3):
        place.steady[0] += READ_EVERY
        for _ in range(10):  # asked again once every few seconds, not at each request
            assert kids(view.refreshed()) == before
    assert place.storage.readings == readings + 3
    place.storage.away = False
    place.rotate()
    place.steady[0] += READ_EVERY
    assert kids(view.refreshed()) > before


def test_one_reads_and_the_others_go_on_unless_it_is_too_old() -> None:
    place = Place()
    view = place.view()
    asked, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        asked.set()
        assert go_on.wait(SECONDS)

    place.rotate()
    place.storage.before = slow
    place.steady[0] += READ_EVERY
    old = view["ES256"].public.kid
    reader = threading.Thread(target=view.refreshed)
    reader.start()
    assert asked.wait(SECONDS)
    assert view.refreshed()["ES256"].public.kid == old  # does not wait
    place.steady[0] += key_view.TOO_OLD
    seen: list[str] = []
    waits = threading.Thread(target=lambda: seen.append(view.refreshed()["ES256"].public.kid))
    waits.start()
    place.storage.before = lambda: None
    go_on.set()
    reader.join(SECONDS)
    waits.join(SECONDS)
    assert seen
    assert seen[0] != old


def test_under_another_master_key_nothing_opens_and_all_is_published() -> None:
    place = Place()
    view = place.view(SealedSafe(Sealer(b"another key, of 32 bytes as well"), place.key))
    assert len(kids(view)) == len(ALGORITHMS)
    with pytest.raises(Unusable, match=r"master\.key"):
        view["ES256"]


# --- the whole provider -----------------------------------------------------------------------------------------------


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_keys, "READ_EVERY", 0)


@pytest.fixture
def quick(always: None, state: State) -> State:
    """Its keys are read anew at each request: nothing moves its steady clock."""
    return state


def safe_of(state: State) -> Any:
    return state.web.keys._safe


def emergency(state: State, alg: str) -> str:
    kid = state.web.keys[alg].public.kid
    safe = SealedSafe(safe_of(state).sealer)
    key_changes.remove(state.storage, safe, kid, now=state.clock[0], by="x", emergency=True)
    return kid


def test_a_removed_keys_tokens_count_no_more(quick: State) -> None:
    quick.put(clients=(machine(access_token_format="jwt"), guard()))
    quick.web.keys.refreshed()
    browser = quick.browser()
    tokens = quick.redeem(browser.code(scope="openid profile")).get_json()
    by_machine = own(quick, pairs=(("resource", API),)).get_json()["access_token"]
    assert told(quick, by_machine, "guard")["active"]
    hint = {"prompt": "none", "scope": "openid profile", "id_token_hint": tokens["id_token"]}
    assert "code" in answer_of(browser.ask(**hint))
    gone = emergency(quick, "ES256")
    assert {parse(token).header["kid"] for token in (tokens["id_token"], by_machine)} == {gone}
    assert told(quick, by_machine, "guard") == {"active": False}
    assert answer_of(browser.ask(**hint))["error"] == "invalid_request"
    published = quick.app.test_client().get("/jwks").get_json()["keys"]
    assert gone not in {key["kid"] for key in published}
    assert quick.userinfo(tokens["access_token"]).status_code == 200  # a secret that no key signed
    fresh = quick.redeem(browser.code(scope="openid profile")).get_json()["id_token"]
    assert quick.id_token(fresh)["iss"] == ISSUER
    assert parse(fresh).header["kid"] in {key["kid"] for key in published}


def test_a_removed_keys_jwt_opens_no_userinfo(quick: State) -> None:
    with quick.storage.transaction() as ports:
        known = ports.clients.get("bank")
        assert known is not None
        ports.clients.replace(replace(known, metadata={"access_token_format": "jwt"}))
    token = quick.redeem(quick.browser().code(scope="openid profile")).get_json()["access_token"]
    assert quick.userinfo(token).status_code == 200
    emergency(quick, "RS256")  # another one
    assert quick.userinfo(token).status_code == 200
    emergency(quick, "ES256")
    refused = quick.userinfo(token)
    assert (refused.status_code, "invalid_token" in refused.headers["WWW-Authenticate"]) == (401, True)


def test_what_a_retired_key_signed_counts_until_it_ends(quick: State) -> None:
    quick.put(clients=(machine(access_token_format="jwt"), guard()))
    token = own(quick, pairs=(("resource", API),)).get_json()["access_token"]
    safe = SealedSafe(safe_of(quick).sealer)
    key_changes.prepare(quick.storage, safe, ["ES256"], now=NOW - DAY, by="x")
    key_changes.rotate(quick.storage, ["ES256"], now=NOW, by="x")
    assert told(quick, token, "guard")["active"]
    later = own(quick, pairs=(("resource", API),)).get_json()["access_token"]
    assert parse(later).header["kid"] != parse(token).header["kid"]
    assert told(quick, later, "guard")["active"]


def test_op_23_a_key_that_does_not_open_costs_a_503_and_no_code(quick: State) -> None:
    browser = quick.browser()
    code = browser.code(scope="openid profile")
    view, safe = quick.web.keys, safe_of(quick)
    view._known.opened.clear()
    view._safe = SealedSafe(Sealer(b"another key, of 32 bytes as well"))
    answer = quick.redeem(code)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert quick.app.test_client().get("/jwks").status_code == 200
    view._safe = safe
    assert quick.redeem(code).status_code == 200  # nothing of it was done


def test_the_caching_of_the_keys_is_what_the_rules_count_with(state: State) -> None:
    assert state.app.test_client().get("/jwks").headers["Cache-Control"] == f"public, max-age={CACHED}"
