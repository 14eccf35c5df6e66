"""One-time codes by short message: six digits, ten minutes, five tries, good in the transaction that asked for them.

Spec: NIST SP 800-63B-4 §3.1.3.2, §3.1.3.3; W3C WebOTP (the last line of the message); attacks.md BF-05, BF-07, BF-13

Whether anybody is behind what was typed is told to nobody: the same is counted, kept and answered. There is no network of
short messages here, so this way exists in simulations alone (`idp.login.factors`).
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from certs.catalogue import Text
from idp.model import Event, Limit, Message
from idp.ports import Ports

DIGITS = 6
LIFETIME = 10 * 60  # SP 800-63B-4 §3.1.3.2: at most ten minutes
TRIES = 5
_PURPOSE = "short_message_code"
_HOUR = 3600

OF_CODE = Limit("code", ((TRIES - 1, 0), (TRIES, LIFETIME)), kept=LIFETIME)  # then it is void for the rest of its life
# Three, then one in ten minutes, until it has been quiet for as long: never more than three in any ten minutes.
# By what was typed, whoever it is, which is told; and by the telephone, which is not: a person has several names, and the
# answer to one must not show what was asked under another.
BY_NAME = Limit("messages_by_name", ((2, 0), (3, LIFETIME)), kept=LIFETIME)
TO_RECIPIENT = Limit("messages_to", ((2, 0), (3, LIFETIME)), kept=LIFETIME)
# What it may cost. Many people share an address of a mobile network, so that this is no limit of a person's.
FROM_ADDRESS = Limit("messages_from", ((99, 0), (100, _HOUR)), kept=_HOUR, window=True)
FOR_CLIENT = Limit("messages_for", ((999, 0), (1000, _HOUR)), kept=_HOUR, window=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Somebody asks for a code. What is `bound_to` (an interaction) must be the same when it is typed."""

    bound_to: str
    purpose: str  # for the journal
    typed: str  # what the recipient was named by: counted, whoever it is
    phone: str | None  # E.164; None where there is nobody, or who may not sign in
    account_id: str | None
    address: str
    client_id: str | None
    replaces: str | None = None  # the code that ends with this one
    own: bool = False  # they are signed in: what their telephone was sent is no secret to them


@dataclass(frozen=True, slots=True)
class Sent:
    code_id: str  # opens nothing by itself: the page that asks for the code has it in its address


@dataclass(frozen=True, slots=True)
class TooSoon:
    wait: int  # seconds


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a code that was asked for."""

    code_id: str
    typed: str
    account_id: str | None
    digest: str


def send(
    ports: Ports,
    asking: Asking,
    *,
    words: Callable[[str], Text],
    key: bytes,
    random: Callable[[int], bytes],
    new_secret: Callable[[], str],
    now: int,
) -> Sent | TooSoon:
    for limit, value in _limits(asking):
        if wait := ports.attempts.count(limit, value, now=now):
            return _too_soon(ports, asking, limit, wait, now=now)
    wait = ports.attempts.count(TO_RECIPIENT, asking.phone or asking.typed, now=now)  # the same work for nobody
    if wait and asking.own:
        return _too_soon(ports, asking, TO_RECIPIENT, wait, now=now)
    reached = asking.phone is not None and not wait
    code_id, code = new_secret(), f"{int.from_bytes(random(16)) % 10**DIGITS:0{DIGITS}d}"
    payload = {
        "bound_to": asking.bound_to,
        "typed": asking.typed,
        "account_id": asking.account_id,
        "digest": _digest(code_id, code, key),
    }
    ports.ephemeral.put(_PURPOSE, code_id, payload, expires=now + LIFETIME)
    if asking.replaces is not None and find(ports, asking.replaces, bound_to=asking.bound_to, now=now):
        ports.ephemeral.take(_PURPOSE, asking.replaces, now=now)
    # To nobody it is written as well, and ends at once: the same work, and no page shows it.
    to, until = (asking.phone, now + LIFETIME) if reached and asking.phone else ("", now)
    ports.messages.add(Message(to, words(code), now, until))
    said = {"purpose": asking.purpose, "reached": reached}
    ports.journal.append(Event(now, "message_sent", asking.account_id, asking.client_id, said))
    return Sent(code_id)


def find(ports: Ports, code_id: str, *, bound_to: str, now: int) -> Held | None:
    """While it lives, is not used, and was asked for in this very transaction."""
    payload = ports.ephemeral.read(_PURPOSE, code_id, now=now)
    if payload is None or not hmac.compare_digest(str(payload["bound_to"]), bound_to):
        return None
    return Held(code_id, payload["typed"], payload["account_id"], payload["digest"])


def is_right(ports: Ports, held: Held, typed: str, *, key: bytes, now: int) -> bool:
    """Counts the try before it compares. A wrong one never undoes the count: commit it, whatever follows."""
    if ports.attempts.count(OF_CODE, held.code_id, now=now):
        return False
    same = hmac.compare_digest(_digest(held.code_id, typed, key), held.digest)
    return same and held.account_id is not None


def spend(ports: Ports, held: Held, *, now: int) -> bool:
    """True for exactly one caller."""
    taken = ports.ephemeral.take(_PURPOSE, held.code_id, now=now)
    return taken is not None and not taken.again


def _limits(asking: Asking) -> tuple[tuple[Limit, str], ...]:
    """Always in the same order, so that two at once never wait for one another."""
    client = ((FOR_CLIENT, asking.client_id),) if asking.client_id else ()
    return ((BY_NAME, asking.typed), (FROM_ADDRESS, asking.address), *client)


def _too_soon(ports: Ports, asking: Asking, limit: Limit, wait: int, *, now: int) -> TooSoon:
    limits = {"limits": [limit.name], "purpose": asking.purpose}
    ports.journal.append(Event(now, "attempts_limited", asking.account_id, asking.client_id, limits))
    return TooSoon(wait)


def _digest(code_id: str, code: str, key: bytes) -> str:
    return hmac.new(key, f"{code_id}\0{code}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
