"""The verifier as JSON over HTTP, for whoever is not written in Python: the same verdicts, the same policies.

Spec: OpenAPI 3.1 (`verifier/openapi.py` describes each address), RFC 9457 (problems), RFC 6750 §2.1 (bearer token); attacks MD-14.

A verdict is an answer, whatever it says, so it is 200 with an `outcome`. A problem is only what could not be judged at all.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import LengthRequired, UnsupportedMediaType

from certs.catalogue import Text
from certs.encoding import json_decode
from certs.errors import CertsError
from verifier import openapi, scan
from verifier.config import ServiceConfig
from verifier.foreign.anchors import Door
from verifier.keeper import Keeper
from verifier.once import Once
from verifier.openapi import AUDIENCE_LIMIT, CHALLENGE_LIMIT, TEXT_LIMIT
from verifier.policy.composed import MOST, AllOf, Demand, OneDocument, change
from verifier.policy.single import DEFAULT
from verifier.reasons import REASONS, Reason
from verifier.scan import NothingToCheck
from verifier.verifier import Verifier
from verifier.web.problems import Invalid, NoTrustData, Unauthorized

api = Blueprint("service", __name__)
OPEN = ("service.describe", "service.health")  # the rest is for those who have a token
PICTURES = ("image/png", "image/jpeg")


@dataclass(frozen=True, slots=True)
class Service:
    """What the addresses need; kept in `app.extensions`."""

    config: ServiceConfig
    keeper: Keeper
    once: Once
    policies: Mapping[str, Demand]
    tokens: tuple[bytes, ...] = field(repr=False)  # their SHA-256
    foreign: Door | None = None  # None: no anchors of foreign documents were given

    @property
    def together(self) -> Mapping[str, AllOf]:
        return {name: each for name, each in self.policies.items() if isinstance(each, AllOf)}

    @property
    def alone(self) -> Mapping[str, OneDocument]:
        return {name: each for name, each in self.policies.items() if not isinstance(each, AllOf)}


def service() -> Service:
    value: Service = current_app.extensions["service"]
    return value


def verifier() -> Verifier:
    found = service().keeper.verifier
    if found is None:
        raise NoTrustData()
    return found


@api.before_app_request
def check_token() -> None:
    """Before anything else is told, so that a stranger does not even learn which addresses there are."""
    if request.endpoint in OPEN:
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    shown = sha256(token.encode("utf-8", "surrogateescape")).digest()
    known = [secrets.compare_digest(shown, each) for each in service().tokens]
    if scheme.lower() != "bearer" or not any(known):
        raise Unauthorized()


@api.before_app_request
def check_length() -> None:
    """A body is read as a whole or not at all (HD-06, HD-07): a server hands on what was cut off as if it were whole."""
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired()
    stated, received = request.content_length or 0, len(request.get_data())
    if received < stated:
        raise Invalid("", "the body is cut off")


@api.after_app_request
def harden(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response


# --- addresses --------------------------------------------------------------------------------------------------------


@api.get("/openapi.json")
def describe() -> Response:
    held = service()
    abroad = held.foreign.accept if held.foreign else ()
    return jsonify(openapi.document(held.config.url, alone=held.alone, together=held.together, foreign=abroad))


@api.get("/health")
def health() -> Response:
    """Whether verdicts can be given at all; how good they are says `/v1/trust`."""
    return jsonify({"status": "ready", "bundle_sequence": verifier().bundle.sequence})


@api.get("/v1/trust")
def trust() -> Response:
    held = verifier()
    parts = [asdict(part) for part in held.bundle.parts()]
    return jsonify({"trust": held.trust_age().to_json(), "parts": parts})


@api.get("/v1/reasons")
def reasons() -> Response:
    return jsonify({"reasons": [_reason(each) for each in REASONS.values()]})


@api.post("/v1/check")
def check() -> Response:
    asked = _members({"credential", "policy", "audience", "challenge"}, needed=("credential",))
    text = _text(asked, "credential", most=TEXT_LIMIT)
    policy: Any = _demand(asked, service().alone)
    return jsonify(verifier().inspect(text, policy=policy, once=_guard(policy)).to_json())


@api.post("/v1/check-together")
def check_together() -> Response:
    asked = _members({"credentials", "policy", "audience", "challenge"}, needed=("credentials", "policy"))
    texts = _texts(asked, "credentials")
    policy: Any = _demand(asked, service().together)
    return jsonify(verifier().inspect_all(texts, policy=policy, once=_guard(policy)).to_json())


@api.post("/v1/check-foreign")
def check_foreign() -> Response:
    """A door of its own: nothing else here takes such a document, and this takes no other. It rests on its anchors alone."""
    asked = _members({"credential", "accept"}, needed=("credential", "accept"))
    text, accept = _text(asked, "credential", most=TEXT_LIMIT), asked["accept"]
    door = service().foreign
    known = door.accept if door else ()
    if door is None or not isinstance(accept, list) or not accept or not all(each in known for each in accept):
        raise Invalid(
            "/accept", f"some of these are needed: {', '.join(known) or 'there is none, no anchors are here'}"
        )
    return jsonify(door.foreign.inspect(text, accept=tuple(accept)).to_json())


@api.post("/v1/check-picture")
def check_picture() -> Response:
    """Of several codes none is chosen: the caller has them all, and asks again with one (QR-11)."""
    if request.mimetype not in PICTURES:
        raise UnsupportedMediaType()
    policy: Any = _demand(_query({"policy", "audience", "challenge"}), service().alone)
    held = verifier()
    try:
        text = _only(request.get_data())
    except NothingToCheck as nothing:
        told = {"credentials": list(nothing.texts), "reason": _both(nothing.reason), "report": None}
        return jsonify(told)
    report = held.inspect(text, policy=policy, once=_guard(policy))
    return jsonify({"credentials": [text], "reason": None, "report": report.to_json()})


def _guard(policy: Demand) -> Once | None:
    """Only where it is asked for: a system of the house may judge the same code at two desks."""
    return service().once if policy.one_time else None


def _only(picture: bytes) -> str:
    if not scan.is_picture(picture):
        raise NothingToCheck(scan.NOT_A_PICTURE)
    return scan.only(picture)


# --- what was sent ----------------------------------------------------------------------------------------------------


def _members(known: set[str], *, needed: tuple[str, ...]) -> Mapping[str, object]:
    """The body as an object with these members and no other. Raises Invalid, UnsupportedMediaType."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType()
    body = request.get_data()
    try:
        value = json_decode(body, limit=openapi.BODY_LIMIT)
    except CertsError as error:
        raise Invalid("", f"not JSON that is taken here: {error.code}") from error
    if not isinstance(value, dict):
        raise Invalid("", "an object is needed")
    for name in value.keys() - known:
        raise Invalid(f"/{name[:64]}", "no such member")
    for name in needed:
        if name not in value:
            raise Invalid(f"/{name}", "is needed")
    return value


