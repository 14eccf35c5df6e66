"""Attack BF-15: a flood of log-ins fills the pool of hashing, and takes nothing from anybody who does not log in.

How much slower the others get is measured by `make bench`; here, that they are answered, and what the flood is told.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from idp.login import hashing
from tests import crowd
from tests.crowd import Crowd
from tests.world_idp import State

PATIENCE = 20.0
REDEEMED = 40


@contextmanager
def full() -> Iterator[None]:
    """Each place is taken, and nobody gets on."""
    let_go, inside = threading.Event(), threading.Semaphore(0)

    def stay() -> None:
        with hashing.place():
            inside.release()
            assert let_go.wait(PATIENCE)

    with ThreadPoolExecutor(hashing.PLACES) as pool:
        for _ in range(hashing.PLACES):
            pool.submit(stay)
        try:
            assert all(inside.acquire(timeout=PATIENCE) for _ in range(hashing.PLACES))
            yield
        finally:
            let_go.set()


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A line for each hash that was computed."""
    seen: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: bytes) -> object:
        seen.append("verified")
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    return seen


@pytest.mark.parametrize("identifier", ["999203001234", "999203009999"])  # somebody, and nobody
def test_bf_15_the_flood_is_told_at_once(state: State, hashed: list[str], identifier: str) -> None:
    code = state.browser().code()
    browser, before = state.browser(), len(hashed)
    asked = browser.ask()
    with full():
        refused = browser.sign_in(asked, identifier=identifier)
        assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
        assert "Đang có rất nhiều người đăng nhập" in refused.text and 'id="error-id"' in refused.text
        answer = state.redeem(code)
        assert answer.status_code == 200  # who does not hash is served
        assert state.userinfo(answer.get_json()["access_token"]).status_code == 200
        assert state.app.test_client().get("/jwks").status_code == 200
    assert len(hashed) == before
    assert not state.journal("sign_in_refused")  # it was no try
    again = browser.sign_in(asked, identifier=identifier)  # the page still holds, and so does the account
    assert again.status_code == (303 if identifier == "999203001234" else 422)
    assert len(hashed) == before + 1


def test_bf_15_beside_a_flood(tmp_path: Path) -> None:
    """At the served provider: far more log-ins than can be hashed, and a client who redeems one token after another."""
    with crowd.place(tmp_path / "idp", tokens=REDEEMED) as place:
        many, line = Crowd(place.issuer, place.server.port, size=12, rate=400), place.line()
        with many.pressing():
            answers = [(crowd.refresh(line, number), crowd.keys(line)) for number in range(REDEEMED)]
            assert many.until(503, 20) and many.until(422, 5)
        line.close()
    assert answers == [(200, 200)] * REDEEMED
    assert set(many.statuses) <= {422, 503, 429}  # tried and wrong; not tried; too many wrong ones from one network
    assert many.retry_after == {str(hashing.RETRY_SECONDS)}
