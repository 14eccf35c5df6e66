"""Signing in with a passkey: the page that asks for it, and what is made of the answer.

Unknown, removed, wrong and copied are answered alike; the journal knows the difference. A signature cannot be guessed, so
only what fails is counted, and nobody's passkey is locked by the failures of others (attacks BF-10).
Spec: W3C Web Authentication Level 3 §7.2; NIST SP 800-63B-4 §3.1.7, §3.2.2
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass

import flask

from certs.catalogue import Text
from idp.login import attempts, interaction, notices
from idp.login.attempts import Secret
from idp.login.interaction import Interaction
from idp.login.passkey import authentication, ceremony
from idp.login.passkey.authentication import COUNTER_FELL, Asserted, Shown
from idp.login.passkey.ceremony import Party, Refused
from idp.model import Authenticator, AuthenticatorKind, Event
from idp.oidc.authorization import Authorization
from idp.ports import Ports
from idp.web import errors, form_target, language, security, tries
from idp.web.context import Web
from idp.web.login import Asker, asker_of
from idp.web.proven import Proof, proven
from idp.web.session import current_session

NOTHING_SENT = Text(
    "Trình duyệt chưa gửi khóa truy cập nào. Hãy bật JavaScript, hoặc chọn cách khác.",
    "Your browser sent no passkey. Switch JavaScript on, or choose another way.",
)
NOT_SIGNED_IN = Text(
    "Khóa truy cập này không dùng được ở đây: có thể đã bị xóa khỏi tài khoản, hoặc trang đã mở quá lâu. "
    "Hãy thử lại, hoặc đăng nhập bằng cách khác.",
    "This passkey does not work here: it may have been removed from the account, or the page was open for too long. "
    "Try again, or sign in another way.",
)
NOTHING = Refused("nothing")

Answer = flask.typing.ResponseReturnValue


def party(web: Web) -> Party:
    return Party(issuer=web.config.issuer, challenge_key=web.seal_key, handle_key=web.oidc.subject_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A log-in that waits for a passkey."""

    identifier: str
    pending: Interaction
    asker: Asker | None
    theirs: Sequence[Authenticator] | None  # of who adds to a session; nobody else is told whose passkeys there are
    named: Authenticator | None  # the one that answers, if it is known


def awaited(web: Web, identifier: str, *, key: str | None = None, status: int = 400) -> Step:
    """This browser's; who adds to a session must still have it. Otherwise the request ends here. All is read at once."""
    with web.storage.reading() as ports:
        pending = interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=web.clock())
        if pending is not None:
            adds = pending.account_id if pending.adds else None
            step = Step(
                identifier=identifier,
                pending=pending,
                asker=asker_of(pending, ports),
                theirs=ceremony.passkeys(ports.authenticators.of_account(adds)) if adds else None,
                named=ports.authenticators.by_key(AuthenticatorKind.PASSKEY, key) if key else None,
            )
    signed_in = current_session() if pending is not None and pending.adds else None
    if pending is None or (pending.adds and (signed_in is None or signed_in.session.account_id != pending.account_id)):
        security.refused("interaction")
        flask.abort(errors.expired_page(status))
    return step


def request(web: Web, identifier: str, *, only: Sequence[Authenticator] | None = None) -> str:
    """What the browser is asked for. It costs no row: any page of the log-in may carry it.

    What nobody can guess is drawn from the step's own 256 random bits, so that the log-in page is the same to the byte
    whatever was typed in it (attacks BF-03).
    """

    def drawn(size: int) -> bytes:
        return hmac.digest(web.seal_key, b"passkey of a step\0" + identifier.encode(), hashlib.sha256)[:size]

    return json.dumps(authentication.begin(party(web), only=only, bound_to=identifier, now=web.clock(), random=drawn))


def page(web: Web, step: Step, problem: Text | None = None) -> str:
    pending = step.pending
    if pending.authorization is not None:
        form_target.allow(Authorization.of(pending.authorization).redirect_uri)
    language.prefer(pending.locales, since=pending.begun)
    return flask.render_template(
        "passkey_sign_in.html",
        asker=step.asker,
        options=request(web, step.identifier, only=step.theirs),
        none_held=step.theirs is not None and not step.theirs,
        adds=pending.adds,
        problem=problem,
        action=flask.request.path,
        other_ways=_other_ways(step),
    )


def submit(web: Web, identifier: str, sent: str) -> Answer:
    """The next page; or this one again, with one sentence for all that can be wrong."""
    asserted = authentication.read(sent) if sent else NOTHING
    key = None if isinstance(asserted, Refused) else asserted.key
    step = awaited(web, identifier, key=key, status=403)
    if asserted is NOTHING:
        return page(web, step, NOTHING_SENT), 422
    shown = asserted if isinstance(asserted, Refused) else _checked(web, step, asserted)
    if isinstance(shown, Refused):
        _refuse(web, step, shown)
        return page(web, step, NOT_SIGNED_IN), 422
    return _proven(web, step, shown) or (page(web, step, NOT_SIGNED_IN), 422)


def _checked(web: Web, step: Step, asserted: Asserted) -> Shown | Refused:
    only = step.pending.account_id if step.pending.adds else None
    return authentication.finish(party(web), asserted, step.named, only=only, bound_to=step.identifier, now=web.clock())


def _proven(web: Web, step: Step, shown: Shown) -> flask.Response | None:
    now = web.clock()

    def use(ports: Ports) -> bool:
        return authentication.use(ports, shown, now=now)

    account_id = shown.authenticator.account_id
    return proven(web, step.identifier, step.pending, Proof(account_id=account_id, factors=shown.factors, use=use))


def _refuse(web: Web, step: Step, refused: Refused) -> None:
    """Counted now that it failed; a counter that fell is told to the person, who may have a copied key."""
    held, now = step.named, web.clock()
    account_id = held.account_id if held else None
    tried = tries.of(web, step.pending, account_id or "", secret=Secret.KEY)
    attempts.begin(web.storage, tried, now=now)
    with web.storage.transaction() as ports:
        attempts.fail(ports, tried, reason=f"passkey_{refused.reason}", account_id=account_id, now=now)
        account = ports.accounts.get(held.account_id) if held and refused.reason == COUNTER_FELL else None
        if held is not None and account is not None:
            details = {"kind": held.kind.value, "name": held.name}
            ports.journal.append(Event(now, "authenticator_copied", account_id, details=details))
            notices.tell(ports, account, _copied(held.name), now=now, simulation=web.config.simulation)


def _copied(name: str) -> Text:
    return Text(
        f"Khóa truy cập “{name}” vừa bị từ chối vì có dấu hiệu đã bị sao chép. "
        "Hãy xóa khóa này trong trang bảo mật và thêm khóa mới.",
        f"The passkey “{name}” was just refused because it seems to have been copied. "
        "Remove it on your security page and add a new one.",
    )


def _other_ways(step: Step) -> str:
    if step.pending.recovers:
        return flask.url_for("recovery.gather", identifier=step.identifier)
    return flask.url_for("more.page" if step.pending.adds else "login.page", identifier=step.identifier)
