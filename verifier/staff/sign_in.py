"""Sign-in of the staff: name and password, and for how long it holds. Known and unknown names are answered alike.

Spec: NIST SP 800-63B-4 §2.2.3 (reauthentication), §3.2.2 (rate limiting); attacks BF-01 to BF-04, BF-10

 1. Too many attempts: nothing is looked up and nothing is hashed. A browser in which this name signed in before has a count of its
    own, so that strangers who try the name shut nobody out who works here; one for each of its names, so that no colleague who
    shares it begins another's count anew.
 2. One hash, whether the name is known, unknown or disabled.
 3. Right: the count begins anew, and a session begins. Those who are right take no place among all attempts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from verifier.staff.model import Account
from verifier.staff.password import matches
from verifier.staff.ports import Attempts, Sessions

LONGEST = 12 * 3600  # seconds: one day's work, and no second one (NIST SP 800-63B-4 §2.2.3: AAL2 asks 24 h at most)
IDLE = 30 * 60  # seconds without an act: a counter that was left (§2.2.3: AAL2 asks 1 h at most)
WINDOW = 15 * 60  # seconds in which attempts are counted
PER_NAME = 5  # 480 a day, against 15 characters and more
PER_BROWSER = 10  # where this name has signed in before
IN_ALL = 50  # by browsers that are new here: a crowd of names is no way round, and hashes cost little
ALL = b"all"


@dataclass(frozen=True, slots=True)
class Wrong:
    """Name or password; it is not said which."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """`again`: seconds until another attempt is let in."""

    again: int


def sign_in(
    name: str,
    password: str,
    *,
    accounts: Mapping[str, Account],
    attempts: Attempts,
    browser: str | None,
    now: int,
) -> Account | Wrong | TooMany:
    """`browser`: its secret, where it shows that this very name has signed in there before."""
    own = _key("browser", f"{browser} {name}") if browser else _key("name", name)
    counts = {own: PER_BROWSER} if browser else {own: PER_NAME, ALL: IN_ALL}
    for key, most in counts.items():  # 1
        if again := attempts.take(key, most=most, window=WINDOW, now=now):
            return TooMany(again)
    found = accounts.get(name)
    right = matches(found.password if found else None, password)  # 2
    if found is None or not right or found.disabled:
        return Wrong()
    attempts.forget(own)  # 3
    if ALL in counts:
        attempts.give_back(ALL)
    return found


def begin(account: Account, secret: str, sessions: Sessions, *, now: int) -> None:
    sessions.open(session_key(secret), account.name, account.version, now=now)


def current(secret: str, *, accounts: Mapping[str, Account], sessions: Sessions, act: bool, now: int) -> Account | None:
    """Whose session it is: unless it ended, or the account changed since it began."""
    found = sessions.find(session_key(secret), now=now, act=act)
    account = accounts.get(found[0]) if found else None
    if found is None or account is None or account.disabled or account.version != found[1]:
        return None
    return account


def session_key(secret: str) -> bytes:
    return _key("session", secret)


def _key(kind: str, value: str) -> bytes:
    return sha256(f"{kind}:{value}".encode(errors="backslashreplace")).digest()
