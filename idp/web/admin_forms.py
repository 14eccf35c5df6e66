"""The two forms of the register of clients: a new one, and the simple members of one that is there.

Spec: RFC 7591 §2, §3.2.1 (a secret is told once); RFC 7592 §2.2 (judged as a whole)
"""

from collections.abc import Mapping
from typing import Any

import flask
from werkzeug.exceptions import BadRequest

from certs.catalogue import Text
from idp.issuance.configurations import CREDENTIAL_SCOPES
from idp.login.session import SignedIn
from idp.model import Client
from idp.oidc.clients import client_changes, outward
from idp.oidc.clients.address_metadata import SECTOR
from idp.oidc.clients.client_changes import Change
from idp.oidc.clients.registration import RegistrationError, SectorError
from idp.oidc.context import Context
from idp.oidc.profiles import PROFILES
from idp.web import admin_fields, security
from idp.web.admin import ROOT, in_charge, officer
from idp.web.admin_clients import HOME, desk_of, first_time, kept
from idp.web.admin_fields import MEANWHILE, PROVES, TOGETHER, WRONG, Problems, Typed
from idp.web.consents import parts
from idp.web.context import Web
from idp.web.exchange import form, see_other

ADD = f"{ROOT}/new-client"  # not below HOME, where the ids of clients are
DEFAULT_PROFILE, LEAST = "agency", "baseline"
_PLAIN = {"client_name": "A", "purpose": "A", "redirect_uris": ["https://example.vn/"]}


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("admin_forms", __name__)

    @routes.get(ADD)
    def add() -> str:
        officer(HOME)
        blank = {"profile": DEFAULT_PROFILE, "proves": "secret"}
        return _page(web, blank, problems={})

    @routes.post(ADD)
    def submit_new() -> flask.typing.ResponseReturnValue:
        security.check_form()
        return _add(web, officer(HOME), admin_fields.read(form()))

    @routes.get(f"{HOME}/<client_id>/change")
    def change(client_id: str) -> str:
        officer(HOME)
        with web.storage.reading() as ports:
            client = kept(ports, client_id)
        return _page(web, admin_fields.of(client), problems={}, client=client)

    @routes.post(f"{HOME}/<client_id>/change")
    def submit_change(client_id: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        return _change(web, officer(HOME), client_id, admin_fields.read(form()))

    return routes


# --- a new one --------------------------------------------------------------------------------------------------------


def _add(web: Web, signed_in: SignedIn, typed: Typed) -> flask.typing.ResponseReturnValue:
    _check_choices(typed, proves=True)
    members = {**admin_fields.members_of(typed), **_proof(typed)}
    try:
        client, secret = _made(web, typed, members)
    except RegistrationError as error:
        return _page(web, typed, problems=_faults_of_new(web, typed, members) or _together(error)), 422
    try:
        added = outward.answered(web.oidc, lambda context: _store(web, signed_in, client, context))
    except SectorError:
        return _page(web, typed, problems={SECTOR: WRONG[SECTOR]}), 422
    if not added:
        return see_other(HOME)
    if secret is None:
        return see_other(flask.url_for("admin_clients.one", client_id=client.client_id))
    return flask.render_template("admin_client_secret.html", client=client, secret=secret, once=None, added=True)


def _store(web: Web, signed_in: SignedIn, client: Client, context: Context) -> bool:
    """False where this very form was sent before."""
    with web.storage.transaction() as ports:
        desk = desk_of(web, in_charge(ports, signed_in), context)
        if not first_time(web, ports):
            return False
        client_changes.add(ports, client, desk)
    return True


def _proof(typed: Typed) -> dict[str, Any]:
    method, kind = PROVES[typed["proves"]]
    keys = {"jwks": admin_fields.keys_of(typed)} if typed["proves"] == "key" else {}
    return {"token_endpoint_auth_method": method, "application_type": kind, **keys}


def _made(web: Web, typed: Typed, members: Mapping[str, Any]) -> tuple[Client, str | None]:
    return client_changes.new(
        members,
        profile=typed["profile"],
        entitled_to_pid=typed["entitled"] == "yes",
        secret=web.oidc.new_secret,
        simulation=web.config.simulation,
    )


def _faults_of_new(web: Web, typed: Typed, members: Mapping[str, Any]) -> Problems:
    """Keys, then the profile, upon words that are good; then each field upon a proof and a profile that are."""
    good, found = dict(typed), Problems()
    least = {"profile": LEAST, "entitled": ""}
    if good["proves"] == "key" and not _holds(web, {**good, **least}):
        found["jwks"], good["proves"] = WRONG["jwks"], "secret"
    if not _holds(web, good):
        if not found:  # else it may be for the keys alone
            field = "entitled" if _holds(web, {**good, "entitled": ""}) else "profile"
            found[field] = WRONG[field]
        good |= least
    return found | admin_fields.faults(members, lambda part: _made(web, good, {**_PLAIN, **_proof(good), **part}))


def _holds(web: Web, typed: Typed) -> bool:
    try:
        _made(web, typed, {**_PLAIN, **_proof(typed)})
    except RegistrationError:
        return False
    return True


# --- one that is there ------------------------------------------------------------------------------------------------


def _change(web: Web, signed_in: SignedIn, client_id: str, typed: Typed) -> flask.typing.ResponseReturnValue:
    _check_choices(typed, proves=False)
    with web.storage.reading() as ports:
        client = kept(ports, client_id)
    wanted = admin_fields.change_of(typed, client)
    try:
        meanwhile = outward.answered(
            web.oidc, lambda context: _store_change(web, signed_in, client_id, wanted, context)
        )
    except SectorError:
        return _page(web, typed, problems={SECTOR: WRONG[SECTOR]}, client=client), 422
    except RegistrationError as error:
        problems = _faults(web, client, wanted) or _together(error)
        return _page(web, typed, problems=problems, client=client), 422
    if meanwhile is not None:
        return _page(web, typed, problems={"name": MEANWHILE}, client=meanwhile), 409
    return see_other(flask.url_for("admin_clients.one", client_id=client_id))


def _store_change(web: Web, signed_in: SignedIn, client_id: str, wanted: Change, context: Context) -> Client | None:
    """What somebody else made of it meanwhile; then nothing was changed."""
    with web.storage.transaction() as ports:
        desk = desk_of(web, in_charge(ports, signed_in), context)
        held = ports.clients.hold(client_id)
        if held is None:
            flask.abort(404)
        if admin_fields.seen(held) != form().get("seen"):
            return held
        client_changes.change(ports, client_id, wanted, desk)
    return None


def _faults(web: Web, client: Client, wanted: Change) -> Problems:
    def attempt(members: Mapping[str, Any]) -> None:
        change = Change(members=members, without=wanted.without)
        client_changes.changed(client, change, simulation=web.config.simulation)

    def holds(*, entitled: bool | None) -> bool:
        change = Change(members={}, profile=wanted.profile, entitled_to_pid=entitled)
        try:
            client_changes.changed(client, change, simulation=web.config.simulation)
        except RegistrationError:
            return False
        return True

    found = admin_fields.faults(wanted.members, attempt)
    if not holds(entitled=wanted.entitled_to_pid):
        field = "entitled" if wanted.entitled_to_pid and holds(entitled=False) else "profile"
        found[field] = WRONG[field]
    return found


# --- both -------------------------------------------------------------------------------------------------------------


def _check_choices(typed: Typed, *, proves: bool) -> None:
    """Of fields that one chooses from, nothing else can be sent by our page."""
    if typed["profile"] not in PROFILES or (proves and typed["proves"] not in PROVES):
        raise BadRequest("no choice of ours")


def _together(error: RegistrationError) -> Problems:
    """In the registration's own words, which name the member."""
    return {"profile": Text(f"{TOGETHER.vi}: {error.text}", f"{TOGETHER.en}: {error.text}")}


def _page(web: Web, typed: Typed, *, problems: Problems, client: Client | None = None) -> str:
    return flask.render_template(
        "admin_client_form.html",
        typed=typed,
        problems=problems,
        client=client,
        seen=admin_fields.seen(client) if client else None,
        once=None if client else web.oidc.new_secret(),
        scopes=parts(admin_fields.OFFERED),
        documents=parts(tuple(CREDENTIAL_SCOPES)),
        profiles=list(PROFILES),
        action=flask.request.path,
    )
