"""What an account's person does with the ways to sign in that it holds: name, remove, lose.

Spec: NIST SP 800-63B-4 §4.1, §4.4 (loss, theft), §4.6 (notices); attacks.md SE-11
"""

from certs.catalogue import Text
from certs.encoding import safe_text
from certs.errors import Malformed
from idp.login.factors import PROVES
from idp.login.notices import tell
from idp.login.standing import Holder
from idp.model import Authenticator, AuthenticatorKind, Event
from idp.ports import Ports

MAX_NAME = 40

TITLES = {
    AuthenticatorKind.PASSKEY: Text("Khóa truy cập (passkey)", "Passkey"),
    AuthenticatorKind.DEVICE: Text("Ví trên điện thoại", "Wallet on a phone"),
    AuthenticatorKind.TOTP: Text("Ứng dụng xác thực", "Authenticator app"),
    AuthenticatorKind.RECOVERY_CODE: Text("Mã khôi phục", "Recovery codes"),
    AuthenticatorKind.PASSCODE: Text("Mật mã 6 số của ứng dụng", "6-digit passcode of the app"),
}


def name_of(typed: str | None) -> str | None:
    """A name as its owner will read it; None for what cannot be one."""
    try:
        name = safe_text(" ".join((typed or "").split()), limit=MAX_NAME)
    except Malformed:
        return None
    return name or None


def find(ports: Ports, account_id: str, authenticator_id: str) -> Authenticator | None:
    """Of this account alone: another's is as unknown as none."""
    held = ports.authenticators.of_account(account_id)
    return next((one for one in held if one.authenticator_id == authenticator_id), None)


def rename(ports: Ports, one: Authenticator, name: str, *, now: int) -> None:
    if ports.authenticators.rename(one.account_id, one.authenticator_id, name):
        details = {"kind": one.kind.value, "name": name}
        ports.journal.append(Event(now, "authenticator_renamed", one.account_id, details=details))


def is_last(held: tuple[Authenticator, ...], one: Authenticator) -> bool:
    """Would the account be left with its password, and what this simulation offers to everybody?"""
    left = [other for other in held if other.kind is not one.kind or not _together(one.kind)]
    left = [other for other in left if other.authenticator_id != one.authenticator_id]
    return bool(PROVES[one.kind]) and not any(PROVES[other.kind] for other in left)


def remove(
    ports: Ports, who: Holder, one: Authenticator, *, lost: bool, keeps: str, now: int, simulation: bool
) -> bool:
    """False: it was removed before. Who lost it is signed out everywhere but here (`keeps`), relying parties included:
    what was begun with it is not told from the rest."""
    account_id = who.account.account_id
    ports.authenticators.hold(account_id)
    if _together(one.kind):
        removed = ports.authenticators.remove_kind(account_id, one.kind) > 0
    else:
        removed = ports.authenticators.remove(account_id, one.authenticator_id)
    if not removed:
        return False
    details = {"kind": one.kind.value, "name": one.name, "reason": "lost" if lost else "asked"}
    ports.journal.append(Event(now, "authenticator_removed", account_id, details=details))
    if lost:
        sessions = ports.sessions.end_account(account_id, but=keeps)
        grants = ports.grants.close_account(account_id, now=now)
        ended = {"reason": "lost", "sessions": sessions, "grants": grants}
        ports.journal.append(Event(now, "session_ended", account_id, details=ended))
    tell(ports, who.account, _removed(one), now=now, simulation=simulation)
    return True


def added(one: AuthenticatorKind, name: str) -> Text:
    """What the account's telephone is told of a new one."""
    title, called = TITLES[one], f" “{name}”" if name else ""
    return Text(
        f"Tài khoản định danh của bạn vừa có thêm: {title.vi}{called}. Nếu không phải bạn, hãy xóa ngay trong trang bảo mật.",
        f"Just added to your identity account: {title.en}{called}. If it was not you, remove it on your security page now.",
    )


def can_be_lost(kind: AuthenticatorKind) -> bool:
    """A thing that somebody else may have found."""
    return kind in (AuthenticatorKind.PASSKEY, AuthenticatorKind.DEVICE, AuthenticatorKind.TOTP)


def _together(kind: AuthenticatorKind) -> bool:
    """Recovery codes are one set: no single one of them is ever removed."""
    return kind is AuthenticatorKind.RECOVERY_CODE


def _removed(one: Authenticator) -> Text:
    title, called = TITLES[one.kind], f" “{one.name}”" if one.name else ""
    return Text(
        f"Vừa bị xóa khỏi tài khoản định danh của bạn: {title.vi}{called}. Nếu không phải bạn, hãy đổi mật khẩu ngay.",
        f"Just removed from your identity account: {title.en}{called}. If it was not you, change your password now.",
    )
