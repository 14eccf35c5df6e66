"""The phones of an account: each has a key that its browser or chip keeps, and all share one passcode.

Spec: NIST SP 800-63B-4 §3.1.3 (out-of-band devices), §4.1.2 (binding another authenticator), §4.6 (notice); `certs/device.py`
"""

from collections.abc import Callable
from dataclasses import dataclass

from certs import device
from certs.catalogue import Text
from certs.errors import CertsError
from certs.keys import PublicKey
from idp.login import attempts, hashing, notices, passcode
from idp.login.attempts import Try
from idp.login.standing import Holder, holder
from idp.model import Authenticator, AuthenticatorKind, Event
from idp.ports import Ports, Storage

MOST = 5  # phones of one account
NAME_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled phone of an account that stands."""

    authenticator: Authenticator
    key: PublicKey

    @property
    def account_id(self) -> str:
        return self.authenticator.account_id


class DeviceRefused(Exception):
    """`code`: invalid_proof, unknown_device, device_known, too_many_devices, passcode_wrong, passcode_refused."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


def signer_of(ports: Ports, proof: str, *, now: int) -> Device:
    """Whose key a proof names. Nothing is verified yet. Raises DeviceRefused."""
    try:
        thumbprint = device.signed_by(proof)
    except CertsError as error:
        raise DeviceRefused("invalid_proof", error.code) from None
    found = ports.authenticators.by_key(AuthenticatorKind.DEVICE, thumbprint)
    if found is None or holder(ports, found.account_id, now=now) is None:
        raise DeviceRefused("unknown_device")  # alike, whether it was removed or the account is locked
    return Device(found, PublicKey.from_jwk(found.data["jwk"]))


def new_passcode(storage: Storage, who: Holder, typed: str, tried: Try, *, now: int) -> str | None:
    """Outside of a transaction: the hash to keep; None where the account has this passcode already. Raises DeviceRefused."""
    with storage.reading() as ports:
        kept = passcode.of(ports, who.account.account_id)
    if kept is None:
        try:
            return passcode.hash_passcode(typed, birth_date=who.person.birth_date)
        except passcode.PasscodeRefused as error:
            raise DeviceRefused("passcode_refused", error.code) from None
    with hashing.place():  # before it is counted: who finds none has tried nothing
        attempts.begin(storage, tried, now=now)
        right = passcode.verify_passcode(kept, typed)
    with storage.transaction() as ports:
        if right:
            attempts.succeed(ports, tried, now=now)
        else:
            attempts.fail(ports, tried, reason="wrong_passcode", account_id=who.account.account_id, now=now)
    if not right:
        raise DeviceRefused("passcode_wrong")
    return None


def enrol(
    ports: Ports,
    who: Holder,
    key: PublicKey,
    *,
    name: str,
    passcode_hash: str | None,
    new_secret: Callable[[], str],
    simulation: bool,
    now: int,
) -> Authenticator:
    """One more phone, told to the account's telephone. The same key of the same account again changes nothing."""
    account = who.account
    ports.authenticators.hold(account.account_id)  # of two at once one waits: neither passes the bound unseen
    thumbprint = key.thumbprint()
    found = ports.authenticators.by_key(AuthenticatorKind.DEVICE, thumbprint)
    if found is not None:
        if found.account_id != account.account_id:
            raise DeviceRefused("device_known")
        return found
    held = ports.authenticators.of_account(account.account_id)
    if sum(one.kind is AuthenticatorKind.DEVICE for one in held) >= MOST:
        raise DeviceRefused("too_many_devices")
    if passcode_hash is not None:
        if passcode.of(ports, account.account_id) is not None:  # set by another phone a moment ago: that one counts
            raise DeviceRefused("passcode_wrong")
        passcode.put(ports, account.account_id, passcode_hash, now=now)
    added = Authenticator(
        authenticator_id=new_secret(),
        account_id=account.account_id,
        kind=AuthenticatorKind.DEVICE,
        name=name,
        created_at=now,
        key=thumbprint,
        data={"jwk": key.bare_jwk()},
    )
    ports.authenticators.add(added)
    details = {"kind": AuthenticatorKind.DEVICE.value, "name": name}
    ports.journal.append(Event(now, "authenticator_added", account.account_id, details=details))
    notices.tell(ports, account, _ADDED, now=now, simulation=simulation)
    return added


_ADDED = Text(
    "Một điện thoại vừa được thêm để xác nhận đăng nhập vào tài khoản định danh của bạn. Nếu không phải bạn, hãy vào mục "
    "bảo mật của tài khoản và xóa nó ngay.",
    "A phone was added that can approve sign-ins to your identity account. If that was not you, open your account's "
    "security page and remove it at once.",
)
