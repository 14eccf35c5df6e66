"""The pages of a sign-in for any web framework, as values: what a browser asked, and what it is answered.

Spec: RFC 6265bis §4.1.3 (`__Host-`), RFC 9700 §4.11 (no open redirects), Fetch Metadata; RFC 9470; OpenID Connect
Back-Channel Logout 1.0 §2.5 to §2.8, Front-Channel Logout 1.0 §3, RP-Initiated Logout 1.0

    BEGIN      GET    ?next=/path   to the provider
    CALLBACK   GET                  back from it; a new session, whatever the browser brought along
    OUT        POST                 out here, and at the provider
    BACK       POST                 the provider says that a session is over
    FRONT      GET                  the same, in a frame of the provider's page
    KEYS       GET                  our public key, to register it
"""

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from certs.log import event
from certs.logout_token import LONGEST, LogoutRefused
from verifier.login.answers import Answer, Asked, Cookie, away, failed, framed, json_answer, refused, unsigned
from verifier.login.begin import PENDING_FOR
from verifier.login.failures import SignInFailed
from verifier.login.kept import Kept, KeptFull
from verifier.login.person import SignedIn
from verifier.login.sign_in import SignIn
from verifier.login.step_up import Need, need_level
from verifier.login.written import pending_of, pending_text, session_of, session_text

log = logging.getLogger(__name__)

