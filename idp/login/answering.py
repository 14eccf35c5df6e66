"""What a phone asks and answers: it proves its key, is told who asks, and brings its person's decision and passcode.

Spec: `certs/device.py`; NIST SP 800-63B-4 §3.1.3.2, §3.2.2; attacks.md QL-04, QL-08, QL-11

 1 the proof names an enrolled device of an account that stands        403 unknown_device, 400 invalid_proof
 2 it holds, and is about the request that is asked for                400 invalid_proof
 3 the very same decision was delivered before: the same answer        (a look is asked for anew: 400 invalid_proof)
 4 the request is one that this account may answer, and undecided      404 not_found
 5 for an approval the passcode, counted before it is hashed           403 passcode_wrong, 429 too_many_tries
 6 the decision, with its number, by one statement                     403 number_mismatch, 404 not_found
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from certs import device
from certs.device import SKEW, Decision
from certs.errors import CertsError
from idp.login import approval, attempts, hashing, passcode
from idp.login.approval import Asking, Decided
from idp.login.attempts import Secret, Try
from idp.login.devices import Device, DeviceRefused, signer_of
from idp.ports import Ports, Storage

_JTI = "device_jti"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message of a phone."""

    request: str
    proof: str = field(repr=False)
    passcode: str | None = field(default=None, repr=False)
    address: str = ""  # as `idp.login.origin.source` cuts it


class NotFound(Exception):
    """Unknown, expired, decided, or for somebody else."""


class PasscodeWrong(Exception):
    def __init__(self, tries_left: int) -> None:
        super().__init__(str(tries_left))
        self.tries_left = tries_left


def look(storage: Storage, sent: Sent, *, issuer: str, now: int) -> Asking:
    """Who asks for what. Raises DeviceRefused, NotFound."""
    with storage.transaction() as ports:
        who = signer_of(ports, sent.proof, now=now)  # 1
        try:
            viewing = device.verify_view(sent.proof, who.key, audience=issuer, now=now)  # 2
        except CertsError as error:
            raise DeviceRefused("invalid_proof", error.code) from None
        _about(viewing.request, sent)
        if not ports.ephemeral.once(_JTI, f"{who.authenticator.key}.{viewing.jti}", expires=now + 2 * SKEW + 1):  # 3
            raise DeviceRefused("invalid_proof", "jti")
        asking = approval.open_code(ports, sent.request, account_id=who.account_id, now=now)  # 4
    if asking is None:
        raise NotFound
    return asking


def answer(storage: Storage, sent: Sent, *, issuer: str, new_secret: Callable[[], str], now: int) -> Decided:
    """Raises DeviceRefused, NotFound, PasscodeWrong, attempts.TooMany, hashing.HashingBusy."""
    with storage.reading() as ports:
        who, decision = _decision(ports, sent, issuer=issuer, now=now)  # 1, 2
        before = approval.answered(ports, sent.proof, now=now)  # 3
        asking = approval.opened(ports, sent.request, account_id=who.account_id, now=now)  # 4
        known = passcode.of(ports, who.account_id)
    if before is not None:
        return before
    if asking is None:
        raise NotFound
    tried: Try | None = None
    if decision.approved:  # 5
        tried = Try(subject=who.account_id, address=sent.address, secret=Secret.PASSCODE, client_id=asking.client_id)
        _check_passcode(storage, sent, asking, known, tried, now=now)
    with storage.transaction() as ports:
        decided = approval.decide(  # 6
            ports,
            decision,
            proof=sent.proof,
            account_id=who.account_id,
            authenticator_id=who.authenticator.authenticator_id,
            new_secret=new_secret,
            now=now,
        )
        if tried is not None:
            attempts.succeed(ports, tried, now=now)
    if decided is None:
        raise NotFound
    return decided


def _decision(ports: Ports, sent: Sent, *, issuer: str, now: int) -> tuple[Device, Decision]:
    who = signer_of(ports, sent.proof, now=now)
    try:
        decision = device.verify_decision(sent.proof, who.key, audience=issuer, now=now)
    except CertsError as error:
        raise DeviceRefused("invalid_proof", error.code) from None
    _about(decision.request, sent)
    if decision.approved != (sent.passcode is not None):
        raise DeviceRefused("invalid_request", "a passcode goes with an approval, and with nothing else")
    return who, decision


def _about(request: str, sent: Sent) -> None:
    if request != sent.request:
        raise DeviceRefused("invalid_proof", "signed for another request")  # QL-11


def _check_passcode(storage: Storage, sent: Sent, asking: Asking, known: str | None, tried: Try, *, now: int) -> None:
    with hashing.place():  # before it is counted: who finds none has tried nothing
        attempts.begin(storage, tried, now=now)
        right = passcode.verify_passcode(known, sent.passcode or "")
    if right:
        return
    with storage.transaction() as ports:
        attempts.fail(ports, tried, reason="wrong_passcode", account_id=tried.subject, now=now)
        left = approval.passcode_wrong(ports, asking, tried.subject, now=now)
    raise PasscodeWrong(left)
