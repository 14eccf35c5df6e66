"""The ready bytes before Flask: what is kept, for whom, and for how long."""

from collections.abc import Iterable
from typing import Any

import pytest
from werkzeug.test import Client, create_environ, run_wsgi_app
from werkzeug.wrappers import Request, Response

from idp.web.ready import KEPT_SECONDS, MOST, ReadyBytes

PUBLIC = {"Cache-Control": "public, max-age=300", "ETag": '"one"', "X-Frame-Options": "DENY"}


class Behind:
    """An application that counts how often it is asked, and a clock that stands still."""

    def __init__(self, **headers: str | None) -> None:
        self.asked = 0
        self.now = 100.0
        self.closed = 0
        self.headers = {name: value for name, value in ({**PUBLIC, **headers}).items() if value is not None}
        self.ready = ReadyBytes(self._answer, scheme="http", netloc="localhost", clock=lambda: self.now)
        self.client = Client(self.ready)

    def _answer(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        request = Request(environ)
        answer = Response(f"{request.path} {self.asked}", 404 if request.path == "/no" else 200, self.headers)
        answer.call_on_close(self._close)
        return answer(environ, start_response)

    def _close(self) -> None:
        self.closed += 1


def test_it_is_asked_once_a_second() -> None:
    behind = Behind()
    first, again = behind.client.get("/jwks"), behind.client.get("/jwks")
    assert first.text == again.text == "/jwks 1"
    assert dict(first.headers) == dict(again.headers)
    behind.now += KEPT_SECONDS
    assert behind.client.get("/jwks").text == "/jwks 2"
    assert behind.closed == behind.asked == 2


def test_another_address_and_another_form_are_other_answers() -> None:
    behind = Behind()
    asked = [("/a", "x"), ("/b", "x"), ("/a", "y")]
    answers = [behind.client.get(path, headers={"Accept": accept}).text for path, accept in asked]
    answers.append(behind.client.get("/a", headers={"Accept": "x", "Accept-Encoding": "gzip"}).text)
    assert answers == ["/a 1", "/b 2", "/a 3", "/a 4"]


@pytest.mark.parametrize(
    ("sent", "status"), [('"one"', 304), ('W/"one"', 304), ('"x", "one"', 304), ("*", 304), ('"two"', 200)]
)
def test_who_has_it_gets_no_bytes(sent: str, status: int) -> None:
    behind = Behind()
    behind.client.get("/jwks")
    answer = behind.client.get("/jwks", headers={"If-None-Match": sent})
    assert (answer.status_code, answer.headers["ETag"], behind.asked) == (status, '"one"', 1)
    assert (answer.data == b"") == (status == 304)
    assert answer.headers["Cache-Control"] == PUBLIC["Cache-Control"] and answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "no-store"},
        {"Cache-Control": "public, no-cache"},
        {"Cache-Control": "private, max-age=300"},
        {"ETag": None},
        {"Set-Cookie": "a=b"},
    ],
    ids=str,
)
def test_what_is_not_for_all_is_not_kept(headers: dict[str, str | None]) -> None:
    behind = Behind(**headers)
    assert [behind.client.get("/jwks").text for _ in range(2)] == ["/jwks 1", "/jwks 2"]


def test_an_error_is_not_kept() -> None:
    behind = Behind()
    assert [behind.client.get("/no").text for _ in range(2)] == ["/no 1", "/no 2"]


@pytest.mark.parametrize(
    "how",
    [
        {"method": "POST"},
        {"method": "HEAD"},
        {"query_string": "a=b"},
        {"headers": {"Host": "evil.example"}},
        {"headers": {"Authorization": "Bearer x"}},
        {"headers": {"Range": "bytes=0-1"}},
        {"base_url": "https://localhost"},
    ],
    ids=str,
)
def test_only_a_plain_get_to_us_is_answered_from_memory(how: dict[str, Any]) -> None:
    behind = Behind()
    behind.client.get("/jwks")
    run_wsgi_app(behind.ready, create_environ(**{"path": "/jwks", "base_url": "http://localhost", **how}))
    assert behind.asked == 2
    assert behind.client.get("/jwks").text == "/jwks 1"


def test_strangers_cannot_fill_the_memory() -> None:
    behind = Behind()
    for number in range(3 * MOST):
        behind.client.get("/jwks", headers={"Accept": f"x/{number}"})
        assert len(behind.ready._kept) <= MOST
