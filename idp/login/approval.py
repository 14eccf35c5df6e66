"""A log-in that a person approves on their phone: what is asked, who has seen it, what was decided. Each asking ends once.

Spec: RFC 10027 §6.1 (short-lived, one-time, unique codes; who asks is shown; bound to what stands on the other screen);
RFC 8628 §3.5 (pace of polling); NIST SP 800-63B-4 §3.1.3.3 (the number compared); attacks.md QL-01 to QL-11

1. The asking belongs to one interaction of one browser. Where the screens are two, its page shows a number, and a code that
   is a new one every TURN seconds; where the app is in the same browser there is neither, and the result goes by a redirect.
2. The first account whose device opens a code holds it; to all others it is unknown from then on.
3. One decision ends the asking, by one statement. A number that is not the page's ends it too.
4. The asking browser takes the result, once. In the flow on the same device only who brings the redirect's secret takes it:
   a link that somebody was sent opens nothing for the sender.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from certs.device import ID_BYTES, Decision
from certs.encoding import b64url_encode
from idp.login.acr import Factor
from idp.model import Event, Limit
from idp.ports import Ports

FACTORS = frozenset({Factor.SOFTWARE_KEY, Factor.PIN})  # the device's key, and the passcode that its person knows
LIFETIME = 300  # seconds: to find the phone and read what it shows
TURN = 25  # seconds that one code is shown; with the pace of the page below the 30 that QL-02 asks
CODE_LIFETIME = 60  # to be opened; who opened it may take until the asking ends
PASSCODE_TRIES = 3  # in one asking
INTERVAL, SLOWER = 2, 5  # seconds between two polls, and how much is added for each that came too early (RFC 8628 §3.5)
LOWEST, HIGHEST, CHOICES = 10, 99, 3

_ASKED, _CODE, _OPENED = "approval", "approval_code", "approval_opened"
_SEEN, _LOOKED = "approval_seen", "approval_looked"
_OUTCOME, _RESULT, _ANSWER = "approval_outcome", "approval_result", "approval_answer"
_CLAIM, _TURNED, _TRY, _HURRIED = "approval_claim", "approval_turn", "approval_try", "approval_hurried"
_MOST_HURRIED = 10
# One row for all of them: the name is the same.
_PACE = tuple(
    Limit("approval_poll", ((1, INTERVAL + SLOWER * level),), kept=LIFETIME) for level in range(_MOST_HURRIED + 1)
)

APPROVED, DENIED, VOID = "approved", "denied", "number_mismatch"
WAITING, SEEN, EXPIRED, TRIED_OUT = "waiting", "seen", "expired", "tried_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    asking_id: str
    interaction_id: str
    browser: str  # as the interaction has it
    account_id: str | None  # who alone may answer: somebody is signed in and adds to it, or an account is recovered
    recovers: bool
    client_id: str | None  # None: one of our own pages
    redirect_uri: str | None
    scopes: tuple[str, ...]
    place: str
    device: str
    asked_at: int
    expires: int
    number: str | None = None  # none of these three where the app is in the same browser
    numbers: tuple[str, ...] = ()
    seed: str = ""

    @property
    def same_device(self) -> bool:
        return self.number is None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to; the same for the very same proof sent again. `result` opens the return on the same device."""

    outcome: str
    result: str | None = None
    interaction_id: str = ""


def ask(
    ports: Ports, asking: Asking, *, new_secret: Callable[[], str], below: Callable[[int], int], same_device: bool
) -> Asking:
    """Keep it, with a number of its own unless the app is in the same browser."""
    given = asdict(asking)
    if not same_device:
        chosen = _choices(below)
        given |= {"number": chosen[0], "numbers": sorted(chosen, key=lambda _: below(1 << 32)), "seed": new_secret()}
    ports.ephemeral.put(_ASKED, asking.asking_id, given, expires=asking.expires)
    details = {"same_device": same_device}
    ports.journal.append(Event(asking.asked_at, "approval_asked", asking.account_id, asking.client_id, details))
    return _asking(given)


def request_here(ports: Ports, asking: Asking) -> str:
    """The request that a link on the same device carries."""
    code = _short(asking.asking_id)
    ports.ephemeral.put(_CODE, code, {"asking": asking.asking_id}, expires=asking.expires)
    return code


def turn(asking: Asking, *, now: int) -> int:
    return (now - asking.asked_at) // TURN


