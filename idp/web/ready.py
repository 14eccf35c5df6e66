"""Ready bytes before Flask: what is public and the same for all is answered from memory, in some 10 µs.

Spec: RFC 9111 §3, §3.5, §4.1 (a shared cache in small), RFC 9110 §13.1.2, §15.4.5 (If-None-Match, 304)

An answer is kept for one second, so that a change shows within one, which is far inside what the answer itself allows; and
under load all but one request a second end here. Kept are only answers to a plain GET that say `public, max-age=…` and have
an ETag: discovery, keys, status lists, trust list. All else goes on to Flask, as does what is not addressed to us.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.http import parse_etags

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEPT_SECONDS = 1.0
MOST = 64  # answers; what is accepted is part of what they are kept under, and anybody may send another one

_OF_THE_BODY = ("content-type", "content-length")

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    etag: str
    headers: Headers
    unchanged: Headers  # those of a 304
    body: tuple[bytes, ...]


class ReadyBytes:
    """A WSGI application around another one. `clock` need not be the time of day, only rise."""

    def __init__(self, app: "WSGIApplication", *, scheme: str, netloc: str, clock: Callable[[], float]) -> None:
        self._app = app
        self._address = scheme, netloc
        self._clock = clock
        self._kept: dict[tuple[str, str, str], _Kept] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if (
            environ["REQUEST_METHOD"] != "GET"
            or environ.get("QUERY_STRING")
            or (environ["wsgi.url_scheme"], environ.get("HTTP_HOST")) != self._address
            or "HTTP_AUTHORIZATION" in environ  # RFC 9111 §3.5
            or "HTTP_RANGE" in environ  # RFC 9110 §14.2
        ):
            return self._app(environ, start_response)
        key = environ["PATH_INFO"], environ.get("HTTP_ACCEPT", ""), environ.get("HTTP_ACCEPT_ENCODING", "")
        kept = self._kept.get(key)
        if kept is None or self._clock() >= kept.until:
            return self._ask(key, environ, start_response)
        asked = environ.get("HTTP_IF_NONE_MATCH")
        if asked and parse_etags(asked).contains_weak(kept.etag):
            start_response("304 NOT MODIFIED", kept.unchanged)
            return ()
        start_response("200 OK", kept.headers)
        return kept.body

    def _ask(
        self, key: tuple[str, str, str], environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """The application's answer, which is kept on its way out if it may be."""
        begun: list[tuple[str, Headers]] = []

        def begin(status: str, headers: Headers, *error: Any) -> Callable[[bytes], object]:
            begun.append((status, headers))
            return start_response(status, headers, *error)

        answer = self._app(environ, begin)
        status, headers = begun[-1]
        etag = _etag_if_public(status, headers)
        if etag is None:
            return answer
        try:
            body = tuple(answer)
        finally:
            if (close := getattr(answer, "close", None)) is not None:
                close()
        if len(self._kept) >= MOST:
            self._kept = {}
        unchanged = [(name, value) for name, value in headers if name.lower() not in _OF_THE_BODY]
        self._kept[key] = _Kept(self._clock() + KEPT_SECONDS, etag, list(headers), unchanged, body)
        return body


def _etag_if_public(status: str, headers: Headers) -> str | None:
    named = {name.lower(): value for name, value in headers}
    public = named.get("cache-control", "").startswith("public, max-age=") and "set-cookie" not in named
    return named.get("etag", "").strip('"') or None if public and status.startswith("200 ") else None
