"""One-time codes at log-in: from an app, by short message, or from the list of recovery codes.

As the first step (a name, then a code) they reach level 1; after another factor they add to it; in a recovery they prove
what it asks for. Who exists, which code was wrong and why is told to nobody. Spec: NIST SP 800-63B-4 §3.1.2–3.1.4, §3.2.2; attacks.md BF-05, BF-07, BF-08, BF-13
"""

import secrets
from collections.abc import Callable

import flask

from certs.catalogue import Text
from idp.login import attempts, interaction, recovery, recovery_codes, short_message, totp
from idp.login.acr import Factor
from idp.login.attempts import HiddenLimit, Secret, Try
from idp.login.interaction import Interaction
from idp.login.origin import source
from idp.login.short_message import Asking, Held, Sent, TooSoon
from idp.login.sign_in import find, normal
from idp.login.standing import obstacle
from idp.ports import Ports
from idp.web import errors, security, tries
from idp.web.code_page import NO_CODE, NO_IDENTIFIER, REFUSED, View, Way, is_named, render, too_soon
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.proven import Proof, client_id, proven
from idp.web.session import current_session

MAX_IDENTIFIER, MAX_CODE = 64, 32
FROM_APP = frozenset({Factor.ONE_TIME_CODE})
BY_MESSAGE = frozenset({Factor.SHORT_MESSAGE})

Answer = flask.typing.ResponseReturnValue
Look = Callable[[Ports, int], Proof | None]


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("code", __name__, url_prefix="/login/<step>/code")

    @routes.get("")
    def page(step: str) -> str:
        return render(web, _pending(web, step), View(step=step))

    @routes.get("/app")
    def app(step: str) -> str:
        return render(web, _pending(web, step), View(step=step, way=Way.APP))

    @routes.post("/app")
    def submit_app(step: str) -> Answer:
        return _from_app(web, step, _sent_to(web, step))

    @routes.get("/recovery")
    def recovery_code(step: str) -> str:
        return render(web, _not_alone(_pending(web, step)), View(step=step, way=Way.RECOVERY))

    @routes.post("/recovery")
    def submit_recovery(step: str) -> Answer:
        return _from_list(web, step, _not_alone(_sent_to(web, step)))

    if Factor.SHORT_MESSAGE in web.oidc.factors:
        _by_message(web, routes)
    return routes


def _by_message(web: Web, routes: flask.Blueprint) -> None:
    @routes.get("/message")
    def send_page(step: str) -> str:
        return render(web, _pending(web, step), View(step=step, way=Way.SEND))

    @routes.post("/message")
    def send(step: str) -> Answer:
        return _send(web, step, _sent_to(web, step))

    @routes.get("/message/<code_id>")
    def message(step: str, code_id: str) -> Answer:
        pending = _pending(web, step)
        held = _held(web, step, code_id)
        if held is None:  # too old, or another step's
            return see_other(flask.url_for("code.page", step=step))
        return render(web, pending, View(step=step, way=Way.MESSAGE, code_id=code_id, typed=held.typed))

    @routes.post("/message/<code_id>")
    def submit_message(step: str, code_id: str) -> Answer:
        return _from_message(web, step, _sent_to(web, step), code_id)


# --- whose step it is -------------------------------------------------------------------------------------------------


def _pending(web: Web, step: str, *, status: int = 400) -> Interaction:
    """The interaction of this browser; who adds to a session must still have it. Otherwise the request ends here."""
    with web.storage.reading() as ports:
        pending = interaction.find(ports, step, browser=security.cookie(security.BROWSER), now=web.clock())
    signed_in = current_session() if pending is not None and pending.adds else None
    if pending is None or (pending.adds and (signed_in is None or signed_in.session.account_id != pending.account_id)):
        security.refused("interaction")
        flask.abort(errors.expired_page(status))
    return pending


def _sent_to(web: Web, step: str) -> Interaction:
    security.check_form()
    return _pending(web, step, status=403)