def code(ports: Ports, asking: Asking, *, now: int) -> str:
    """What the QR says now. Nobody computes the next one: the seed stays here."""
    number = turn(asking, now=now)
    value = _short(f"{asking.seed}.{number}")
    if ports.ephemeral.once(_TURNED, f"{asking.asking_id}.{number}", expires=asking.expires):
        expires = min(now + CODE_LIFETIME, asking.expires)
        ports.ephemeral.put(_CODE, value, {"asking": asking.asking_id}, expires=expires)
    return value


def of_code(ports: Ports, request: str, *, now: int) -> Asking | None:
    """The asking behind a code that lives, for the browser that opens its address."""
    found = ports.ephemeral.read(_CODE, request, now=now)
    return _read(ports, found["asking"], now=now) if found else None


def open_code(ports: Ports, request: str, *, account_id: str, now: int) -> Asking | None:
    """What is asked, for a device of this account. None: unknown, expired, decided, or not theirs."""
    held = ports.ephemeral.read(_OPENED, request, now=now)
    if held is None:
        held = _claim(ports, request, account_id=account_id, now=now)
    return _read(ports, held["asking"], now=now) if held and held["account_id"] == account_id else None


def _claim(ports: Ports, request: str, *, account_id: str, now: int) -> dict[str, Any] | None:
    asking = of_code(ports, request, now=now)
    if asking is None or asking.account_id not in (None, account_id):
        return None
    if not ports.ephemeral.once(_CLAIM, request, expires=asking.expires):
        found = ports.ephemeral.read(
            _OPENED, request, now=now
        )  # somebody was a moment faster: another device of theirs?
        return dict(found) if found else None
    held = {"asking": asking.asking_id, "account_id": account_id}
    ports.ephemeral.put(_OPENED, request, held, expires=asking.expires)
    if ports.ephemeral.once(_SEEN, asking.asking_id, expires=asking.expires):  # another code of it may be open too
        ports.ephemeral.put(_LOOKED, asking.asking_id, {}, expires=asking.expires)
    return held


def opened(ports: Ports, request: str, *, account_id: str, now: int) -> Asking | None:
    """The asking that a device of this account has opened, while nothing is decided."""
    held = ports.ephemeral.read(_OPENED, request, now=now)
    return _read(ports, held["asking"], now=now) if held and held["account_id"] == account_id else None


def answered(ports: Ports, proof: str, *, now: int) -> Decided | None:
    """What this very proof came to before: a network may deliver twice."""
    found = ports.ephemeral.read(_ANSWER, _hash(proof), now=now)
    return Decided(**found) if found else None


def passcode_wrong(ports: Ports, asking: Asking, account_id: str, *, now: int) -> int:
    """How many tries are left in this asking; with the last one it ends."""
    for number in range(1, PASSCODE_TRIES):
        if ports.ephemeral.once(_TRY, f"{asking.asking_id}.{number}", expires=asking.expires):
            return PASSCODE_TRIES - number
    taken = ports.ephemeral.take(_ASKED, asking.asking_id, now=now)
    if taken is not None and not taken.again:
        _end(ports, asking, TRIED_OUT, account_id, now=now)
    return 0


def decide(
    ports: Ports,
    decision: Decision,
    *,
    proof: str,
    account_id: str,
    authenticator_id: str,
    new_secret: Callable[[], str],
    now: int,
) -> Decided | None:
    """The first one wins. None: there is nothing to decide any more, or it is not theirs. Passcodes are verified before."""
    held = ports.ephemeral.read(_OPENED, decision.request, now=now)
    if held is None or held["account_id"] != account_id:
        return None
    taken = ports.ephemeral.take(_ASKED, held["asking"], now=now)
    if taken is None or taken.again:
        return answered(ports, proof, now=now)
    asking = _asking(taken.payload)
    outcome = DENIED
    if decision.approved:  # compared as a whole; there is one chance, so time tells nothing worth knowing
        outcome = APPROVED if decision.number == asking.number else VOID
    result = new_secret() if outcome == APPROVED and asking.same_device else None
    if result is not None:
        ports.ephemeral.put(_RESULT, result, {"asking": asking.asking_id}, expires=asking.expires)
    _end(ports, asking, outcome, account_id, authenticator_id=authenticator_id, now=now)
    decided = Decided(outcome, result, asking.interaction_id)
    ports.ephemeral.put(_ANSWER, _hash(proof), asdict(decided), expires=asking.expires)
    return decided


