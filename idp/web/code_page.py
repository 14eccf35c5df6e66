"""What the pages of one-time codes show: one template, one way to give a code at a time, the others as links."""

from dataclasses import dataclass
from enum import StrEnum

import flask

from certs.catalogue import Text
from idp.accounts import phones
from idp.login import recovery_codes, totp
from idp.login.acr import Factor
from idp.login.interaction import Interaction
from idp.model import Account, Authenticator
from idp.oidc.authorization import Authorization
from idp.ports import Ports
from idp.web import form_target, language
from idp.web.context import Web
from idp.web.login import asker_of

MAX_HINT = 64


class Way(StrEnum):
    APP = "app"
    SEND = "send"  # ask for a short message …
    MESSAGE = "message"  # … and type its code
    RECOVERY = "recovery"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Problem:
    field: str
    text: Text


NO_IDENTIFIER = Problem(
    "identifier", Text("Nhập số định danh cá nhân hoặc số điện thoại", "Enter your personal number or phone number")
)
NO_CODE = Problem("code", Text("Nhập mã", "Enter the code"))
REFUSED = Problem(
    "code",
    Text(
        "Mã này không dùng được: sai, đã dùng hoặc đã hết hạn. Kiểm tra rồi nhập lại, hoặc lấy mã mới.",
        "This code does not work: it is wrong, was used before, or has expired. Check it and try again, or get a new one.",
    ),
)


def too_soon(wait: int) -> Problem:
    minutes = max(1, -(-wait // 60))
    return Problem(
        "send",
        Text(
            f"Đã yêu cầu gửi mã quá nhiều lần. Dùng mã mới nhất đã nhận, hoặc thử lại sau {minutes} phút.",
            f"Codes were asked for too often. Use the newest one that you received, or try again in {minutes} minutes.",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    way: Way | None = None  # None: the first one that there is
    step: str  # the interaction's id
    typed: str = ""
    code_id: str = ""
    problems: tuple[Problem, ...] = ()


def is_named(pending: Interaction) -> bool:
    """The step is about one account, which nobody types here: who is signed in adds to it, or it is recovered."""
    return pending.adds or pending.recovers


def render(web: Web, pending: Interaction, view: View) -> str:
    with web.storage.reading() as ports:
        account, held = _whose(pending, ports)
        who = asker_of(pending, ports)
    ways = _ways(web, pending, held)
    if pending.authorization is not None:
        form_target.allow(Authorization.of(pending.authorization).redirect_uri)
    language.prefer(pending.locales, since=pending.begun)
    return flask.render_template(
        "code.html",
        way=(view.way or ways[0]).value,
        ways=[way.value for way in ways],
        step=view.step,
        adds=pending.adds,
        named=is_named(pending),
        back=_back(pending, view.step),
        asker=who,
        typed=view.typed or ("" if is_named(pending) else _hint(pending)),
        code_id=view.code_id,
        phone=phones.mask(account.phone)[-3:] if account else "",
        problems={problem.field: problem.text for problem in view.problems},
        simulation=web.config.simulation,
    )


def _ways(web: Web, pending: Interaction, held: tuple[Authenticator, ...]) -> tuple[Way, ...]:
    """For somebody known those that they have; for a stranger all, since which they have is not told."""
    message = (Way.SEND,) if Factor.SHORT_MESSAGE in web.oidc.factors else ()
    if not pending.adds:
        return (*message, Way.APP, *((Way.RECOVERY,) if pending.recovers else ()))
    app = (Way.APP,) if totp.held(held) else ()
    recovery = (Way.RECOVERY,) if recovery_codes.left(held) else ()
    return (*app, *message, *recovery) or (Way.NONE,)


def _whose(pending: Interaction, ports: Ports) -> tuple[Account | None, tuple[Authenticator, ...]]:
    if not pending.adds or pending.account_id is None:
        return None, ()
    return ports.accounts.get(pending.account_id), ports.authenticators.of_account(pending.account_id)


def _back(pending: Interaction, step: str) -> str:
    before = "more.page" if pending.adds else "recovery.gather" if pending.recovers else "login.page"
    return flask.url_for(before, identifier=step)


def _hint(pending: Interaction) -> str:
    hint = str((pending.authorization or {}).get("login_hint") or "")
    return hint if len(hint) <= MAX_HINT else ""
