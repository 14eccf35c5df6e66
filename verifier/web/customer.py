"""Sign a customer in at the counter, and show what the bank received."""

import time

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as AnyResponse

from verifier.claims import customer_facts, customer_name
from verifier.login import LEVELS, Need, SignedIn, SignIn, SignInFailed, need_level
from verifier.web.frame import counter, desk, require_form_token

pages = Blueprint("customer", __name__)

STRONGER = LEVELS[1:3]  # what a teller asks for: a second factor, or a biometric beside it


@pages.get("/sign-in")
def sign_in() -> AnyResponse:
    # One counter, many customers: who signed in before must not be taken for the next one.
    return _begin(prompt="login")


@pages.get("/customer/stronger/<level>")
def stronger(level: str) -> AnyResponse:
    """The customer at the counter adds what is missing for what they want to do, and nothing else (RFC 9470 §5)."""
    now = int(time.time())
    person: SignedIn | None = counter().shelf.get(desk(), "customer", now=now)
    if person is None or level not in STRONGER:
        raise NotFound()
    need = need_level(person, level, now=now)
    return redirect(url_for("customer.customer"), 303) if need is None else _begin(need=need)


def _begin(prompt: str | None = None, need: Need | None = None) -> AnyResponse:
    now = int(time.time())
    url, pending = _sign_in().begin(now=now, prompt=prompt, need=need)
    counter().shelf.put(desk(), "pending", pending, now=now)
    return redirect(url, 303)


@pages.get("/callback")
def callback() -> AnyResponse:
    """The way back from the provider. What is pending is taken, so that no answer is used twice."""
    now = int(time.time())
    if any(len(values) > 1 for _, values in request.args.lists()):  # RFC 6749 §3.1: a parameter comes once
        raise BadRequest()
    pending = counter().shelf.take(desk(), "pending", now=now)
    person = _sign_in().complete(request.args.to_dict(), pending, now=now)
    counter().shelf.put(desk(), "customer", person, now=now)
    return redirect(url_for("customer.customer"), 303)


@pages.get("/customer")
def customer() -> AnyResponse:
    person: SignedIn | None = counter().shelf.get(desk(), "customer", now=int(time.time()))
    if person is None:
        return make_response(render_template("no_customer.html"))
    page = render_template(
        "customer.html",
        person=person,
        name=customer_name(person.claims),
        facts=customer_facts(person.claims),
        stronger=[level for level in STRONGER if level > (person.acr or "")],
    )
    return make_response(page)


@pages.post("/customer/close")
def close() -> AnyResponse:
    """The customer leaves the counter: what was received is forgotten; where they wish, they sign out at the provider too."""
    require_form_token()
    now, home = int(time.time()), url_for("check.home")
    person: SignedIn | None = counter().shelf.take(desk(), "customer", now=now)
    if person is None or "everywhere" not in request.form:
        return redirect(home, 303)
    try:
        return redirect(_sign_in().sign_out(person, now=now) or home, 303)
    except SignInFailed:  # it cannot be reached; here the customer is forgotten all the same
        return redirect(home, 303)


def _sign_in() -> SignIn:
    client = counter().sign_in
    if client is None:
        raise NotFound()
    return client
