"""Making recovery codes: a new set replaces the former one, and is shown once. Spec: NIST SP 800-63B-4 §3.1.2, §4.2.1.1"""

import secrets

import flask

from idp.login import holding, recovery_codes
from idp.login.notices import tell
from idp.model import AuthenticatorKind
from idp.web import security
from idp.web.context import Web
from idp.web.factors import HOME, manager


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("recovery_codes", __name__)

    @routes.get(f"{HOME}/recovery")
    def page() -> str:
        account_id = manager(web).session.account_id
        with web.storage.reading() as ports:
            left = recovery_codes.left(ports.authenticators.of_account(account_id))
        return flask.render_template("recovery_codes.html", left=left, codes=())

    @routes.post(f"{HOME}/recovery")
    def make() -> str:
        security.check_form()
        account, now = manager(web).holder.account, web.clock()
        codes = recovery_codes.generate(secrets.token_bytes)
        with web.storage.transaction() as ports:
            recovery_codes.replace_all(
                ports, account.account_id, codes, key=web.code_key, new_secret=web.oidc.new_secret, now=now
            )
            told = holding.added(AuthenticatorKind.RECOVERY_CODE, "")
            tell(ports, account, told, now=now, simulation=web.config.simulation)
        return flask.render_template("recovery_codes.html", left=len(codes), codes=codes)

    return routes