BEGIN, CALLBACK, OUT, BACK, FRONT, KEYS = "", "/callback", "/out", "/back-channel", "/front-channel", "/keys"
PAGES: Mapping[str, str] = {BEGIN: "GET", CALLBACK: "GET", OUT: "POST", BACK: "POST", FRONT: "GET", KEYS: "GET"}
MOST_PATH = 2048  # characters of where somebody wants to be afterwards


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One application at one address. `url` has neither path nor final slash; `prefix` is where its pages are."""

    sign_in: SignIn = field(repr=False)
    kept: Kept = field(repr=False)
    url: str
    prefix: str = "/login"
    home: str = "/"
    lasts: int = 3600  # seconds of a session; who is still signed in at the provider comes back without a question
    page: Callable[[SignInFailed], str] | None = None  # the body, in HTML, of why nobody is signed in

    def answer(self, asked: Asked, *, now: int) -> Answer:
        """Of one of the PAGES."""
        pages = {BEGIN: self._begin, CALLBACK: self._callback, OUT: self._out, BACK: self._told, FRONT: self._framed}
        if asked.method != PAGES[asked.page] and not (asked.method == "HEAD" and PAGES[asked.page] == "GET"):
            return refused(405)
        try:
            return pages[asked.page](asked, now) if asked.page in pages else self._keys()
        except SignInFailed as failure:
            event(log, logging.WARNING, "sign_in_failed", cause=failure.code, detail=failure.detail)
            return failed(failure, self.page, again=f"{self.prefix}{BEGIN}")

    def person(self, cookies: Mapping[str, str], *, now: int) -> SignedIn | None:
        """Who is signed in with this browser."""
        text = self._session(cookies, now)
        return None if text is None else session_of(text)[0]

    def admit(self, asked: Asked, level: str, *, within: int | None = None, here: str, now: int) -> SignedIn | Answer:
        """The person, where they have proven this level (and within so many seconds); else what to answer instead.

        A page (`here`: path and query) is come back to. What is no page is refused: a form that was sent would be lost on the way.
        """
        person = self.person(asked.cookies, now=now)
        need = need_level(person, level, within=within, now=now)
        if person is not None and need is None:
            return person
        if not asked.is_page:
            return unsigned(f"{self.prefix}{BEGIN}")
        try:
            return self._away(asked, here, need, now)
        except SignInFailed as failure:
            event(log, logging.WARNING, "sign_in_failed", cause=failure.code, detail=failure.detail)
            return failed(failure, self.page, again=local(here, self.home))

    def keep(self, cookies: Mapping[str, str], person: SignedIn, *, now: int) -> None:
        """The same person's session with new tokens or claims, after `SignIn.refresh`; its end stays where it is."""
        text = self._session(cookies, now)
        if text is not None:  # who is signed out meanwhile stays so
            newer = session_text(person, session_of(text)[1])
            self.kept.renew("session", self._key(cookies), newer, now=now)

    def _begin(self, asked: Asked, now: int) -> Answer:
        return self._away(asked, asked.one("next") or self.home, None, now)

    def _away(self, asked: Asked, after: str, need: Need | None, now: int) -> Answer:
        """Bound to this browser by a cookie of its own, and to this tab by its state: several may be under way at once."""
        url, pending = self.sign_in.begin(now=now, need=need)
        browser = asked.cookies.get(self._cookie("begun"), "")
        if not 32 <= len(browser) <= 64:
            browser = secrets.token_urlsafe(32)
        key = _hash(browser, pending.state)
        text = pending_text(pending, local(after, self.home))
        _put(self.kept, "pending", key, text, until=now + PENDING_FOR, now=now)
        return away(url, Cookie(self._cookie("begun"), browser, PENDING_FOR, self._secure))

    def _callback(self, asked: Asked, now: int) -> Answer:
        if asked.repeated:  # RFC 6749 §3.1: a parameter comes once
            raise SignInFailed("refused", "a parameter comes twice")
        browser, state = asked.cookies.get(self._cookie("begun"), ""), asked.one("state")
        text = self.kept.take("pending", _hash(browser, state), now=now) if browser and state else None
        pending, after = pending_of(text) if text is not None else (None, self.home)
        person = self.sign_in.complete(dict(asked.query), pending, now=now)
        if old := asked.cookies.get(self._cookie("session")):
            self.kept.take("session", _hash(old), now=now)
        name = secrets.token_urlsafe(32)  # never what the browser brought along: nobody can have set it
        self._put(_hash(name), person, until=now + self.lasts, now=now)
        event(log, logging.INFO, "signed_in", acr=person.acr)
        return away(after, Cookie(self._cookie("session"), name, self.lasts, self._secure))

    def _out(self, asked: Asked, now: int) -> Answer:
        """A form of our own pages alone; where the provider cannot be reached, the person is signed out here all the same."""
        if not asked.is_from(self.url):
            return refused(403)
        text = self.kept.take("session", self._key(asked.cookies), now=now)
        gone = Cookie(self._cookie("session"), "", 0, self._secure)
        try:
            there = None if text is None else self.sign_in.sign_out(session_of(text)[0], now=now)
        except SignInFailed:
            there = None
        return away(there or self.home, gone)

    def _told(self, asked: Asked, now: int) -> Answer:
        """From the provider's servers: no cookie; the token alone says what is meant (Back-Channel Logout 1.0 §2.6)."""
        sent = [value for name, value in asked.form if name == "logout_token"]
        try:
            if len(sent) != 1:
                raise LogoutRefused("logout_token")
            over = self.sign_in.logged_out(sent[0], now=now)
            # Remembered for as long as such a token can be good for, and then some.
            if not self.kept.once(_hash("jti", over.jti), until=now + 2 * LONGEST, now=now):
                raise LogoutRefused("jti was used before")
        except (LogoutRefused, SignInFailed, KeptFull) as error:
            event(log, logging.WARNING, "logout_refused", cause=str(error))
            return json_answer(400, {"error": "invalid_request"})  # §2.8
        event(log, logging.INFO, "signed_out", count=self.kept.end(sid=over.sid, subject=over.subject))
        return json_answer(200, {})

    def _framed(self, asked: Asked, now: int) -> Answer:
        """Only the session that the provider names: browsers keep our cookie from its frame, and nobody guesses the name."""
        issuer, sid = asked.one("iss"), asked.one("sid")
        if not asked.repeated and issuer == self.sign_in.client.issuer and sid:
            event(log, logging.INFO, "signed_out", count=self.kept.end(sid=sid, subject=None))
        parts = urlsplit(self.sign_in.client.issuer)
        return framed(f"{parts.scheme}://{parts.netloc}")

    def _keys(self) -> Answer:
        key = self.sign_in.client.key
        return json_answer(200, {"keys": [] if key is None else [key.public.jwk()]})

    def _put(self, key: str, person: SignedIn, *, until: int, now: int) -> None:
        text = session_text(person, until)
        _put(self.kept, "session", key, text, until=until, now=now, sid=person.sid, subject=person.subject)

    def _session(self, cookies: Mapping[str, str], now: int) -> str | None:
        return self.kept.get("session", self._key(cookies), now=now)

    def _key(self, cookies: Mapping[str, str]) -> str:
        return _hash(cookies.get(self._cookie("session"), ""))

    @property
    def _secure(self) -> bool:
        return self.url.startswith("https://")

    def _cookie(self, name: str) -> str:
        """Over https the prefix binds a cookie to this very host (RFC 6265bis §4.1.3.2); in a simulation its port does."""
        return f"__Host-login-{name}" if self._secure else f"login-{name}-{urlsplit(self.url).port or 80}"


def local(path: str, otherwise: str) -> str:
    """A path of this site, or `otherwise`: nobody is sent elsewhere by what an address says (RFC 9700 §4.11.1)."""
    written = quote(path, safe="/?=&%:@!$'()*+,;~")  # a browser reads `\\` as `/`, and leaves out tabs
    return written if len(written) <= MOST_PATH and path.startswith("/") and not path.startswith("//") else otherwise


def _put(kept: Kept, kind: str, key: str, text: str, **more: Any) -> None:
    try:
        kept.put(kind, key, text, **more)
    except KeptFull as error:
        raise SignInFailed("busy", str(error)) from error


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
