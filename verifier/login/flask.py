"""The door to Flask: people sign in to an application in four lines.

login = Login(app, issuer="https://id.example.vn", client_id="shop", secret=…, url="https://shop.example.vn")

@app.get("/account")
@login.required("LoA2")
def account():
    return {"name": login.person.claims["name"]}
"""

import time
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, Unpack
from urllib.parse import quote

from flask import Flask, Response, g, make_response, request
from werkzeug.datastructures import MultiDict

from verifier.login.answers import MOST_BODY, Answer, Asked, refused
from verifier.login.opened import Settings, open_site
from verifier.login.person import SignedIn
from verifier.login.site import BACK, OUT, PAGES

P = ParamSpec("P")


class Login:
    """The sign-in of one application. Its pages are below `prefix`; a form that posts to `prefix/out` signs out."""

    def __init__(self, app: Flask, **settings: Unpack[Settings]) -> None:
        self.site = open_site(**settings)
        for page, method in PAGES.items():
            endpoint = f"verifier-login{page.replace('/', '-')}"
            app.add_url_rule(f"{self.site.prefix}{page}", endpoint, self._view(page), methods=[method])

    @property
    def person(self) -> SignedIn | None:
        """Who is signed in with this browser, at any level."""
        if "verifier_login_person" not in g:
            g.verifier_login_person = self.site.person(request.cookies, now=int(time.time()))
        person: SignedIn | None = g.verifier_login_person
        return person

    def required(
        self, level: str = "LoA1", *, within: int | None = None
    ) -> Callable[[Callable[P, Any]], Callable[P, Response]]:
        """The view is for people who have proven this level, within so many seconds where that is said; others are sent to do so."""

        def decorator(view: Callable[P, Any]) -> Callable[P, Response]:
            if iscoroutinefunction(view):
                raise TypeError("a view that needs somebody is a plain function: it may have to wait for the provider")

            @wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
                query = request.query_string.decode("latin-1")
                here, now = quote(request.path) + (f"?{query}" if query else ""), int(time.time())
                found = self.site.admit(_asked(""), level, within=within, here=here, now=now)
                if isinstance(found, Answer):
                    return _response(found)
                g.verifier_login_person = found
                response = make_response(view(*args, **kwargs))
                response.headers.setdefault(
                    "Cache-Control", "no-store"
                )  # what is personal is for nobody after the logout
                return response

            return guarded

        return decorator

    def refresh(self) -> SignedIn | None:
        """The person with new tokens and claims, also for the requests to come. Raises SignInFailed."""
        if self.person is not None:
            now = int(time.time())
            g.verifier_login_person = self.site.sign_in.refresh(self.person, now=now)
            self.site.keep(request.cookies, g.verifier_login_person, now=now)
        return self.person

    def _view(self, page: str) -> Callable[[], Response]:
        def view() -> Response:
            request.max_content_length = MOST_BODY  # also of what does not say how long it is
            if (request.content_length or 0) > MOST_BODY:
                return _response(refused(413))
            return _response(self.site.answer(_asked(page), now=int(time.time())))

        view.csrf_exempt = page in (OUT, BACK)  # type: ignore[attr-defined]
        return view


def _asked(page: str) -> Asked:
    headers = {name.lower(): value for name, value in request.headers.items()}
    form = _pairs(request.form) if page == BACK else ()
    return Asked(request.method, page, _pairs(request.args), form, request.cookies, headers)


def _pairs(values: MultiDict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(values.items(multi=True))


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, list(answer.all_headers))
