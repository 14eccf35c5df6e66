"""A try, as the request tells it: from where, for which relying party, from a browser that knows the account or not.

`of(web, pending, account_id, secret=Secret.CODE)` makes it; `idp.login.attempts.begin` counts it before the work; a wrong
one ends in `attempts.fail`, a right one in `proven(tried=…)`. Spec: attacks.md §4.10
"""

import flask

from idp.login import attempts, known_device
from idp.login.acr import Factor
from idp.login.attempts import Secret, Try
from idp.login.interaction import Interaction
from idp.login.origin import source
from idp.model import Account
from idp.web import security
from idp.web.context import Web

DEVICE = "idp_device"


def of(web: Web, pending: Interaction | None, subject: str, *, secret: Secret, typed: str | None = None) -> Try:
    """`subject` is the account's id, or what was typed where nobody was found; `typed` if a name was typed for this try."""
    return Try(
        subject=subject,
        address=source(flask.request.remote_addr or ""),
        secret=secret,
        client_id=str(pending.authorization["client_id"]) if pending and pending.authorization else None,
        typed=typed,
        known_device=_known_device(web, subject, secret),
    )


def is_known(web: Web, account: Account) -> bool:
    """Was the account used in this browser before?"""
    return known_device.read(_cookie(), account, key=web.seal_key, now=web.clock()) is not None


def remember(web: Web, response: flask.Response, account: Account, *, factors: frozenset[Factor]) -> None:
    """From now on this browser is known to the account, which proved these factors in it."""
    value = known_device.remembered(
        _cookie(), account, proven=attempts.shown(factors), key=web.seal_key, now=web.clock()
    )
    security.set_cookie(response, DEVICE, value, max_age=known_device.LIFETIME)


def _known_device(web: Web, subject: str, secret: Secret) -> str | None:
    cookie = _cookie()
    if cookie is None:
        return None
    with web.storage.reading() as ports:
        account = ports.accounts.get(subject)
    known = known_device.read(cookie, account, key=web.seal_key, now=web.clock())
    return known.name if known is not None and secret in known.proven else None


def _cookie() -> str | None:
    return flask.request.cookies.get(security.cookie_name(DEVICE))
