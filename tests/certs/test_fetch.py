"""The only socket: what goes out, what comes back, and under whose certificates. Its refusals: `tests/attacks/test_fetch.py`."""

import socket
from pathlib import Path

import httpx
import pytest

from certs.fetch import SIZE_LIMIT, Fetcher, FetchError
from tests.certs.servers import answer, raw, serving, tls_for


def code_of(fetcher: Fetcher, url: str, **options: object) -> str:
    with pytest.raises(FetchError) as caught:
        fetcher.get(url, **options)  # type: ignore[arg-type]
    return caught.value.code


def test_a_get_carries_what_was_asked_for() -> None:
    with serving(answer(b"{}", headers='ETag: "1"\r\nContent-Type: application/json\r\n')) as server:
        response = Fetcher(simulation=True).get(server.url("/list?a=1"), accept="application/json", etag='"0"')
    assert (response.status, response.body) == (200, b"{}")
    assert (response.headers["etag"], response.headers["content-type"]) == ('"1"', "application/json")
    head = server.requests[0].decode().split("\r\n")
    assert head[0] == "GET /list?a=1 HTTP/1.1"
    assert {
        f"Host: 127.0.0.1:{server.port}",
        "Accept: application/json",
        'If-None-Match: "0"',
        "Accept-Encoding: identity",
    } <= set(head)
    assert not any(line.lower().startswith(("cookie:", "authorization:")) for line in head)


def test_a_post_sends_a_form_or_json_or_nothing() -> None:
    fetcher = Fetcher(simulation=True)
    with serving(answer(b"", status="204 No Content")) as server:
        fetcher.post(server.url(), form={"grant_type": "a b", "tx_code": "Đ&="})
        fetcher.post(server.url(), json={"tên": "Đỗ"}, headers={"Authorization": "Bearer t"})
        fetcher.post(server.url())
    form, json, empty = (request.partition(b"\r\n\r\n") for request in server.requests)
    assert form[2] == b"grant_type=a+b&tx_code=%C4%90%26%3D"
    assert b"Content-Type: application/x-www-form-urlencoded" in form[0]
    assert json[2] == '{"tên":"Đỗ"}'.encode()
    assert b"Content-Type: application/json" in json[0] and b"Authorization: Bearer t" in json[0]
    assert empty[2] == b"" and b"Content-Length: 0" in empty[0]


@pytest.mark.parametrize("status", ["304 Not Modified", "400 Bad Request", "404 Not Found", "500 Oops"])
def test_an_error_of_the_other_side_is_an_answer(status: str) -> None:
    with serving(answer(b"" if status[0] == "3" else b"why", status=status)) as server:
        assert Fetcher(simulation=True).get(server.url()).status == int(status[:3])


def test_an_answer_may_be_as_large_as_the_limit() -> None:
    fetcher = Fetcher(simulation=True)
    with serving(answer(b"x" * SIZE_LIMIT)) as server:
        assert len(fetcher.get(server.url()).body) == SIZE_LIMIT
    with serving(answer(b"x" * (SIZE_LIMIT + 1))) as server:
        assert code_of(fetcher, server.url()) == "too_large"
        assert len(fetcher.get(server.url(), size_limit=SIZE_LIMIT + 1).body) == SIZE_LIMIT + 1


def test_connections_are_used_again() -> None:
    kept = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def talk(connection: socket.socket) -> None:
        kept(connection)
        connection.recv(65536)
        kept(connection)

    fetcher = Fetcher(simulation=True)
    with serving(talk) as server:
        assert [fetcher.get(server.url()).body for _ in range(2)] == [b"ok", b"ok"]
        assert len(server.requests) == 1
        fetcher.close()


def test_a_host_that_is_not_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert code_of(Fetcher(simulation=True), f"http://127.0.0.1:{port}/") == "unreachable"


@pytest.mark.parametrize(
    "answered",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_unreachable(answered: bytes) -> None:
    with serving(raw(answered)) as server:
        assert code_of(Fetcher(simulation=True), server.url()) == "unreachable"


# --- TLS --------------------------------------------------------------------------------------------------------------


def test_https_is_checked_against_the_authorities_that_were_set(tmp_path: Path) -> None:
    context, anchor = tls_for(tmp_path, "localhost", "127.0.0.1")
    with serving(answer(b"ok"), tls=context) as server:
        assert Fetcher(simulation=True, ca_bundle=anchor).get(server.url(scheme="https")).body == b"ok"
        assert (
            Fetcher(simulation=True, ca_bundle=anchor).get(server.url(scheme="https", host="localhost")).body == b"ok"
        )
        assert code_of(Fetcher(simulation=True), server.url(scheme="https")) == "unreachable"  # nobody we know vouches


def test_https_is_checked_for_its_name(tmp_path: Path) -> None:
    context, anchor = tls_for(tmp_path, "bank.example")
    with serving(answer(b"ok"), tls=context) as server:
        assert code_of(Fetcher(simulation=True, ca_bundle=anchor), server.url(scheme="https")) == "unreachable"


# --- under another library's client -----------------------------------------------------------------------------------


def test_httpx_goes_through_the_same_guard() -> None:
    fetcher = Fetcher(simulation=True)
    with serving(answer(b'{"a":1}', headers="Content-Type: application/json\r\n")) as server:
        with httpx.Client(transport=fetcher.transport(), trust_env=False) as client:
            answered = client.post(server.url("/token"), data={"code": "1"}, headers={"X-Own": "y"})
            assert (answered.status_code, answered.json()) == (200, {"a": 1})
        assert b"X-Own: y" in server.requests[0] or b"x-own: y" in server.requests[0]
        assert server.requests[0].endswith(b"\r\n\r\ncode=1")
        assert server.requests[0].lower().count(b"\r\nhost:") == 1
    with httpx.Client(transport=Fetcher(simulation=False).transport(), trust_env=False) as client:
        for url in ("http://127.0.0.1:1/", "https://127.0.0.1/", "https://10.0.0.1/"):
            with pytest.raises(httpx.TransportError, match="refused"):
                client.get(url)
