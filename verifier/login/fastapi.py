"""The door to FastAPI: people sign in to an application in four lines.

login = Login(app, issuer="https://id.example.vn", client_id="shop", secret=…, url="https://shop.example.vn")

@app.get("/account")
def account(person: Annotated[SignedIn, Depends(login.required("LoA2"))]):
    return {"name": person.claims["name"]}
"""

import time
from collections.abc import Awaitable, Callable
from typing import Unpack
from urllib.parse import parse_qsl, quote

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from verifier.login.answers import MOST_BODY, Answer, Asked, refused
from verifier.login.opened import Settings, open_site
from verifier.login.person import SignedIn
from verifier.login.site import BACK, PAGES


class _Instead(HTTPException):
    """What a dependency answers instead of the view."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Login:
    """The sign-in of one application. Its pages are below `prefix`; a form that posts to `prefix/out` signs out."""

    def __init__(self, app: FastAPI, **settings: Unpack[Settings]) -> None:
        self.site = open_site(**settings)
        app.add_exception_handler(_Instead, _instead)
        for page, method in PAGES.items():
            app.add_api_route(
                f"{self.site.prefix}{page}",
                self._view(page),
                methods=[method],
                include_in_schema=False,
                response_model=None,
            )

    def person(self, request: Request) -> SignedIn | None:
        """A dependency: who is signed in with this browser, at any level."""
        return self.site.person(request.cookies, now=int(time.time()))

    def required(self, level: str = "LoA1", *, within: int | None = None) -> Callable[[Request, Response], SignedIn]:
        """A dependency: the person, who has proven this level, within so many seconds where that is said; others are sent to do so."""

        def dependency(request: Request, response: Response) -> SignedIn:
            query = request.url.query
            here, now = quote(request.scope["path"]) + (f"?{query}" if query else ""), int(time.time())
            found = self.site.admit(_asked(request, ""), level, within=within, here=here, now=now)
            if isinstance(found, Answer):
                raise _Instead(found)
            response.headers.setdefault("Cache-Control", "no-store")  # what is personal is for nobody after the logout
            return found

        return dependency

    def refresh(self, request: Request) -> SignedIn | None:
        """The person with new tokens and claims, also for the requests to come. Raises SignInFailed."""
        person, now = self.person(request), int(time.time())
        if person is not None:
            person = self.site.sign_in.refresh(person, now=now)
            self.site.keep(request.cookies, person, now=now)
        return person

    def _view(self, page: str) -> Callable[[Request], Awaitable[Response]]:
        async def view(request: Request) -> Response:
            body = b""
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_BODY:
                    return _response(refused(413))
            asked = _asked(request, page, body)
            return _response(await run_in_threadpool(self.site.answer, asked, now=int(time.time())))

        return view


def _asked(request: Request, page: str, body: bytes = b"") -> Asked:
    form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True) if page == BACK else ()
    query = parse_qsl(request.url.query, keep_blank_values=True)
    return Asked(request.method, page, query, form, request.cookies, dict(request.headers))


async def _instead(_: Request, error: Exception) -> Response:
    return _response(error.answer) if isinstance(error, _Instead) else Response(status_code=500)


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    for name, value in answer.all_headers:
        response.headers.append(name, value)
    return response
