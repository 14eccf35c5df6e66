"""Group SS: what the guarded client does not fetch, and how little it takes when it does.

SS-05, SS-06, SS-08 are about those who ask it (test_unfetched.py); SS-09 and SS-10 come with registration and the key cache.
"""

import gzip
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest

from certs import fetch
from certs.encoding import json_decode
from certs.errors import Malformed
from certs.fetch import SIZE_LIMIT, TIME_LIMIT, Fetcher, FetchError
from tests.certs.servers import answer, raw, serving, tls_for

REAL, SIMULATED = Fetcher(simulation=False), Fetcher(simulation=True)


@pytest.fixture
def no_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever would connect has already lost."""

    def connect(self: object, host: str, *rest: object, **more: object) -> None:
        raise AssertionError(f"connected to {host}")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    yield


def code_of(fetcher: Fetcher, url: str, **options: Any) -> str:
    with pytest.raises(FetchError) as caught:
        fetcher.get(url, **options)
    return caught.value.code


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "data:text/plain,x", "javascript:1"),
        *(
            "http://example.com/",
            "HTTP://example.com/",
            "ws://example.com/",
            "//example.com/",
            "example.com",
            "",
            "https:",
        ),
        *(
            "https://",
            "https:///x",
            "https://user@example.com/",
            "https://a:b@example.com/",
            "https://example.com@10.0.0.1/",
        ),
        *(
            "https://example.com\\@10.0.0.1/",
            "https://exam ple.com/",
            "https://example.com/\r\nX: y",
            "https://example.com:99999/",
        ),
        *(
            "https://exаmple.com/",
            "https://example.com:x/",
            "https://[::1/",
            "https://example.com/\x00",
            "http://127.0.0.1/",
        ),
    ],
)
@pytest.mark.usefixtures("no_connection")
def test_ss_01_another_scheme_or_a_url_that_two_parsers_read_differently(url: str) -> None:
    assert code_of(REAL, url) == "url_refused"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://10.0.0.1/",
        "http://localhost.example/",
        "http://localhost@10.0.0.1/",
        "http://127.0.0.2/",
        "file:///etc/passwd",
    ],
)
@pytest.mark.usefixtures("no_connection")
def test_ss_01_plain_http_reaches_the_loopback_of_a_simulation_and_nothing_else(url: str) -> None:
    assert code_of(SIMULATED, url) == "url_refused"


ADDRESSES = [
    *(
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "100.64.0.1",
        "192.0.0.1",
    ),
    *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "0.1.2.3", "192.0.2.1", "203.0.113.5"),
    *(
        "[::]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fe80::1]",
        "[ff02::1]",
        "[fec0::1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:a9fe:a9fe]",
    ),
    *(
        "[::10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::a00:1]",
        "[2002:a00:1::1]",
        "[2001:db8::1]",
        "[2001::1]",
        "[100::1]",
    ),
    *(
        "2851995905",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "10.1",
        "0x0a000001",
        "012.1",
        "3232235521",
    ),  # decimal, hexadecimal, octal
]
LOOPBACK = ["127.0.0.1", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0177.0.0.1", "localhost"]


@pytest.mark.parametrize("host", [*ADDRESSES, *LOOPBACK])
@pytest.mark.usefixtures("no_connection")
def test_ss_02_no_address_of_the_inside(host: str) -> None:
    assert code_of(REAL, f"https://{host}/jwks") == "address_refused"


@pytest.mark.parametrize("host", ADDRESSES)
@pytest.mark.usefixtures("no_connection")
def test_ss_02_nor_in_a_simulation_but_for_the_loopback(host: str) -> None:
    assert code_of(SIMULATED, f"https://{host}/jwks") == "address_refused"


@pytest.mark.parametrize(
    "addresses",
    [["93.184.216.34", "10.0.0.1"], ["2606:2800:220:1::1", "fe80::1"], ["10.0.0.1"], ["93.184.216.34", "127.0.0.1"]],
)
@pytest.mark.usefixtures("no_connection")
def test_ss_02_one_bad_address_among_good_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    assert code_of(REAL, "https://issuer.example/") == "address_refused"


def test_ss_03_the_name_is_resolved_once_and_the_checked_address_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second answer would lead inside: nobody asks for it."""
    context, anchor = tls_for(tmp_path, "issuer.example")
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any, **more: Any) -> Any:
        if host != "issuer.example":
            return real(host, port, *rest, **more)
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with serving(answer(b"ok"), tls=context) as server:
        url = server.url(scheme="https", host="issuer.example")
        assert Fetcher(simulation=True, ca_bundle=anchor).get(url).body == b"ok"
    assert asked == ["issuer.example"]
    assert f"Host: issuer.example:{server.port}".encode() in server.requests[0]


