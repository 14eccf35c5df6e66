"""A lost password: whoever proves without it as much as the account can prove with it may set a new one.

Spec: NIST SP 800-63B-4 §4.2; OWASP ASVS 5.0 V6.4.3, V6.4.4; attacks.md BF-11, BF-12

1. What is proven is kept in the interaction, on the server, tied to one browser and one account: no step can be skipped,
   and no proof of another account counts.
2. Two at once, or one that lay there while the password was changed: the first to finish ends the others, since each
   replaces only the password that it began with. So does whoever adds or removes a key or an app of the account.
3. Where nobody was found it goes on as for anybody, about an account that does not exist.
"""

import hashlib
import hmac
from collections.abc import Callable

from certs.catalogue import Text
from idp.login import attempts, interaction, notices
from idp.login.acr import Factor, authentication_level, factors_of
from idp.login.attempts import LEVEL_TO_REPLACE_A_PASSWORD, Secret
from idp.login.factors import available, reach
from idp.login.holding import can_be_lost
from idp.login.interaction import Interaction
from idp.login.sign_in import find, names, normal
from idp.login.standing import Holder, holder
from idp.model import Event
from idp.ports import Ports

NOTICE = Text(
    "Mật khẩu của bạn vừa được đặt lại; mọi phiên đăng nhập đã kết thúc. Nếu không phải bạn, hãy báo ngay cho cơ quan quản lý.",
    "Your password was reset, and every session was ended. If it was not you, tell the authority at once.",
)


def begin(
    ports: Ports, pending: Interaction, identifier: str, *, key: bytes, new_secret: Callable[[], str], now: int
) -> str:
    """The id of the interaction that gathers proofs. The same for whatever was typed."""
    account = find(ports, identifier)
    typed, known = normal(identifier), account.password_hash if account else ""
    account_id = account.account_id if account else nobody(typed, key=key)
    replaces = _fingerprint(ports, account_id, known)
    about = interaction.to_recover(pending, account_id, replaces=replaces, typed=typed)
    return interaction.begin(ports, about, new_secret=new_secret, now=now)


def nobody(typed: str, *, key: bytes) -> str:
    """The id of no account: always the same for what was typed, so that its tries are counted as anybody's."""
    return hmac.digest(key, b"nobody\0" + typed.encode(), hashlib.sha256).hex()[:32]


def enough(ports: Ports, pending: Interaction, *, offered: frozenset[Factor]) -> bool:
    """May this person set a new password now?"""
    shown = factors_of(pending.proofs) - {Factor.PASSWORD}
    if not pending.recovers or pending.account_id is None or not shown:
        return False
    return authentication_level(shown) >= _needed(ports, pending.account_id, offered=offered)


def possible(ports: Ports, account_id: str, *, offered: frozenset[Factor]) -> bool:
    """Could the account's other factors together be enough? For the person's eyes only, once they proved one of them."""
    others = available(ports.authenticators.of_account(account_id), offered=offered) - {Factor.PASSWORD}
    return bool(others) and authentication_level(others) >= _needed(ports, account_id, offered=offered)


def in_time(ports: Ports, pending: Interaction, *, now: int) -> Holder | None:
    """Whose password may be set; None when the account does not stand, or has another password than at the beginning."""
    who = holder(ports, pending.account_id, now=now) if pending.account_id else None
    if who is None or pending.replaces is None:
        return None
    present = _fingerprint(ports, who.account.account_id, who.account.password_hash)
    return who if hmac.compare_digest(pending.replaces, present) else None


def finish(ports: Ports, who: Holder, password_hash: str, *, now: int, simulation: bool) -> bool:
    """Set it, and end what the former one may have opened for somebody else. False: it was changed meanwhile."""
    account = who.account
    if not ports.accounts.set_password(account.account_id, password_hash, replaces=account.password_hash):
        return False
    sessions = ports.sessions.end_account(account.account_id)
    grants = ports.grants.close_account(account.account_id, now=now)
    details = {"sessions": sessions, "grants": grants}
    ports.journal.append(Event(now, "recovered", account.account_id, details=details))
    notices.tell(ports, account, NOTICE, now=now, simulation=simulation)
    attempts.forget(ports, account.account_id, Secret.PASSWORD, names=names(account, who.person))
    return True


def _needed(ports: Ports, account_id: str, *, offered: frozenset[Factor]) -> int:
    return min(LEVEL_TO_REPLACE_A_PASSWORD, reach(ports, account_id, offered=offered))


def _fingerprint(ports: Ports, account_id: str, password_hash: str) -> str:
    """Of the password, and of the things that can be lost: what was proven with one that its owner removed meanwhile is
    worth nothing any more."""
    held = (one for one in ports.authenticators.of_account(account_id) if can_be_lost(one.kind))
    named = sorted(one.authenticator_id for one in held)
    return hashlib.sha256("\0".join((password_hash, *named)).encode()).hexdigest()
