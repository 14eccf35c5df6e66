"""Recovery codes: ten to write down, each good once, for when the phone is lost.

Spec: NIST SP 800-63B-4 §3.1.2 (look-up secrets), §3.1.2.2 (stored as keyed hashes); RFC 4648 §6

60 random bits each, so that a fast hash will do; it is keyed, so that a copy of the database says nothing about them.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable

from idp.model import Authenticator, AuthenticatorKind, Event
from idp.ports import Ports

COUNT = 10
LENGTH = 12  # characters of 5 bits
# Crockford's base 32: no letter that is taken for a digit or another letter, and none that makes words.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011")
_KIND = AuthenticatorKind.RECOVERY_CODE


def generate(random: Callable[[int], bytes]) -> tuple[str, ...]:
    """A set, as it is shown once: `XXXX-XXXX-XXXX`."""
    return tuple(_shown("".join(_ALPHABET[byte % 32] for byte in random(LENGTH))) for _ in range(COUNT))


def normalise(typed: str) -> str | None:
    """However it was typed; None for what cannot be one."""
    text = "".join(typed.replace("-", " ").split()).upper().translate(_READ_AS)
    return text if len(text) == LENGTH and all(letter in _ALPHABET for letter in text) else None


def replace_all(
    ports: Ports, account_id: str, codes: Iterable[str], *, key: bytes, new_secret: Callable[[], str], now: int
) -> None:
    """The former set ends with the new one's beginning."""
    ports.authenticators.hold(account_id)  # of two at once one waits, and its set is the one that stays
    ports.authenticators.remove_kind(account_id, _KIND)
    for one in codes:
        ports.authenticators.add(
            Authenticator(
                authenticator_id=new_secret(),
                account_id=account_id,
                kind=_KIND,
                name="",
                created_at=now,
                key=_hash(account_id, normalise(one) or "", key),
            )
        )
    ports.journal.append(Event(now, "authenticator_added", account_id, details={"kind": _KIND.value, "name": ""}))


def find(ports: Ports, account_id: str, typed: str, *, key: bytes) -> Authenticator | None:
    """The account's code if it is one and unused: `spend` it in the transaction of what it opens."""
    text = normalise(typed)
    found = ports.authenticators.by_key(_KIND, _hash(account_id, text, key)) if text else None
    return found if found is not None and found.account_id == account_id else None


def spend(ports: Ports, code: Authenticator, *, now: int) -> bool:
    """True for exactly one caller."""
    if not ports.authenticators.remove(code.account_id, code.authenticator_id):
        return False
    details = {"kind": _KIND.value, "name": "", "reason": "used"}
    ports.journal.append(Event(now, "authenticator_removed", code.account_id, details=details))
    return True


def left(authenticators: Iterable[Authenticator]) -> int:
    return sum(one.kind is _KIND for one in authenticators)


def _shown(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def _hash(account_id: str, code: str, key: bytes) -> str:
    return hmac.new(key, f"{account_id}\0{code}".encode(), hashlib.sha256).hexdigest()
