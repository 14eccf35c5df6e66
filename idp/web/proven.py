"""The end of every way to sign in: something was proven, so the session begins or rises, and the walk goes on.

All effects stand in one transaction: what was shown is used up, the step is finished, the session is written, the next step
is laid. In a recovery no session begins: what was proven is kept in the interaction, and its page decides.
Spec: NIST SP 800-63B-4 §4.2 (recovery), §4.6 (notices), §5.1.1; attacks.md SE-01, SE-11
"""

from collections.abc import Callable
from dataclasses import dataclass

import flask

from certs.catalogue import Text
from idp.login import attempts, interaction, notices, session
from idp.login.acr import Factor, factors_of
from idp.login.attempts import Try
from idp.login.interaction import Interaction
from idp.login.session import SignedIn
from idp.login.sign_in import names
from idp.login.standing import Holder, holder
from idp.model import Event, Session
from idp.ports import Ports
from idp.web import errors, security, tries, walk
from idp.web.context import Web
from idp.web.exchange import see_other
from idp.web.session import origin


def _nothing_to_use(_ports: Ports) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Who proved what. `use` uses up what was shown, inside the log-in's transaction; False: it was used before."""

    account_id: str
    factors: frozenset[Factor]
    use: Callable[[Ports], bool] = _nothing_to_use


def proven(
    web: Web, identifier: str, pending: Interaction, proof: Proof, *, tried: Try | None = None
) -> flask.Response | None:
    """The next page, with the session's cookie; None when it is refused, which the journal then knows.

    `identifier` is the interaction's, `pending` what it held. `tried` is what was counted for it: a success ends the count.
    """
    now = web.clock()
    with web.storage.transaction() as ports:
        ports.authenticators.hold(
            proof.account_id
        )  # first: who ends all sessions meanwhile waits, and then sees this one
        who = holder(ports, proof.account_id, now=now)
        if who is None or not _theirs(pending, proof) or not proof.use(ports):
            details = {"reason": "not_standing" if who is None else "not_theirs_or_used"}
            ports.journal.append(Event(now, "sign_in_refused", proof.account_id, client_id(pending), details))
            return None
        browser = security.cookie(security.BROWSER)
        if interaction.finish(ports, identifier, browser=browser, now=now, found=pending) is None:
            return errors.expired_page(403)  # sent twice: the first one counts
        if pending.recovers:
            return _gathered(ports, web, pending, proof, tried, now=now)
        begun = _session(ports, web, pending, proof, now=now)
        if begun is None:
            return errors.expired_page(403)  # signed out meanwhile
        cookie, signed_in = begun[0], SignedIn(begun[1], who)
        answer = walk.step(interaction.after_sign_in(pending, proof.account_id), signed_in, ports, now=now)
        proofs = factors_of(signed_in.session.amr)
        _remember_device(ports, web, answer, who, proofs, tried, now=now)
        if tried is not None:
            attempts.succeed(ports, tried, now=now)
        attempts.unlock(ports, proof.account_id, proven=proofs, names=names(who.account, who.person))
    security.set_cookie(answer, security.SESSION, cookie)
    return answer


def _theirs(pending: Interaction, proof: Proof) -> bool:
    """What is added to a session, or proven in a recovery, is of the account that it is about."""
    return pending.account_id == proof.account_id if pending.adds or pending.recovers else True


def _gathered(
    ports: Ports, web: Web, pending: Interaction, proof: Proof, tried: Try | None, *, now: int
) -> flask.Response:
    proofs = sorted(factor.value for factor in proof.factors)
    ports.journal.append(Event(now, "recovery_proven", proof.account_id, details={"amr": proofs}))
    further = interaction.with_proof(pending, proofs)
    identifier = interaction.begin(ports, further, new_secret=web.oidc.new_secret, now=now)
    if tried is not None:
        attempts.succeed(ports, tried, now=now)
    return see_other(flask.url_for("recovery.gather", identifier=identifier))


def _session(ports: Ports, web: Web, pending: Interaction, proof: Proof, *, now: int) -> tuple[str, Session] | None:
    former = security.cookie(security.SESSION)
    if not pending.adds:
        return session.begin(
            ports,
            proof.account_id,
            factors=proof.factors,
            replaces=former,
            new_secret=web.oidc.new_secret,
            now=now,
            origin=origin(),
        )
    held = session.current(ports, former, now=now)
    if held is None or held.session.account_id != proof.account_id:
        return None
    return session.add_factors(ports, held.session, proof.factors, new_secret=web.oidc.new_secret, now=now)


def _remember_device(
    ports: Ports,
    web: Web,
    answer: flask.Response,
    who: Holder,
    proofs: frozenset[Factor],
    tried: Try | None,
    *,
    now: int,
) -> None:
    """A browser that the account was never used in: its person hears of it; from now on it is known."""
    known = tries.is_known(web, who.account) or (tried is not None and tried.known_device is not None)
    tries.remember(web, answer, who.account, factors=proofs)
    if known:
        return
    where = origin()
    details = {"device": where.device, "place": where.place}
    ports.journal.append(Event(now, "new_device_signed_in", who.account.account_id, details=details))
    text = Text(
        f"Tài khoản của bạn vừa đăng nhập từ một trình duyệt mới: {where.device or 'không rõ'}, mạng {where.place}. "
        "Nếu không phải bạn, hãy đổi mật khẩu ngay.",
        f"Your account was signed in to from a new browser: {where.device or 'unknown'}, network {where.place}. "
        "If it was not you, change your password now.",
    )
    notices.tell(ports, who.account, text, now=now, simulation=web.config.simulation)


def client_id(pending: Interaction) -> str | None:
    return str(pending.authorization["client_id"]) if pending.authorization else None
