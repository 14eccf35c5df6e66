"""Which of our answers a page of another site may read: those that an application inside of a browser lives on, for it alone.

Spec: WHATWG Fetch §3.2 (CORS), §4.8 (preflight); RFC 6454 §6.2 (origin as text); RFC 9700 §2.6; RFC 9110 §12.5.5 (Vary)

    endpoint     methods      headers that a page may send         why
    token        POST         content-type, dpop                   code and refresh token
    revoke       POST         content-type                         to sign out
    userinfo     GET, POST    authorization, content-type, dpop    the facts

An origin is admitted when a public web client has a redirect URI there: its code arrives on that page anyhow. It is a match of
whole texts, never of parts. What is the same for everybody (discovery, keys) says `*` by itself (`exchange.public`). Cookies
are never among what is admitted, and no page of ours with a person's session is in this table.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import flask

from idp.model import Client
from idp.oidc import endpoints
from idp.oidc.profiles import PUBLIC
from idp.ports import Storage
from idp.storage.errors import StorageError
from idp.web.context import Web


@dataclass(frozen=True, slots=True)
class Rule:
    methods: tuple[str, ...]
    headers: tuple[str, ...]


# No `Authorization` where clients prove who they are: what holds a secret is not in a browser (RFC 6749 §2.1).
TABLE: Mapping[str, Rule] = {
    endpoints.TOKEN: Rule(("POST",), ("content-type", "dpop")),
    endpoints.REVOKE: Rule(("POST",), ("content-type",)),
    endpoints.USERINFO: Rule(("GET", "POST"), ("authorization", "content-type", "dpop")),
}
EXPOSED = "WWW-Authenticate, DPoP-Nonce, Retry-After"  # beyond what each page may read
PREFLIGHT_SECONDS = 600  # that a browser remembers the answer to a preflight
KNOWN_SECONDS = 5.0  # as in `known_clients`; the register is read at most once in that time, whoever asks

_PORTS = {"https": 443, "http": 80}


class Origins:
    """Those of public web clients. `clock` need not be the time of day, only rise."""

    def __init__(self, storage: Storage, clock: Callable[[], float]) -> None:
        self._storage = storage
        self._clock = clock
        self._until = 0.0
        self._known: frozenset[str] = frozenset()

    def __contains__(self, origin: str) -> bool:
        now = self._clock()
        if now >= self._until:
            with suppress(StorageError):  # away: what was known holds until it is back
                self._known = self._read()
            self._until = now + KNOWN_SECONDS
        return origin in self._known

    def _read(self) -> frozenset[str]:
        with self._storage.reading() as ports:
            return frozenset(found for client in ports.clients.all() for found in of(client))


def of(client: Client) -> frozenset[str]:
    """The origins of its pages; none where it keeps a secret, or is an application on a device."""
    if client.token_endpoint_auth_method != PUBLIC or client.application_type != "web":
        return frozenset()
    return frozenset(_origin(uri) for uri in client.redirect_uris)


def _origin(uri: str) -> str:
    """As browsers write it: without the port that goes without saying (RFC 6454 §6.2)."""
    parts = urlsplit(uri)
    usual = parts.port in (None, _PORTS.get(parts.scheme))
    return f"{parts.scheme}://{parts.netloc.rpartition(':')[0] if usual and parts.port else parts.netloc}"


def install(app: flask.Flask, web: Web, clock: Callable[[], float]) -> None:
    origins = Origins(web.storage, clock)

    @app.before_request
    def preflight() -> flask.Response | None:
        rule = TABLE.get(flask.request.path)
        asked = flask.request.method == "OPTIONS" and "Access-Control-Request-Method" in flask.request.headers
        if rule is None or not asked or _asking() not in origins:
            return None  # a method that is not there, as for everybody
        answer = flask.Response(status=204)
        answer.headers["Access-Control-Allow-Methods"] = ", ".join(rule.methods)
        answer.headers["Access-Control-Allow-Headers"] = ", ".join(rule.headers)
        answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        return answer

    @app.after_request
    def admit(answer: flask.Response) -> flask.Response:
        if flask.request.path not in TABLE:
            return answer
        answer.vary.add("Origin")
        if (origin := _asking()) and origin in origins:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Expose-Headers"] = EXPOSED
        return answer


def _asking() -> str:
    return flask.request.headers.get("Origin", "")