def _not_alone(pending: Interaction) -> Interaction:
    """Recovery codes stand in for what was lost beside a factor that is left; alone they open nothing."""
    if not is_named(pending):
        flask.abort(404)
    return pending


def _subject(web: Web, pending: Interaction, name: str) -> str:
    """Whose tries are counted: the account's, or those of nobody who has this name, the same in every flow."""
    if is_named(pending):
        return pending.account_id or ""
    with web.storage.reading() as ports:
        account = find(ports, name)
    return account.account_id if account else recovery.nobody(normal(name), key=web.seal_key)


def _typed(pending: Interaction, name: str) -> str | None:
    """Under which name it is counted, beside the account: in a recovery the one that it began with, in a step-up none."""
    return pending.typed if is_named(pending) else name


# --- the three ways ---------------------------------------------------------------------------------------------------


def _from_app(web: Web, step: str, pending: Interaction) -> Answer:
    sent = form()
    name, code = (sent.get("identifier") or "").strip()[:MAX_IDENTIFIER], _code(sent.get("code"))
    missing = [*([] if name or is_named(pending) else [NO_IDENTIFIER]), *([] if code else [NO_CODE])]
    view = View(step=step, way=Way.APP, typed=name, problems=tuple(missing) or (REFUSED,))
    if missing:
        return render(web, pending, view), 422
    account_id = _subject(web, pending, name)

    def look(ports: Ports, now: int) -> Proof | None:
        found = totp.find(ports.authenticators.of_account(account_id), code, sealer=web.sealer, now=now)
        if found is None:
            return None
        return Proof(account_id=account_id, factors=FROM_APP, use=lambda ports: totp.spend(ports, *found, now=now))

    return _attempt(web, pending, view, account_id, typed=_typed(pending, normal(name)), look=look)


def _from_list(web: Web, step: str, pending: Interaction) -> Answer:
    code, account_id = _code(form().get("code")), pending.account_id or ""
    view = View(step=step, way=Way.RECOVERY, problems=(REFUSED,) if code else (NO_CODE,))
    if not code:
        return render(web, pending, view), 422

    def look(ports: Ports, now: int) -> Proof | None:
        found = recovery_codes.find(ports, account_id, code, key=web.code_key)
        if found is None:
            return None
        return Proof(
            account_id=account_id, factors=FROM_APP, use=lambda ports: recovery_codes.spend(ports, found, now=now)
        )

    return _attempt(web, pending, view, account_id, typed=_typed(pending, ""), look=look)


def _from_message(web: Web, step: str, pending: Interaction, code_id: str) -> Answer:
    code, held = _code(form().get("code")), _held(web, step, code_id)
    view = View(step=step, way=Way.MESSAGE, code_id=code_id, typed=held.typed if held else "", problems=(REFUSED,))
    if not code:
        return render(web, pending, View(step=step, way=Way.MESSAGE, code_id=code_id, problems=(NO_CODE,))), 422
    if held is None:
        return render(web, pending, view), 422  # there is nothing that the code could be compared with
    account_id = _subject(web, pending, held.typed)

    def look(ports: Ports, now: int) -> Proof | None:
        if not short_message.is_right(ports, held, code, key=web.code_key, now=now) or held.account_id != account_id:
            return None
        return Proof(
            account_id=account_id, factors=BY_MESSAGE, use=lambda ports: short_message.spend(ports, held, now=now)
        )

    return _attempt(web, pending, view, account_id, typed=_typed(pending, held.typed), look=look)