@pytest.mark.parametrize("to", ["http://127.0.0.1:1/inside", "file:///etc/passwd", "//10.0.0.1/", "/again"])
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_ss_04_a_redirect_is_an_answer_and_is_not_followed(status: str, to: str) -> None:
    with serving(answer(b"", status=status, headers=f"Location: {to}\r\n")) as server:
        response = SIMULATED.get(server.url())
    assert (response.status, response.headers["location"]) == (int(status[:3]), to)
    assert len(server.requests) == 1


def test_ss_07_a_name_that_does_not_resolve_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose name it is decides how long its server takes to answer: resolvers wait for it for half a minute."""
    over = threading.Event()

    def resolve(*_: Any, **__: Any) -> Any:
        over.wait(5)
        return []

    monkeypatch.setattr(fetch, "TIME_LIMIT", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert code_of(REAL, "https://issuer.example/") == "too_slow"
    assert not over.is_set()
    over.set()


HEAD = b"HTTP/1.1 200 OK\r\n"
MUCH = 1 << 30


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: %d\r\n\r\n" % MUCH,
        HEAD + b"Connection: close\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % MUCH,
    ],
)
def test_ss_07_an_answer_without_end_is_cut_off_at_its_size(head: bytes) -> None:
    sent = 0

    def talk(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(head)
        while sent < MUCH:
            connection.sendall(bytes(65536))
            sent += 65536

    with serving(talk) as server:
        assert code_of(SIMULATED, server.url()) == "too_large"
    assert sent < 16 * 1024 * 1024  # what the kernel's buffers took, not what was offered


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "gzip, identity"])
def test_ss_07_a_compressed_answer_is_not_inflated(encoding: str) -> None:
    bomb = gzip.compress(bytes(10 * 1024 * 1024))
    with serving(answer(bomb, headers=f"Content-Encoding: {encoding}\r\n")) as server:
        assert code_of(SIMULATED, server.url()) == "too_large"


SLOW = [
    [HEAD + b"Content-Length: 100000\r\n\r\n", *[b"x"] * 1000],  # the body drips
    [b"H", b"T", b"T", b"P", *[b"x"] * 1000],  # the first line drips
    [HEAD, b"X: ", *[b"y"] * 1000],  # a header drips
    [HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", *[b"z"] * 1000],  # the size of a chunk drips
]


@pytest.mark.parametrize("parts", SLOW)
def test_ss_07_an_answer_that_drips_is_cut_off_at_its_time(monkeypatch: pytest.MonkeyPatch, parts: list[bytes]) -> None:
    """Each single byte comes in time; together they would take a quarter of an hour."""
    assert TIME_LIMIT == 3.0
    monkeypatch.setattr(fetch, "TIME_LIMIT", 0.4)
    with serving(raw(*parts, pause=0.05)) as server:
        assert code_of(SIMULATED, server.url()) == "too_slow"  # without the limit: cut off, after 50 s


def test_ss_07_a_server_that_says_nothing_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TIME_LIMIT", 0.3)
    with serving(raw(b"", b"", pause=30)) as server:
        assert code_of(SIMULATED, server.url()) == "too_slow"


def test_ss_07_headers_without_end_are_refused() -> None:
    with serving(raw(HEAD + b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(1000)))) as server:
        assert code_of(SIMULATED, server.url()) == "unreachable"


@pytest.mark.parametrize("body", [b"<html>", b"\xff\xfe", b'{"keys": "\xc0\xaf"}', b"{" * 200_000])
def test_ss_07_an_answer_of_another_kind_is_refused_by_its_reader(body: bytes) -> None:
    with serving(answer(body, headers="Content-Type: text/html\r\n")) as server:
        answered = SIMULATED.get(server.url())
    assert len(answered.body) <= SIZE_LIMIT
    with pytest.raises(Malformed):
        json_decode(answered.body)


def test_ss_11_proxies_and_passwords_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    with serving(answer(b"proxy")) as proxy, serving(answer(b"origin")) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        assert Fetcher(simulation=True).get(server.url()).body == b"origin"
    assert proxy.requests == []
    assert b"authorization" not in server.requests[0].lower()
