"""One-time codes of an authenticator app: computed from a shared secret and the time, each good once.

Spec: RFC 6238 §4, §5.2; RFC 4226 §5.3; NIST SP 800-63B-4 §3.1.4.2; attacks.md BF-05, BF-08

SHA-1, six digits and 30 seconds, since that is what every app computes. The secret must be read again, so it is sealed.
"""

import base64
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from certs.errors import Malformed
from idp.login.sealed import Sealer, Unreadable
from idp.model import Authenticator, AuthenticatorKind, Event
from idp.ports import Ports

SECRET_BYTES = 20  # RFC 4226 §4 (R6) recommends 160 bits
DIGITS = 6
STEP_SECONDS = 30  # RFC 6238 §5.2
WINDOW = 1  # steps before and after: for clocks that differ, and hands that are slow
MOST = 3  # apps of one account: with each more a guess has better odds
ENROLMENT_SECONDS = 30 * 60
_PURPOSE, _ENROLMENT = "totp", "totp enrolment"
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A secret that is shown and not yet kept. `sealed` travels with the form: nothing is stored before it is confirmed."""

    secret: bytes = field(repr=False)
    sealed: str = field(repr=False)


def code(secret: bytes, step: int) -> str:
    """RFC 4226 §5.3, with the time's step as the counter (RFC 6238 §4.2)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: bytes, typed: str, *, now: int, after: int) -> int | None:
    """The step, above `after`, whose code was typed. All steps of the window are compared, whichever it is."""
    present, found = now // STEP_SECONDS, None
    for step in range(max(0, present - WINDOW), present + WINDOW + 1):
        same = hmac.compare_digest(code(secret, step).encode(), typed.encode())
        if same and step > after:  # RFC 6238 §5.2: a code is accepted once
            found = step
    return found


def uri(secret: bytes, *, issuer: str, label: str) -> str:
    """What the QR says to the app (the Key URI format that all of them read). The label is seen on the phone's screen."""
    fields = {
        "secret": base32(secret),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_SECONDS,
    }
    return f"otpauth://totp/{quote(f'{issuer}:{label}')}?{urlencode(fields, quote_via=quote)}"


def base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode().rstrip("=")


# --- enrolment --------------------------------------------------------------------------------------------------------


def begin(account_id: str, *, sealer: Sealer, random: Callable[[int], bytes], now: int) -> Enrolment:
    secret = random(SECRET_BYTES)
    sealed = sealer.seal(now.to_bytes(_TIME_BYTES, "big") + secret, owner=account_id, purpose=_ENROLMENT)
    return Enrolment(secret, sealed)


def resume(account_id: str, sealed: str, *, sealer: Sealer, now: int) -> Enrolment | None:
    """What the form brought back; None when it is another account's, altered, or too old."""
    try:
        opened = sealer.open(sealed, owner=account_id, purpose=_ENROLMENT)
    except (Unreadable, Malformed):
        return None
    begun = int.from_bytes(opened[:_TIME_BYTES], "big")
    return Enrolment(opened[_TIME_BYTES:], sealed) if 0 <= now - begun <= ENROLMENT_SECONDS else None


def confirm(
    ports: Ports,
    account_id: str,
    enrolment: Enrolment,
    *,
    typed: str,
    name: str,
    sealer: Sealer,
    new_secret: Callable[[], str],
    now: int,
) -> bool:
    """It counts once the app has shown that it computes the same; that first code is spent by it."""
    step = matching_step(enrolment.secret, typed, now=now, after=-1)
    if step is None or not ports.authenticators.hold(account_id):
        return False
    if len(held(ports.authenticators.of_account(account_id))) >= MOST:
        return False
    if not ports.ephemeral.once(_ENROLMENT, enrolment.sealed, expires=now + ENROLMENT_SECONDS + 1):
        return False
    sealed = sealer.seal(enrolment.secret, owner=account_id, purpose=_PURPOSE)
    ports.authenticators.add(
        Authenticator(
            authenticator_id=new_secret(),
            account_id=account_id,
            kind=AuthenticatorKind.TOTP,
            name=name,
            created_at=now,
            data={"secret": sealed},
            counter=step,
        )
    )
    details = {"kind": AuthenticatorKind.TOTP.value, "name": name}
    ports.journal.append(Event(now, "authenticator_added", account_id, details=details))
    return True


# --- log-in -----------------------------------------------------------------------------------------------------------


def held(authenticators: Iterable[Authenticator]) -> tuple[Authenticator, ...]:
    return tuple(one for one in authenticators if one.kind is AuthenticatorKind.TOTP)


def find(
    authenticators: Iterable[Authenticator], typed: str, *, sealer: Sealer, now: int
) -> tuple[Authenticator, int] | None:
    """Which of the account's apps shows this code, and the step: `spend` both in the log-in's transaction."""
    found = None
    for one in held(authenticators):
        secret = sealer.open(str(one.data["secret"]), owner=one.account_id, purpose=_PURPOSE)
        step = matching_step(secret, typed, now=now, after=one.counter)
        if step is not None:
            found = one, step
    return found


def spend(ports: Ports, authenticator: Authenticator, step: int, *, now: int) -> bool:
    """True for the first log-in with this step: neither it nor an earlier one is accepted again."""
    return ports.authenticators.use(authenticator.authenticator_id, now=now, counter=step)