def _attempt(web: Web, pending: Interaction, view: View, account_id: str, *, typed: str | None, look: Look) -> Answer:
    """Count, compare, and only then open; what is refused is shown by `view`, the same for every reason."""
    now, reason = web.clock(), "wrong_code"
    tried = tries.of(web, pending, account_id, secret=Secret.CODE, typed=typed)
    try:
        attempts.begin(web.storage, tried, now=now)
    except HiddenLimit:
        reason = "limit"
    with web.storage.transaction() as ports:
        proof = look(ports, now)
    if proof is not None and reason != "limit":
        answer = proven(web, view.step, pending, proof, tried=tried)
        if answer is not None:
            return answer
    else:
        _refused(web, tried, reason, now=now)
    return render(web, pending, view), 422


def _refused(web: Web, tried: Try, reason: str, *, now: int) -> None:
    with web.storage.transaction() as ports:
        known = ports.accounts.get(tried.subject)
        attempts.fail(ports, tried, reason=reason, account_id=known.account_id if known else None, now=now)


# --- asking for a message ---------------------------------------------------------------------------------------------


def _send(web: Web, step: str, pending: Interaction) -> Answer:
    sent = form()
    name = (sent.get("identifier") or "").strip()[:MAX_IDENTIFIER]
    if not name and not is_named(pending):
        return render(web, pending, View(step=step, way=Way.SEND, problems=(NO_IDENTIFIER,))), 422
    match _asked(web, step, pending, name, replaces=sent.get("replaces")):
        case Sent(code_id):
            return see_other(flask.url_for("code.message", step=step, code_id=code_id))
        case TooSoon(wait):
            view = View(step=step, way=Way.SEND, typed=name, problems=(too_soon(wait),))
            return render(web, pending, view), 429, {"Retry-After": str(wait)}


def _asked(web: Web, step: str, pending: Interaction, name: str, *, replaces: str | None) -> Sent | TooSoon:
    now = web.clock()
    with web.storage.transaction() as ports:
        named = is_named(pending)
        account = ports.accounts.get(pending.account_id or "") if named else find(ports, name)
        stands = account is not None and obstacle(ports, account, now=now) is None
        known = account.phone if account and pending.adds else pending.typed  # a signed-in person's phone is no secret
        asking = Asking(
            bound_to=step,
            purpose="sign_in",
            typed=(known or "") if named else normal(name),
            phone=account.phone if account and stands else None,
            account_id=account.account_id if account else None,
            address=source(flask.request.remote_addr or ""),
            client_id=client_id(pending),
            replaces=replaces,
            own=pending.adds,
        )
        return short_message.send(
            ports,
            asking,
            words=_words(web, pending, ports),
            key=web.code_key,
            random=secrets.token_bytes,
            new_secret=web.oidc.new_secret,
            now=now,
        )


def _words(web: Web, pending: Interaction, ports: Ports) -> Callable[[str], Text]:
    host = web.config.netloc.partition(":")[0]
    if pending.recovers:  # whoever reads it out gives the account away: that is what must be read
        return lambda code: Text(
            f"{code} là mã để đặt lại mật khẩu tài khoản định danh của bạn, dùng trong 10 phút. Không đọc cho ai; nếu bạn "
            f"không yêu cầu, đừng dùng mã này.\n@{host} #{code}",
            f"{code} is your code to set a new password for your identity account, good for 10 minutes. Read it to nobody; "
            f"if you did not ask for it, do not use it.\n@{host} #{code}",
        )
    client = ports.clients.get(client_id(pending) or "")
    to = client.name if client else Text("trang của bạn", "your own page")
    return lambda code: Text(
        f"{code} là mã đăng nhập vào {to.vi}, dùng trong 10 phút. Không đọc cho ai, kể cả người xưng là cán bộ.\n@{host} #{code}",
        f"{code} is your code to sign in to {to.en}, good for 10 minutes. Read it to nobody, whoever they say they are.\n@{host} #{code}",
    )


def _held(web: Web, step: str, code_id: str) -> Held | None:
    with web.storage.reading() as ports:
        return short_message.find(ports, code_id, bound_to=step, now=web.clock())


def _code(typed: str | None) -> str:
    return "".join((typed or "").split())[:MAX_CODE]
