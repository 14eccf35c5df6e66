"""How often somebody may try: counted before what is tried, the same count in every way to sign in that asks for it.

Spec: NIST SP 800-63B-4 §3.2.2 (at most 100 failures in a row); OWASP ASVS 5.0 V6.3.1, V6.6.3; attacks.md §4.10

What is guessed has a count of its own for each person: were there one for all, who knows a password could guess one-time
codes without end, by signing in with the password in between. A proof ends the count of what it could replace, not more.

1. From a browser in which this very secret of the account was proven before (`idp.login.known_device`): that browser's own
   count and no other, so that no flood of strangers locks a person out.
2. From everywhere else: the address, what was typed, the person; and whether all together, or one relying party's users,
   fail too often. Those two are counted at failures alone: each is one row, and every sign-in would wait for it.

What cannot be guessed (a key's signature) is counted by the address alone.
"""

from dataclasses import dataclass
from enum import StrEnum

from idp.login.acr import Factor, authentication_level
from idp.model import Event, Limit
from idp.ports import Ports, Storage

MINUTE, HOUR, DAY = 60, 3600, 86_400

# Five free tries, then slower and slower; after 100 in a row only a proof helps: another way to sign in, or recovery.
STEPS = ((5, 0), (8, 30), (12, 5 * MINUTE), (99, HOUR), (100, 365 * DAY))
KEPT = 90 * DAY
PERSON = Limit("person", STEPS, kept=KEPT)
# What was typed, known or not. An account has two names: what is done under one must not show under the other.
TYPED = Limit("typed", STEPS, kept=KEPT)
KNOWN_DEVICE = Limit("known_device", STEPS, kept=KEPT)

# Fixed windows. In Viet Nam thousands share one address of their mobile network: a success takes its try back.
WINDOW = 10 * MINUTE
ADDRESS = Limit("address", ((300, 0), (301, WINDOW)), kept=WINDOW, window=True)
CLIENT = Limit("client", ((2_000, 0), (2_001, WINDOW)), kept=WINDOW, window=True)
OVERALL = Limit("overall", ((5_000, 0), (5_001, WINDOW)), kept=WINDOW, window=True)
EVERYBODY = "everybody"

LEVEL_TO_REPLACE_A_PASSWORD = 2
LEVEL_TO_REPLACE_CODES = 2  # what managing the ways to sign in asks for


class Secret(StrEnum):
    """What is guessed at."""

    PASSWORD = "password"  # noqa: S105 (a name, not a password)
    CODE = "code"  # one-time codes of every kind: TOTP, recovery code, short message
    PASSCODE = "passcode"
    FACE = "face"
    KEY = "key"  # a signature: nobody guesses it


_SHOWN_BY = (
    (Secret.PASSWORD, {Factor.PASSWORD}),
    (Secret.CODE, {Factor.ONE_TIME_CODE, Factor.SHORT_MESSAGE}),
    (Secret.PASSCODE, {Factor.PIN}),
    (Secret.FACE, {Factor.FACE}),
)


class TooMany(Exception):
    """Nothing was tried. `wait`: seconds until the next try may be made."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"wait {wait} s")
        self.wait = wait


class HiddenLimit(TooMany):
    """The account is at its limit, and what was typed is not: its other name was tried, which this answer must not tell.

    Who asks by a typed name does the same work and refuses as for a wrong secret; elsewhere it is a TooMany as any other.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """Who tries what: made by `idp.web.tries` from the request."""

    subject: str  # the account's id; where nobody was found, what was typed
    address: str  # the source, as `idp.login.origin.source` cuts it
    secret: Secret
    client_id: str | None = None
    typed: str | None = None  # normalised, where a name was typed for this very try
    known_device: str | None = None  # the name of the browser, if this secret of the account was proven in it before


def begin(storage: Storage, tried: Try, *, now: int) -> None:
    """Count it, in a transaction of its own, before the work; raises TooMany, and then nothing is to be tried."""
    with storage.transaction() as ports:
        refused = _count(ports, tried, now=now)
    if refused is not None:
        raise refused


