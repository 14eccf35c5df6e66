"""Backup and restore: a file under a passphrase, and the way on to new documents on a new device.

Spec: `wallet/backup.md`; the rules stand in `wallet.backup` and `wallet.restoring`.

    GET       /backup                          what waits to be issued anew; on to the two forms
    GET, POST /backup/new                      form: passphrase, again → the file
    GET, POST /backup/restore                  multipart: file, passphrase → 303 to /backup, or the form with what was wrong
    POST      /backup/awaited/<id>/receive     to the issuer, by the refresh token or by asking
    POST      /backup/awaited/<id>/forget
"""

import logging

import flask

from certs.catalogue import CATALOGUE
from certs.log import event
from wallet import authorization, backup, restoring, words
from wallet import issuer as issuers
from wallet.errors import WalletError
from wallet.wallet import awaited_id
from wallet.web import asking, frame
from wallet.web.log import request_id
from wallet.web.rooms import rooms

log = logging.getLogger(__name__)
pages = flask.Blueprint("backup", __name__)
NAME = "wallet-backup.vnwb"
FIELDS = {"passphrases_differ": "again", "backup_missing": "file"}  # where a refusal belongs; else as given below


@pages.get("/backup")
def show() -> flask.typing.ResponseReturnValue:
    owner = frame.owner()
    rows = [
        (awaited_id(owner, each), CATALOGUE[each.type], each, words.day(each.expires))
        for each in rooms().wallet.awaited(owner)
    ]
    frame.allow_form_to_issuer()
    return flask.render_template("backup.html", rows=rows, done=flask.request.args.get("done") == "1")


@pages.get("/backup/new")
def form() -> flask.typing.ResponseReturnValue:
    frame.proven_recently()
    return flask.render_template("backup_new.html", error=None, field="")


@pages.post("/backup/new")
def make() -> flask.typing.ResponseReturnValue:
    session, at = frame.signed_in_form(), rooms()
    frame.proven_recently()
    given = flask.request.form.get("passphrase", "")
    try:
        backup.checked_passphrase(given)
        if flask.request.form.get("again", "") != given:
            raise WalletError("passphrases_differ")
        backup.admit(at.wallet.storage, frame.owner(), now=at.clock())
        contents = restoring.gather(at.wallet, frame.owner(), pid=session.person.pid, now=at.clock())
        sealed = backup.seal(restoring.write(contents), given)
    except WalletError as error:
        return _again("backup_new.html", error, "passphrase")
    return frame.attachment(sealed, NAME, "application/octet-stream")


@pages.get("/backup/restore")
def restore_form() -> flask.typing.ResponseReturnValue:
    frame.signed_in()
    return flask.render_template("backup_restore.html", error=None, field="")


@pages.post("/backup/restore")
def restore() -> flask.typing.ResponseReturnValue:
    session, at = frame.signed_in_form(), rooms()
    file = flask.request.files.get("file")
    try:
        data = file.read() if file else b""
        if not data:
            raise WalletError("backup_missing")
        backup.admit(at.wallet.storage, frame.owner(), now=at.clock())
        contents = restoring.read(backup.open_(data, flask.request.form.get("passphrase", "")))
        restoring.restore(at.wallet, frame.owner(), contents, pid=session.person.pid, now=at.clock())
    except WalletError as error:
        return _again("backup_restore.html", error, "passphrase" if error.code == "backup_unopened" else "file")
    return flask.redirect(flask.url_for("backup.show", done="1"), 303)


@pages.post("/backup/awaited/<id_>/receive")
def receive(id_: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    at, owner = rooms(), frame.owner()
    awaited = at.wallet.awaited_document(owner, id_)
    if awaited.credential_issuer != at.config.issuer:  # a file names it: no file sends the wallet anywhere
        raise WalletError("issuer_untrusted", "an issuer of a backup that this wallet does not know")
    issuer = issuers.look_up(awaited.credential_issuer, awaited.configurations, web=at.wallet.web)
    if awaited.renewal is None:
        return asking.go(issuer)
    access = authorization.renew(awaited.renewal, issuer, asking.client(), web=at.wallet.web, now=at.clock())
    renewal = (access.renewal or awaited.renewal) if access else None
    at.wallet.note_awaited_renewal(owner, awaited, renewal, now=at.clock())
    return asking.go(issuer) if access is None else asking.arrive(issuer, access)


@pages.post("/backup/awaited/<id_>/forget")
def forget(id_: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    at, owner = rooms(), frame.owner()
    at.wallet.forget_awaited(owner, at.wallet.awaited_document(owner, id_))
    return flask.redirect(flask.url_for("backup.show"), 303)


def _again(template: str, error: WalletError, field: str) -> flask.typing.ResponseReturnValue:
    """The form again, with what was wrong at the field that it is about. Passphrases are never sent back."""
    event(log, logging.INFO, "backup_refused", request=request_id(), code=error.code, cause=error.detail)
    field = FIELDS.get(error.code, field)
    status = 429 if error.code == "too_many_tries" else 422
    return flask.render_template(template, error=error, field=field), status
