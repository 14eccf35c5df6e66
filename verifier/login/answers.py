"""What a browser asked and what it is answered, without a framework: the values that its doors translate.

Spec: RFC 9110; RFC 6265bis §4.1.2 (cookies); Fetch Metadata §2; CSP Level 3; RFC 6750 §3
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from certs.catalogue import Text
from verifier.login.failures import SignInFailed

MOST_BODY = 16 * 1024  # bytes of a form that is sent to our pages
NO_STORE = ("Cache-Control", "no-store")
HTML, JSON = ("Content-Type", "text/html; charset=utf-8"), ("Content-Type", "application/json")
_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {}"
_STATUS = {
    "denied": 403,
    "level_too_low": 403,
    "other_person": 403,
    "provider_unreachable": 503,
    "busy": 503,
    "provider_invalid": 502,
}
_SIGN_IN = Text("Hãy đăng nhập rồi làm lại.", "Please sign in, then do it again.")
_LINK = Text("Đăng nhập", "Sign in")
_WRONG = {
    403: Text("Yêu cầu này không đến từ trang của chúng tôi.", "This request does not come from a page of ours."),
    405: Text("Trang này không mở được theo cách đó.", "This page cannot be opened in that way."),
    413: Text("Nội dung gửi lên quá lớn.", "What was sent is too large."),
}
_PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title></head>
<body><main><h1>{title}</h1><p>{vi}</p><p lang="en">{en}</p>{link}</main></body></html>
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to one of our pages (`page`), or to one of the application's that needs somebody."""

    method: str
    page: str = ""
    query: Sequence[tuple[str, str]] = field(default=(), repr=False)
    form: Sequence[tuple[str, str]] = field(default=(), repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # by names in lower case

    def one(self, name: str) -> str:
        return next((value for key, value in self.query if key == name), "")

    @property
    def repeated(self) -> bool:
        return any(count > 1 for count in Counter(name for name, _ in self.query).values())

    @property
    def is_page(self) -> bool:
        """A person looks at the answer, so that they can be sent elsewhere and come back."""
        return self.method in ("GET", "HEAD") and self.headers.get("sec-fetch-mode", "navigate") == "navigate"

    def is_from(self, url: str) -> bool:
        """Sent by a page of this address, as the browser says; who says nothing is no browser with somebody's cookie."""
        site = self.headers.get("sec-fetch-site")
        return site == "same-origin" if site is not None else self.headers.get("origin") == url


@dataclass(frozen=True, slots=True)
class Cookie:
    name: str
    value: str = field(repr=False)
    max_age: int
    secure: bool

    def header(self) -> str:
        """No script reads it, and no other site's form or frame brings it along (RFC 6265bis §4.1.2)."""
        secure = "; Secure" if self.secure else ""
        return f"{self.name}={self.value}; Max-Age={self.max_age}; Path=/; HttpOnly; SameSite=Lax{secure}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    cookie: Cookie | None = None

    @property
    def all_headers(self) -> tuple[tuple[str, str], ...]:
        return (*self.headers, ("Set-Cookie", self.cookie.header())) if self.cookie else self.headers


def away(url: str, cookie: Cookie | None = None) -> Answer:
    """A redirect that no browser repeats with the form that led to it (RFC 9700 §4.12)."""
    return Answer(303, (("Location", url), NO_STORE, ("Referrer-Policy", "no-referrer")), cookie=cookie)


def failed(failure: SignInFailed, page: Callable[[SignInFailed], str] | None, *, again: str) -> Answer:
    status = _STATUS.get(failure.code, 400)
    if page is not None:
        return Answer(status, (HTML, NO_STORE), page(failure).encode())
    return _page(status, failure.reason, again)


def unsigned(again: str) -> Answer:
    """For what is no page."""
    return _page(401, _SIGN_IN, again, ("WWW-Authenticate", "Cookie"))


def refused(status: int) -> Answer:
    return _page(status, _WRONG[status], None)


def json_answer(status: int, value: Mapping[str, Any]) -> Answer:
    return Answer(status, (JSON, NO_STORE), json.dumps(value).encode())


def framed(provider: str) -> Answer:
    """Nothing to see, and the provider's page alone may hold it."""
    return Answer(200, (HTML, NO_STORE, ("Content-Security-Policy", _CSP.format(provider))), b"<!doctype html>\n")


def _page(status: int, text: Text, again: str | None, *more: tuple[str, str]) -> Answer:
    link = f'<p><a id="again" href="{escape(again)}">{_LINK.vi} · {_LINK.en}</a></p>' if again else ""
    body = _PAGE.format(title=escape(f"{_LINK.vi} · {_LINK.en}"), vi=escape(text.vi), en=escape(text.en), link=link)
    policy = ("Content-Security-Policy", _CSP.format("'none'"))
    return Answer(status, (HTML, NO_STORE, policy, ("X-Content-Type-Options", "nosniff"), *more), body.encode())
