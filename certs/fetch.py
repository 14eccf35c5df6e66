"""The only socket of the house: guarded HTTP for everything that reaches outward.

Spec: RFC 9110; attacks SS-01 to SS-11. What it holds to:
 1. https, or http to loopback where settings say that this is a simulation
 2. the name is resolved once, every address is checked, and the connection goes to the checked address only
 3. no private, link-local, multicast or reserved address (loopback in a simulation excepted)
 4. no redirect is followed, no proxy or netrc of the environment is used
 5. the answer is cut off at a size and a time; it must not be compressed
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from certs.encoding import json_encode

SIZE_LIMIT = 256 * 1024  # bytes of an ordinary answer
BUNDLE_LIMIT = 64 * 1024 * 1024
TIME_LIMIT = 3.0  # seconds for the whole exchange


class FetchError(Exception):
    """The exchange was refused by us or failed; `code`: url_refused, address_refused, unreachable, too_large, too_slow."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Response:
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetcher:
    """Outbound HTTP with one set of rules. `ca_bundle` is a PEM file that replaces the system's anchors for TLS."""

    def __init__(self, *, simulation: bool, ca_bundle: str | None = None) -> None:
        self._simulation = simulation
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(cafile=ca_bundle),
            network_backend=_CheckedBackend(simulation=simulation),
            max_connections=20,
            keepalive_expiry=5.0,
            retries=0,
        )

    def get(self, url: str, *, accept: str = "*/*", etag: str | None = None, size_limit: int = SIZE_LIMIT) -> Response:
        headers = {"Accept": accept} | ({"If-None-Match": etag} if etag else {})
        return self._send("GET", url, headers, b"", size_limit)

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        jwt: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One of `form`, `json` and `jwt` is the body; none of them sends an empty one."""
        request = httpx.Request("POST", url, data=dict(form) if form is not None else None)
        body, kind = request.read(), request.headers.get("content-type")
        if json is not None:
            body, kind = json_encode(json), "application/json"
        if jwt is not None:
            body, kind = jwt.encode("ascii"), "application/jwt"
        named = {"Accept": "application/json", **({"Content-Type": kind} if kind else {}), **(headers or {})}
        return self._send("POST", url, named, body, SIZE_LIMIT)

    def close(self) -> None:
        """Let go of the connections that are kept for the next request."""
        self._pool.close()

    def transport(self) -> httpx.BaseTransport:
        """For a client of another library (Authlib's): the same guard under its requests."""
        return _Transport(self)

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, size_limit: int) -> Response:
        self._check_url(url)  # 1
        host = urlsplit(url).netloc
        sent = {"Host": host, "User-Agent": "vneid-reference", "Accept-Encoding": "identity", **headers}
        if body or method == "POST":
            sent["Content-Length"] = str(len(body))
        deadline = _DEADLINE.set(time.monotonic() + TIME_LIMIT)
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), TIME_LIMIT)
        try:
            with self._pool.stream(
                method, url, headers=list(sent.items()), content=body, extensions={"timeout": timeouts}
            ) as answer:
                names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
                return Response(answer.status, names, _read(answer.iter_stream(), names, size_limit))
        except httpcore.TimeoutException as error:
            raise FetchError("too_slow", host) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise FetchError("unreachable", f"{host}: {error}") from error
        finally:
            _DEADLINE.reset(deadline)

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise FetchError("url_refused", "not a URL") from None
        if not url.isascii() or not url.isprintable() or {" ", "\\"} & set(url) or "@" in parts.netloc or not host:
            raise FetchError("url_refused", "form of the URL")
        if parts.scheme == "https" and (port in (None, 443) or self._simulation):
            return
        if parts.scheme == "http" and self._simulation and host in ("localhost", "127.0.0.1", "::1"):
            return
        raise FetchError("url_refused", f"{parts.scheme} to {host}")


def _read(stream: Iterable[bytes], headers: Mapping[str, str], limit: int) -> bytes:
    if headers.get("content-encoding", "identity") != "identity":  # 5: we asked for none; a bomb needs one
        raise FetchError("too_large", "compressed answer")
    chunks, size = [], 0
    for chunk in stream:
        size += len(chunk)
        if size > limit:
            raise FetchError("too_large", f"more than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


# When the exchange of this thread must be over. The pool gives each single read its time; only this bounds their sum.
_DEADLINE: ContextVar[float] = ContextVar("deadline")


def _remaining(timeout: float | None) -> float:
    left = _DEADLINE.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the exchange takes too long")
    return left if timeout is None else min(left, timeout)


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the exchange: headers and chunk sizes that drip are cut off too."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _remaining(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, _remaining(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _resolved(host: str, port: int) -> list[str]:
    """In a thread of its own: a look-up has no time limit, and whose name it is may take as long as it likes to answer."""
    found: Queue[list[str] | BaseException] = Queue()

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(entry[4][0]) for entry in entries)))
        except BaseException as error:  # noqa: BLE001 - raised below, where somebody waits for it
            found.put(error)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        answer = found.get(timeout=_remaining(None))
    except Empty:
        raise httpcore.ConnectTimeout(f"{host} takes too long to resolve") from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


class _CheckedBackend(httpcore.NetworkBackend):
    """Resolves, checks each address, and connects to the checked one: no second look-up that could answer otherwise."""

    def __init__(self, *, simulation: bool) -> None:
        self._simulation = simulation
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = _resolved(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} does not resolve") from error
        for address in addresses:
            if not self._admitted(address):
                raise FetchError("address_refused", host)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                found_one = self._sockets.connect_tcp(address, port, _remaining(timeout), local_address, socket_options)
                return _BoundedStream(found_one)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _admitted(self, text: str) -> bool:
        address = ipaddress.ip_address(text.split("%")[0])
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        if address.is_loopback:
            return self._simulation
        if isinstance(address, ipaddress.IPv6Address) and (address not in _UNICAST or address in _SIX_TO_FOUR):
            return False  # with 6to4, NAT64 and IPv4-compatible forms an inner address would pass unseen
        return address.is_global and not address.is_multicast


_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291 §2.4
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")


class _Transport(httpx.BaseTransport):
    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "accept-encoding", "content-length", "connection", "user-agent")
        }
        try:
            answer = self._fetcher._send(request.method, str(request.url), headers, request.read(), SIZE_LIMIT)
        except FetchError as error:
            raise httpx.TransportError(str(error), request=request) from error
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body, request=request)