def _end(
    ports: Ports, asking: Asking, outcome: str, account_id: str, *, now: int, authenticator_id: str | None = None
) -> None:
    names = {"account_id": account_id, "authenticator_id": authenticator_id}
    kept = {"outcome": outcome, "asking": asdict(asking), **names}
    ports.ephemeral.put(_OUTCOME, asking.asking_id, kept, expires=asking.expires)
    kind = "approval_given" if outcome == APPROVED else "approval_denied"
    details = {} if outcome in (APPROVED, DENIED) else {"reason": outcome}
    ports.journal.append(Event(now, kind, account_id, asking.client_id, details))


# --- the asking browser -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """How an asking stands, for its page. `asking` is None once it is expired or its result was taken."""

    state: str
    asking: Asking | None = None
    account_id: str = ""
    authenticator_id: str = ""


def standing(ports: Ports, asking_id: str, interaction_id: str, *, now: int) -> Standing:
    """Of an asking of this interaction, with two screens; of all others one only learns that they are over."""
    found = _standing(ports, asking_id, interaction_id, now=now)
    return Standing(EXPIRED) if found.asking is None or found.asking.same_device else found


def returned(ports: Ports, result: str, interaction_id: str, *, now: int) -> Standing:
    """Of an asking in this very browser, for whoever brings what the app was given."""
    found = ports.ephemeral.read(_RESULT, result, now=now)
    return _standing(ports, found["asking"], interaction_id, now=now) if found else Standing(EXPIRED)


def _standing(ports: Ports, asking_id: str, interaction_id: str, *, now: int) -> Standing:
    asking, names = _read(ports, asking_id, now=now), ("", "")
    if asking is not None:
        state = WAITING if ports.ephemeral.read(_LOOKED, asking_id, now=now) is None else SEEN
    else:
        ended = ports.ephemeral.read(_OUTCOME, asking_id, now=now)
        if ended is None:
            return Standing(EXPIRED)
        state, asking = ended["outcome"], _asking(ended["asking"])
        names = (ended["account_id"], ended["authenticator_id"] or "")
    if not hmac.compare_digest(asking.interaction_id, interaction_id):
        return Standing(EXPIRED)
    return Standing(state, asking, *names)


def take_result(ports: Ports, standing: Standing, *, now: int) -> bool:
    """True for exactly one caller, while the device is still one of the account's."""
    if standing.asking is None or standing.state != APPROVED:
        return False
    taken = ports.ephemeral.take(_OUTCOME, standing.asking.asking_id, now=now)
    if taken is None or taken.again:
        return False
    return ports.authenticators.use(standing.authenticator_id, now=now)


def withdraw(ports: Ports, asking: Asking, *, now: int) -> bool:
    """The browser goes another way: nobody can answer this asking any more."""
    taken = ports.ephemeral.take(_ASKED, asking.asking_id, now=now)
    return taken is not None and not taken.again


def too_early(ports: Ports, asking_id: str, *, now: int) -> int:
    """0: the poll came in time. Otherwise the seconds to leave between two polls from now on."""
    level = 0
    while level < _MOST_HURRIED and ports.ephemeral.take(_HURRIED, f"{asking_id}.{level}", now=now) is not None:
        level += 1
    if not ports.attempts.count(_PACE[level], asking_id, now=now):
        return 0
    ports.ephemeral.once(_HURRIED, f"{asking_id}.{level}", expires=now + LIFETIME)
    return INTERVAL + SLOWER * min(level + 1, _MOST_HURRIED)


def _choices(below: Callable[[int], int]) -> list[str]:
    """Different ones; the first is the right one."""
    rest = list(range(LOWEST, HIGHEST + 1))
    return [str(rest.pop(below(len(rest)))) for _ in range(CHOICES)]


def _read(ports: Ports, asking_id: str, *, now: int) -> Asking | None:
    found = ports.ephemeral.read(_ASKED, asking_id, now=now)
    return _asking(found) if found else None


def _asking(payload: Any) -> Asking:
    lists = {name: tuple(payload[name]) for name in ("scopes", "numbers")}
    return Asking(**{**payload, **lists})


def _hash(proof: str) -> str:
    return hashlib.sha256(proof.encode()).hexdigest()


def _short(secret: str) -> str:
    """128 bits of it: enough that nobody finds one by trying, and a QR of few modules (QL-05)."""
    return b64url_encode(hashlib.sha256(f"approval code\0{secret}".encode()).digest()[:ID_BYTES])
