"""The phone's addresses: enrolling it, asking who wants to be let in, bringing the decision. Programs call them.

Spec: `idp.oidc.devices`, `idp.login.answering` (checks and their answers); RFC 9110 §10.2.3 (`Retry-After`)
"""

import flask

from certs.catalogue import CATALOGUE, Text
from idp.issuance.configurations import by_document
from idp.login import answering, approval
from idp.login.answering import NotFound, PasscodeWrong, Sent
from idp.login.approval import Asking
from idp.login.attempts import TooMany
from idp.login.devices import DeviceRefused
from idp.login.origin import source
from idp.model import Client
from idp.oidc import devices, resources
from idp.oidc.claims import released_by
from idp.oidc.request import Response, json_response
from idp.oidc.scopes import DEVICE, OFFLINE
from idp.web import errors
from idp.web.context import Web
from idp.web.exchange import answered, received
from idp.web.facts import alone, resource
from idp.web.login import Asker, asker

DEVICES, VIEW, DECISION = "/devices", "/approvals/view", "/approvals/decision"
NOT_FOUND = json_response(
    {"error": "not_found", "error_description": "Unknown, expired, decided, or for somebody else."}, status=404
)

_SIGN_IN = Text("Đăng nhập", "Signing in")
_OFFLINE = Text("Đọc được cả khi bạn không có mặt", "Reading it also while you are away")
_DEVICE = Text("Thêm một thiết bị để xác nhận đăng nhập", "Adding a device that approves sign-ins")
_RECOVERY = Text("Đặt lại mật khẩu của tài khoản", "Setting a new password for the account")
_OWN = Text("Trang định danh của bạn", "Your identity pages")


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("devices", __name__)
    errors.answers_programs(DEVICES, "/approvals")

    @routes.post(DEVICES)
    def enrol() -> flask.Response:
        try:
            return answered(
                devices.respond(
                    web.storage,
                    received(),
                    context=web.oidc,
                    address=_address(),
                    simulation=web.config.simulation,
                    now=web.clock(),
                )
            )
        except TooMany as limit:
            return answered(_too_many(limit))

    @routes.post(VIEW)
    def view() -> flask.Response:
        try:
            sent = devices.strings(received(), frozenset({"request", "proof"}))
            asked = Sent(request=sent["request"], proof=sent["proof"], address=_address())
            asking = answering.look(web.storage, asked, issuer=web.config.issuer, now=web.clock())
        except DeviceRefused as error:
            return answered(devices.refused(error))
        except NotFound:
            return answered(NOT_FOUND)
        return answered(json_response(shown(web, asking)))

    @routes.post(DECISION)
    def decision() -> flask.Response:
        return answered(_decide(web))

    return routes


def _decide(web: Web) -> Response:
    try:
        sent = devices.strings(received(), frozenset({"request", "proof"}), frozenset({"passcode"}))
        decided = answering.answer(
            web.storage,
            Sent(request=sent["request"], proof=sent["proof"], passcode=sent.get("passcode"), address=_address()),
            issuer=web.config.issuer,
            new_secret=web.oidc.new_secret,
            now=web.clock(),
        )
    except DeviceRefused as error:
        return devices.refused(error)
    except NotFound:
        return NOT_FOUND
    except PasscodeWrong as error:
        return json_response({"error": "passcode_wrong", "tries_left": error.tries_left}, status=403)
    except TooMany as limit:
        return _too_many(limit)
    if decided.outcome == approval.VOID:
        return json_response({"error": "number_mismatch"}, status=403)
    back = None
    if decided.result is not None:
        path = flask.url_for("approval.returned", identifier=decided.interaction_id, result=decided.result)
        back = web.config.issuer + path
    return json_response({"outcome": decided.outcome, "redirect_to": back})


def shown(web: Web, asking: Asking) -> dict[str, object]:
    """Who asks, for what, from where, since when, in words; and the numbers to choose from."""
    with web.storage.reading() as ports:
        client = ports.clients.get(asking.client_id) if asking.client_id else None
    who = Asker(_OWN, _SIGN_IN, web.config.netloc)
    if asking.recovers:  # whoever started it gets the account: that is what must be read, not where they came from
        who = Asker(_OWN, _RECOVERY, web.config.netloc)
    elif client is not None and asking.redirect_uri is not None:
        who = asker(client, asking.redirect_uri)
    told: dict[str, object] = {
        "client": _both(who.name),
        "host": who.host,
        "purpose": _both(who.purpose),
        "asks_for": [_both(one) for one in ([_RECOVERY] if asking.recovers else _asked(asking.scopes, client))],
        "place": asking.place,
        "device": asking.device,
        "asked_at": asking.asked_at,
        "expires": asking.expires,
        "same_device": asking.same_device,
    }
    return told if asking.same_device else told | {"numbers": list(asking.numbers)}


def _asked(scopes: tuple[str, ...], client: Client | None) -> list[Text]:
    """What the consent page would list, by its names alone: nobody is signed in yet, so there are no values."""
    withheld = {"sub"} if client is None or client.entitled_to_pid else {"sub", "personal_identification_number"}
    asked = {one.name: one.label for one in released_by(scopes) if one.name not in withheld}
    labels = [label for name, label in asked.items() if alone(asked, name)]
    documents = [CATALOGUE[kind.name].title for kind, _ in by_document(scopes)]
    more = [text for scope, text in ((OFFLINE, _OFFLINE), (DEVICE, _DEVICE)) if scope in scopes]
    elsewhere = [resource(uri) for uri in resources.of_scopes(scopes)]
    return [*labels, *documents, *elsewhere, *more] or [_SIGN_IN]


def _both(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}


def _address() -> str:
    return source(flask.request.remote_addr or "")


def _too_many(limit: TooMany) -> Response:
    content = {"error": "too_many_tries", "error_description": "Nothing was tried. Wait, then try again."}
    return json_response(content, status=429, headers=(("Retry-After", str(limit.wait)),))
