"""Who may open what: one table of the counter's addresses, held against each request before anything else happens.

Spec: RFC 9110 §15.5.2, §15.5.4; OWASP ASVS 5.0 §8.2 (deny by default); attacks SE-01, SE-09

 1. An address that the table does not name is refused for everybody.
 2. Who works here is who has a session that has not ended, of an account that did not change since it began. What is wrong with a
    cookie makes nobody of whoever brings it, and takes what it held away.
 3. A password that somebody else made opens its own change, and nothing more.
 4. A role that the table does not name for this address is refused.

A simulation on this very machine that has no accounts is open: everybody is teller and supervisor there, and each page says so.
Whoever comes from another machine is refused, whatever name they write.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from flask import Flask, g, jsonify, make_response, redirect, request, session, url_for
from werkzeug.exceptions import Forbidden, InternalServerError, MisdirectedRequest
from werkzeug.wrappers import Response as AnyResponse

from certs.catalogue import Text
from certs.log import event
from verifier.staff import sign_in
from verifier.staff.file import Accounts
from verifier.staff.model import ROLE_NAMES, Role, StaffError
from verifier.web.errors import wants_json
from verifier.web.frame import counter

log = logging.getLogger(__name__)
Admitted = frozenset[Role] | Literal["everybody"]

EVERYBODY: Literal["everybody"] = "everybody"
STAFF = frozenset(Role)
TELLERS = frozenset({Role.TELLER, Role.SUPERVISOR})
SUPERVISORS = frozenset({Role.SUPERVISOR})
READERS = frozenset({Role.SUPERVISOR, Role.AUDITOR})

TABLE: Mapping[str, Admitted] = {
    "static": EVERYBODY,
    "check.home": STAFF,
    "check.form": TELLERS,
    "check.check": TELLERS,
    "check.scan_frame": TELLERS,
    "check.choose": TELLERS,
    "check.refresh": SUPERVISORS,
    "check.stands": EVERYBODY,  # says whether the counter answers, and how old its trust data is
    "check.trust": STAFF,
    "verdicts.verdict": TELLERS,
    "verdicts.receipt": TELLERS,
    "verdicts.receipt_as_text": TELLERS,
    "verdicts.receipt_as_json": TELLERS,
    "challenge.choose": TELLERS,
    "challenge.begin": TELLERS,
    "challenge.shown": TELLERS,
    "challenge.code": TELLERS,
    "challenge.answer": TELLERS,
    "challenge.scan_frame": TELLERS,
    "online.choose": TELLERS,
    "online.start": TELLERS,
    "online.shown": TELLERS,
    "online.code": TELLERS,
    "online.phase": TELLERS,
    "online.here": TELLERS,
    "online.verdict": TELLERS,
    "online.back": EVERYBODY,  # a customer's phone comes back here; a question is shown to the browser that asked it alone
    "online.fetched": EVERYBODY,  # these three: a customer's wallet, which knows the name of one question
    "online.posted": EVERYBODY,
    "online.answered": EVERYBODY,
    "customer.sign_in": TELLERS,
    "customer.stronger": TELLERS,
    "customer.callback": TELLERS,  # comes back to the browser of the teller who began
    "customer.customer": TELLERS,
    "customer.close": TELLERS,
    "logout.told": EVERYBODY,  # the provider's servers: its signed token alone says what is meant
    "logout.framed": EVERYBODY,  # the provider's page; means this very browser's customer alone
    "book.today": READERS,
    "book.day": READERS,
    "book.as_comma": READERS,
    "offline.worker": EVERYBODY,  # these three say nothing but what a counter is
    "offline.manifest": EVERYBODY,
    "offline.away": EVERYBODY,
    "staff.sign_in": EVERYBODY,
    "staff.enter": EVERYBODY,
    "staff.sign_out": STAFF,
    "staff.password": STAFF,
    "staff.change": STAFF,
    "staff.listed": SUPERVISORS,
}
CHANGING = ("staff.password", "staff.change", "staff.sign_out")
# Asked by a page's script, not by its person: the idle end stays where it is. A code that the camera found leads to a page.
BY_ITSELF = ("online.phase", "check.scan_frame", "challenge.scan_frame")
MACHINES = ("check.check", "check.refresh")  # whoever asks these for JSON
# Where a session that ended goes on: what lay on the shelf of the one before is not there any more.
_HOMES = {
    "check": "check.form",
    "verdicts": "check.form",
    "challenge": "challenge.choose",
    "online": "online.choose",
    "customer": "customer.customer",
    "book": "book.today",
}
_SERVICE = Text(
    "Quầy này có tài khoản nhân viên nên chỉ trả lời người đã đăng nhập. Hệ thống khác dùng dịch vụ: python -m verifier serve.",
    "This counter has accounts of staff, so it answers people who signed in. Systems use the service: python -m verifier serve.",
)
_ENDED = Text("Phiên làm việc đã hết. Hãy đăng nhập lại.", "Your session has ended. Sign in again.")


@dataclass(frozen=True, slots=True)
class Member:
    """Who is at the counter's screen. Without a name: anybody, at a counter without accounts."""

    name: str
    title: str
    roles: frozenset[Role]
    must_change: bool = False


