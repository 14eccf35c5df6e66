"""The pages of a lost password: whose, the proofs without it, the new one.

A known and an unknown name are led through the same pages. Spec: NIST SP 800-63B-4 §4.2; attacks.md BF-11, BF-12
"""

import flask

from certs.catalogue import Text
from idp.login import interaction, recovery
from idp.login.acr import KINDS, Factor, Kind, factors_of
from idp.login.interaction import Interaction
from idp.login.password import hash_password
from idp.login.sign_in import MAX_IDENTIFIER
from idp.ports import Ports
from idp.web import errors, language, security, walk
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.login import NO_IDENTIFIER, Way
from idp.web.new_password import Problems, chosen

# What each page can prove, by the last part of its address. It is left out where that is proven, or not to be had here.
WAYS = (
    (
        "passkey",
        Text("Khóa truy cập (passkey)", "Passkey"),
        frozenset({Kind.POSSESSED, Kind.UNLOCKED}),
    ),
    (
        "phone",
        Text("Ứng dụng trên điện thoại", "The app on your phone"),
        frozenset({Kind.POSSESSED, Kind.KNOWN}),
    ),
    ("code", Text("Mã dùng một lần", "One-time code"), frozenset({Kind.POSSESSED})),
    ("face", Text("Khuôn mặt (mô phỏng)", "Face (simulated)"), frozenset({Kind.BIOMETRIC})),
)
PROVED = {
    Kind.POSSESSED: Text("thiết bị hoặc số điện thoại của bạn", "your device or phone number"),
    Kind.UNLOCKED: Text("cách bạn mở khóa thiết bị", "the way you unlock your device"),
    Kind.KNOWN: Text("mã của ứng dụng", "the passcode of the app"),
    Kind.BIOMETRIC: Text("khuôn mặt của bạn", "your face"),
}


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("recovery", __name__)

    @routes.get("/recover")
    def page() -> str:
        return _ask(flask.request.args.get("back", ""), problems={})

    @routes.post("/recover")
    def begin() -> flask.typing.ResponseReturnValue:
        security.check_form()
        return _begin(web)

    @routes.get("/recover/<identifier>")
    def gather(identifier: str) -> flask.typing.ResponseReturnValue:
        return _gather(web, identifier)

    @routes.post("/recover/<identifier>")
    def finish(identifier: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        return _finish(web, identifier)

    @routes.get("/recovered")
    def done() -> str:
        back = flask.request.args.get("back", "")
        with web.storage.reading() as ports:
            found = interaction.find(ports, back, browser=security.cookie(security.BROWSER), now=web.clock())
        if found:
            language.prefer(found.locales, since=found.begun)
        address = flask.url_for("login.page", identifier=back) if found else flask.url_for("home.sign_in")
        return flask.render_template("password_set.html", next=address, recovered=True)

    return routes


def _begin(web: Web) -> flask.typing.ResponseReturnValue:
    """To the page of proofs, whatever was typed; from `back`, a log-in that waits, it leads back there at the end."""
    sent, now, browser = form(), web.clock(), security.browser()
    name, back = (sent.get("identifier") or "").strip(), sent.get("back") or ""
    if not name:
        return _ask(back, problems={"identifier": NO_IDENTIFIER.text}), 422
    with web.storage.transaction() as ports:
        waits = interaction.find(ports, back, browser=browser, now=now)
        pending = Interaction(
            browser=interaction.browser_hash(browser),
            next=flask.url_for("login.page", identifier=back) if waits else None,
            locales=waits.locales if waits else (),
            begun=waits.begun if waits else now,
        )
        identifier = recovery.begin(
            ports, pending, name[:MAX_IDENTIFIER], key=web.seal_key, new_secret=web.oidc.new_secret, now=now
        )
    return see_other(flask.url_for("recovery.gather", identifier=identifier))


def _gather(web: Web, identifier: str) -> flask.typing.ResponseReturnValue:
    with web.storage.reading() as ports:
        pending = _pending(ports, web, identifier)
        if pending is not None and recovery.enough(ports, pending, offered=web.oidc.factors):
            return _new_password(problems={})
        hopeless = pending is not None and _is_hopeless(ports, web, pending)
    if pending is None:
        security.refused("interaction")
        return errors.expired_page()
    return _ways(web, identifier, pending, hopeless=hopeless)


def _finish(web: Web, identifier: str) -> flask.typing.ResponseReturnValue:
    now, who = web.clock(), None
    with web.storage.reading() as ports:
        pending = _pending(ports, web, identifier)
        if pending is not None and recovery.enough(ports, pending, offered=web.oidc.factors):
            who = recovery.in_time(ports, pending, now=now)
    if pending is None or who is None:
        security.refused("recovery")
        return errors.expired_page(403)
    password, problems = chosen(form(), who)
    if problems:
        return _new_password(problems=problems), 422
    if not _set(web, identifier, pending, hash_password(password), now=now):
        security.refused("recovery")
        return errors.expired_page(403)
    answer = see_other(flask.url_for("recovery.done", back=(pending.next or "").rpartition("/")[2] or None))
    security.drop_cookie(answer, security.SESSION)
    return answer


def _pending(ports: Ports, web: Web, identifier: str) -> Interaction | None:
    found = interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=web.clock())
    if found is None or not found.recovers:
        return None
    language.prefer(found.locales, since=found.begun)
    return found


def _set(web: Web, identifier: str, pending: Interaction, hashed: str, *, now: int) -> bool:
    with web.storage.transaction() as ports:
        ports.authenticators.hold(pending.account_id or "")  # who removes what was proven with waits, or was faster
        if interaction.finish(ports, identifier, browser=security.cookie(security.BROWSER), now=now) is None:
            return False
        who = recovery.in_time(ports, pending, now=now)
        return who is not None and recovery.finish(ports, who, hashed, now=now, simulation=web.config.simulation)


def _is_hopeless(ports: Ports, web: Web, pending: Interaction) -> bool:
    """Said only to who proved something: to a stranger it would tell what the account has, and that it exists."""
    if not pending.proofs or pending.account_id is None:
        return False
    return not recovery.possible(ports, pending.account_id, offered=web.oidc.factors)


def _ask(back: str, *, problems: Problems) -> str:
    walk.speak(back)
    return flask.render_template("recover.html", back=back, problems=problems)


def _new_password(*, problems: Problems) -> str:
    return flask.render_template("new_password.html", action=flask.request.path, problems=problems, asks_current=False)


def _ways(web: Web, identifier: str, pending: Interaction, *, hopeless: bool) -> str:
    shown = {KINDS[factor] for factor in factors_of(pending.proofs)}
    offered = {KINDS[factor] for factor in web.oidc.factors - {Factor.PASSWORD}}
    ways = [
        Way(text, f"{flask.url_for('login.page', identifier=identifier)}/{part}")
        for part, text, kinds in WAYS
        if kinds - shown and kinds <= offered
    ]
    proved = [PROVED[kind] for kind in PROVED if kind in shown]
    return flask.render_template("recover_ways.html", ways=ways, proved=proved, hopeless=hopeless)
