"""The door to Django: people sign in to an application in four lines.

login = Login(issuer="https://id.example.vn", client_id="shop", secret=…, url="https://shop.example.vn")

@login.required("LoA2")
def account(request):
    return JsonResponse({"name": login.person(request).claims["name"]})

urlpatterns = [path("account", account), *login.urls]
"""

import time
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Unpack
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from verifier.login.answers import MOST_BODY, Answer, Asked, refused
from verifier.login.opened import Settings, open_site
from verifier.login.person import SignedIn
from verifier.login.site import BACK, PAGES


class Login:
    """The sign-in of one application. Its pages are below `prefix`; a form that posts to `prefix/out` signs out."""

    def __init__(self, **settings: Unpack[Settings]) -> None:
        self.site = open_site(**settings)

    @property
    def urls(self) -> list[URLPattern]:
        """For the `urlpatterns` of the whole project: they begin at its root."""
        # Who may send what is for the site to decide: the token of a logout comes from a server, that of a form by its origin.
        return [path(f"{self.site.prefix}{page}".lstrip("/"), csrf_exempt(self._view(page))) for page in PAGES]

    def person(self, request: HttpRequest) -> SignedIn | None:
        """Who is signed in with this browser, at any level."""
        if not hasattr(request, "verifier_login_person"):
            request.verifier_login_person = self.site.person(request.COOKIES, now=int(time.time()))
        person: SignedIn | None = request.verifier_login_person
        return person

    def required(
        self, level: str = "LoA1", *, within: int | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """The view is for people who have proven this level, within so many seconds where that is said; others are sent to do so."""

        def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
            if iscoroutinefunction(view):
                raise TypeError("a view that needs somebody is a plain function: it may have to wait for the provider")

            @wraps(view)
            def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                here, now = request.get_full_path(), int(time.time())
                found = self.site.admit(_asked(request, ""), level, within=within, here=here, now=now)
                if isinstance(found, Answer):
                    return _response(found)
                request.verifier_login_person = found
                response = view(request, *args, **kwargs)
                response.headers.setdefault(
                    "Cache-Control", "no-store"
                )  # what is personal is for nobody after the logout
                return response

            return guarded

        return decorator

    def refresh(self, request: HttpRequest) -> SignedIn | None:
        """The person with new tokens and claims, also for the requests to come. Raises SignInFailed."""
        person = self.person(request)
        if person is not None:
            now = int(time.time())
            person = request.verifier_login_person = self.site.sign_in.refresh(person, now=now)
            self.site.keep(request.COOKIES, person, now=now)
        return person

    def _view(self, page: str) -> Callable[[HttpRequest], HttpResponse]:
        def view(request: HttpRequest) -> HttpResponse:
            length = request.headers.get("Content-Length") or "0"
            if not length.isdecimal() or int(length) > MOST_BODY:
                return _response(refused(413))
            return _response(self.site.answer(_asked(request, page), now=int(time.time())))

        return view


def _asked(request: HttpRequest, page: str) -> Asked:
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = tuple(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True))
    form = tuple((name, value) for name, values in request.POST.lists() for value in values) if page == BACK else ()
    return Asked(str(request.method), page, query, form, request.COOKIES, headers)


def _response(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status)
    for name, value in answer.headers:
        response.headers[name] = value
    if answer.cookie is not None:
        at = answer.cookie
        response.set_cookie(
            at.name, at.value, max_age=at.max_age, path="/", secure=at.secure, httponly=True, samesite="Lax"
        )
    return response