def fail(ports: Ports, tried: Try, *, reason: str, account_id: str | None, now: int) -> None:
    """It was wrong: the journal hears of it, and of the limit that it reached. `account_id` where one was found."""
    details = {"reason": reason}
    ports.journal.append(Event(now, "sign_in_refused", account_id, tried.client_id, details))
    if tried.known_device is None:
        for limit, value in _of_all(tried):
            ports.attempts.count(limit, value, now=now)
    reached = [limit.name for limit, value in _of_one(tried) if ports.attempts.waiting(limit, value, now=now)]
    if reached:
        limits = {"limits": reached, "secret": tried.secret.value}
        ports.journal.append(Event(now, "attempts_limited", account_id, tried.client_id, limits))


def succeed(ports: Ports, tried: Try, *, now: int) -> None:
    """It was right, in the transaction of what it opened; last of all there, since many may wait for the address's row."""
    counted = _of_one(tried)
    for limit, value in counted:
        if limit is ADDRESS:
            ports.attempts.refund(limit, value, now=now)
    ports.attempts.forget(*(count for count in counted if count[0] is not ADDRESS))


def unlock(ports: Ports, account_id: str, *, proven: frozenset[Factor], names: tuple[str, ...]) -> None:
    """Who could set a new password need not wait for the old one: without it they proved as much as recovery asks. Nor who
    could add a new app wait for codes."""
    replaceable = ((Secret.PASSWORD, could_replace_the_password(proven)), (Secret.CODE, _could_replace_codes(proven)))
    forget(ports, account_id, *(secret for secret, could in replaceable if could), names=names)


def could_replace_the_password(proven: frozenset[Factor]) -> bool:
    others = proven - {Factor.PASSWORD}
    return bool(others) and authentication_level(others) >= LEVEL_TO_REPLACE_A_PASSWORD


def _could_replace_codes(proven: frozenset[Factor]) -> bool:
    others = proven - {Factor.ONE_TIME_CODE, Factor.SHORT_MESSAGE}
    return bool(others) and authentication_level(others) >= LEVEL_TO_REPLACE_CODES


def shown(proven: frozenset[Factor]) -> frozenset[Secret]:
    """The secrets that these factors show, or that whoever proved them could set anew: nobody need guess at them."""
    found = {secret for secret, factors in _SHOWN_BY if factors & proven}
    return frozenset(found | ({Secret.PASSWORD} if could_replace_the_password(proven) else set()))


def forget(ports: Ports, account_id: str, *secrets: Secret, names: tuple[str, ...] = ()) -> None:
    """These secrets are new ones, or may be tried again. `names`: what people type for this account."""
    counts = [*((TYPED, name) for name in names), (PERSON, account_id)]
    ports.attempts.forget(*((limit, _value(name, secret)) for secret in secrets for limit, name in counts))


def _count(ports: Ports, tried: Try, *, now: int) -> TooMany | None:
    """Always in the same order, so that two tries at once never wait for one another."""
    if tried.known_device is None:
        for limit, value in _of_all(tried):
            wait = ports.attempts.waiting(limit, value, now=now)
            if wait:
                return TooMany(wait)
    for limit, value in _of_one(tried):
        wait = ports.attempts.count(limit, value, now=now)
        if wait:
            return HiddenLimit(wait) if limit is PERSON and tried.typed is not None else TooMany(wait)
    return None


def _of_one(tried: Try) -> tuple[tuple[Limit, str], ...]:
    if tried.secret is Secret.KEY:
        return ((ADDRESS, tried.address),)
    if tried.known_device is not None:
        return ((KNOWN_DEVICE, _value(f"{tried.subject}\0{tried.known_device}", tried.secret)),)
    typed = () if tried.typed is None else ((TYPED, _value(tried.typed, tried.secret)),)
    return ((ADDRESS, tried.address), *typed, (PERSON, _value(tried.subject, tried.secret)))


def _of_all(tried: Try) -> tuple[tuple[Limit, str], ...]:
    if tried.secret is Secret.KEY:
        return ()
    client = () if tried.client_id is None else ((CLIENT, tried.client_id),)
    return (*client, (OVERALL, EVERYBODY))


def _value(name: str, secret: Secret) -> str:
    return f"{secret.value}\0{name}"
