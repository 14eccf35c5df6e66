"""Taking all of one's data along, as one file; asked for at the level that the account can prove, 2 at most.

Spec: Law on Personal Data Protection 91/2025/QH15 (right to a copy)
"""

import json
from collections.abc import Iterator
from typing import Any

import flask

from idp.accounts import export
from idp.web import security
from idp.web.context import Web
from idp.web.moments import day, iso
from idp.web.session import require_reachable

HOME = "/account/export"
LEVEL = 2


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("account_export", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        require_reachable(HOME, LEVEL)
        return flask.render_template("account_export.html")

    @routes.post("")
    def download() -> flask.Response:
        security.check_form()
        signed_in, now = require_reachable(HOME, LEVEL), web.clock()
        who = signed_in.holder
        with web.storage.transaction() as ports:
            export.begin(ports, who, now=now)
        with web.storage.reading() as ports:
            head = export.head(ports, who, signed_in.session, issuer=web.config.issuer, moment=iso, now=now)
        history = export.events(web.storage, who.account.account_id, moment=iso)
        answer = flask.Response(_written(head, history), mimetype="application/json")
        name = f"account-{'-'.join(reversed(day(now).split('/')))}.json"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    return routes


def _written(head: dict[str, Any], history: Iterator[dict[str, Any]]) -> Iterator[str]:
    """One JSON object, sent as it is read: a long history need not fit in memory."""
    yield json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "history": ['
    comma = ""
    for event in history:
        yield f"{comma}\n  {json.dumps(event, ensure_ascii=False)}"
        comma = ","
    yield "\n ]\n}\n"