ANYBODY = Member("", "", TELLERS)


def install(app: Flask) -> None:
    """After all that looks at the request itself."""
    app.before_request(_admit)
    app.context_processor(_context)


def member() -> Member | None:
    found: Member | None = g.get("member")
    return found


def may(endpoint: str) -> bool:
    who, admitted = member(), TABLE.get(endpoint)
    if admitted is None or admitted == EVERYBODY or who is None:
        return admitted == EVERYBODY
    return bool(who.roles & admitted) and not (who.must_change and endpoint not in CHANGING)


def accounts() -> Accounts | None:
    """None where this counter has none, and needs none. A file that cannot be read admits nobody."""
    team, config = counter().team, counter().config
    try:
        found = team.file.accounts() if team else None
    except StaffError as error:
        event(log, logging.ERROR, "staff_file_unusable", cause=str(error))
        raise InternalServerError() from error
    return {} if found is None and not config.open_to_all else found


def _admit() -> AnyResponse | None:
    endpoint = request.endpoint
    if endpoint is None:  # there is no such page: what tells so leads on as other pages do
        g.member = _who(act=False)
        return None
    admitted = TABLE.get(endpoint)
    if admitted is None:  # 1
        raise Forbidden()
    if admitted == EVERYBODY and (endpoint == "static" or "staff" not in session):
        return None
    g.member = _who(act=admitted != EVERYBODY and endpoint not in BY_ITSELF)  # 2
    if admitted == EVERYBODY:
        return None
    if g.member is None or (g.member.name and endpoint in MACHINES and wants_json()):
        return _not_signed_in(endpoint)
    if g.member.must_change and endpoint not in CHANGING:  # 3
        return redirect(url_for("staff.password"), 303)
    if not may(endpoint):  # 4
        raise Forbidden()
    return None


def _who(*, act: bool) -> Member | None:
    known, team = accounts(), counter().team
    if known is None:
        if not _of_this_machine():
            raise MisdirectedRequest()
        return ANYBODY
    secret = session.get("staff")
    if team is not None and isinstance(secret, str):
        now = int(time.time())
        found = sign_in.current(secret, accounts=known, sessions=team.sessions, act=act, now=now)
        if found is not None:
            return Member(found.name, found.title, found.roles, found.must_change)
    if "staff" in session:
        session.clear()
    return None


def _of_this_machine() -> bool:
    """By the connection: anybody may write this machine's name into a request."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _not_signed_in(endpoint: str) -> AnyResponse:
    if not wants_json():
        return redirect(url_for("staff.sign_in", next=_place()), 303)
    machine = endpoint in MACHINES
    reason = _SERVICE if machine else _ENDED
    body = {"error": "not_signed_in", "reason": {"vi": reason.vi, "en": reason.en}}
    if not machine:  # a page of ours: its script goes there
        body["location"] = url_for("staff.sign_in", next=_place())
    answer = make_response(jsonify(body), 401)
    answer.headers["WWW-Authenticate"] = 'Form realm="counter"'  # RFC 9110 §11.6.1: one is needed, and ours is a page
    return answer


def _place() -> str:
    """The page itself where it stands alone, else the first one of its kind. To the provider nobody is led on: a browser that came
    by a form follows it to no other site (CSP 3 §6.4.1)."""
    away = ("customer.callback", "customer.sign_in")
    if request.method == "GET" and not request.view_args and request.endpoint not in away:
        return request.path
    return url_for(_HOMES.get(request.blueprint or "", "check.home"))


def _context() -> dict[str, object]:
    return {"me": member(), "may": may, "role_names": ROLE_NAMES}