def _query(known: set[str]) -> Mapping[str, object]:
    for name, values in request.args.lists():
        if name not in known or len(values) != 1:
            raise Invalid(f"?{name[:64]}", "no such parameter, or given twice")
    return request.args


def _text(asked: Mapping[str, object], name: str, *, most: int) -> str:
    value = asked[name]
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise Invalid(f"/{name}", f"a text of 1 to {most} characters is needed")
    return value


def _texts(asked: Mapping[str, object], name: str) -> list[str]:
    values = asked[name]
    if not isinstance(values, list) or not 1 <= len(values) <= MOST:
        raise Invalid(f"/{name}", f"a list of 1 to {MOST} texts is needed")
    return [_text({str(at): value}, str(at), most=TEXT_LIMIT) for at, value in enumerate(values)]


def _demand(asked: Mapping[str, object], policies: Mapping[str, Demand]) -> Demand:
    """The policy of that name, with what only the caller knows: for whom, and with what question."""
    named: Demand = DEFAULT
    if "policy" in asked:
        name = asked["policy"]
        if not isinstance(name, str) or name not in policies:
            raise Invalid("/policy", f"one of these is needed: {', '.join(policies) or 'there is none'}")
        named = policies[name]
    changes: dict[str, Any] = {}
    if "audience" in asked:
        changes["audience"] = _text(asked, "audience", most=AUDIENCE_LIMIT)
    if "challenge" in asked:
        changes["challenge"] = _challenge(_text(asked, "challenge", most=2 * CHALLENGE_LIMIT))
    return change(named, **changes)


def _challenge(digits: str) -> bytes:
    if len(digits) % 2 or not set(digits) <= set("0123456789abcdef"):
        raise Invalid("/challenge", "pairs of hexadecimal digits in lower case are needed")
    return bytes.fromhex(digits)


def _reason(entry: Reason) -> dict[str, object]:
    return {
        "code": entry.code,
        "outcome": "undetermined" if entry.undetermined else "rejected",
        "reason": _both(entry.sentence),
        "advice": _both(entry.advice),
    }


def _both(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}
