"""A log-in or a consent under way, tied to the browser that began it.

The address of the page carries a random id, the browser a random cookie; only together do they open the interaction, so
that nobody can be led into somebody else's pending log-in. What was asked for is kept here and never read from a form.
Each step ends the interaction and begins the next under a new id: a form can be sent once.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from idp.ports import Ports

PURPOSE = "interaction"
LIFETIME = 30 * 60  # Long enough to fetch the phone, short enough that a page left open overnight does nothing.


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    browser: str  # SHA-256 of the browser cookie
    authorization: Mapping[str, Any] | None = None  # the checked request of a relying party …
    next: str | None = None  # … or the own page to come back to
    account_id: str | None = None  # who must be signed in, once somebody signed in
    signed_in: bool = False  # a log-in took place in this very interaction
    consented: bool = False
    least: int = 1  # the authentication level that an own page asks for
    locales: tuple[str, ...] = ()  # the languages that the request wishes for its pages
    begun: int = 0  # when it came: the language that a person chose since then counts for more
    adds: bool = False  # somebody is signed in and adds what is missing to their session
    wish: bool = False  # … and may go on without
    waived: bool = False  # … and did
    recovers: bool = (
        False  # nobody is signed in: `account_id`, which may be nobody's, is to be proven without its password
    )
    proofs: tuple[str, ...] = ()  # what was proven in a recovery so far, by the names of RFC 8176
    replaces: str | None = None  # a recovery's fingerprint of the account: with another password in force it has ended
    typed: str | None = None  # … and the name that it began with: its tries are counted under that as everywhere


def browser_hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def begin(ports: Ports, interaction: Interaction, *, new_secret: Callable[[], str], now: int) -> str:
    """Keep it; the id that its page's address carries."""
    identifier = new_secret()
    ports.ephemeral.put(PURPOSE, identifier, asdict(interaction), expires=now + LIFETIME)
    return identifier


def find(ports: Ports, identifier: str, *, browser: str | None, now: int) -> Interaction | None:
    """None when unknown, expired, done, or another browser's: the four are told apart by nobody."""
    payload = ports.ephemeral.read(PURPOSE, identifier, now=now)
    return _of_browser(payload, browser)


def finish(
    ports: Ports, identifier: str, *, browser: str | None, now: int, found: Interaction | None = None
) -> Interaction | None:
    """Use it up; None for everybody but the first. `found`: what `find` gave for this id before; it never changes."""
    held = found or find(ports, identifier, browser=browser, now=now)
    if held is None or not _is_of(held, browser):
        return None  # Another browser must not be able to end it either.
    taken = ports.ephemeral.take(PURPOSE, identifier, now=now)
    return None if taken is None or taken.again else _of_browser(taken.payload, browser)


def after_sign_in(interaction: Interaction, account_id: str) -> Interaction:
    """Adding to a session is no new log-in: its oldest proof may be too old by now. What one person waived or allowed on
    the way is no other's."""
    same = interaction.account_id == account_id
    return replace(
        interaction,
        account_id=account_id,
        signed_in=interaction.signed_in or not interaction.adds,
        adds=False,
        waived=interaction.waived and same,
        consented=interaction.consented and same,
    )


def to_add(interaction: Interaction, account_id: str) -> Interaction:
    """The person is known, and what they proved is too little."""
    return replace(interaction, account_id=account_id, adds=True)


def to_recover(interaction: Interaction, account_id: str, *, replaces: str, typed: str | None = None) -> Interaction:
    """Its pages ask for proofs of this account, and `idp.web.proven` gathers them here; no session begins."""
    return replace(interaction, account_id=account_id, recovers=True, replaces=replaces, typed=typed)


def after_waiving(interaction: Interaction) -> Interaction:
    return replace(interaction, waived=True, adds=False)


def with_proof(interaction: Interaction, names: Iterable[str]) -> Interaction:
    return replace(interaction, proofs=tuple(sorted({*interaction.proofs, *names})))


def of_account(interaction: Interaction, account_id: str | None) -> Interaction:
    return replace(interaction, account_id=account_id)


def after_consent(interaction: Interaction) -> Interaction:
    return replace(interaction, consented=True)


def _of_browser(payload: Mapping[str, Any] | None, browser: str | None) -> Interaction | None:
    if payload is None:
        return None
    lists = {name: tuple(payload[name]) for name in ("proofs", "locales") if name in payload}
    interaction = Interaction(**{**payload, **lists})
    return interaction if _is_of(interaction, browser) else None


def _is_of(interaction: Interaction, browser: str | None) -> bool:
    return browser is not None and hmac.compare_digest(interaction.browser, browser_hash(browser))
