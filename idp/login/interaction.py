"""A log-in or a consent under way, tied to the browser that began it.

The address of the page carries a random id, the browser a random cookie; only together do they open the interaction, so
that nobody can be led into somebody else's pending log-in. What was asked for is kept here and never read from a form.
Each step ends the interaction and begins the next under a new id: a form can be sent once.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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


def browser_hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def begin(ports: Ports, interaction: Interaction, *, new_secret: Callable[[], str], now: int) -> str:
    """Keep it; the id that its page's address carries."""
    identifier = new_secret()
    payload = {
        "browser": interaction.browser,
        "authorization": interaction.authorization,
        "next": interaction.next,
        "account_id": interaction.account_id,
        "signed_in": interaction.signed_in,
        "consented": interaction.consented,
    }
    ports.ephemeral.put(PURPOSE, identifier, payload, expires=now + LIFETIME)
    return identifier


def find(ports: Ports, identifier: str, *, browser: str | None, now: int) -> Interaction | None:
    """None when unknown, expired, done, or another browser's: the four are told apart by nobody."""
    payload = ports.ephemeral.read(PURPOSE, identifier, now=now)
    return _of_browser(payload, browser)


def finish(ports: Ports, identifier: str, *, browser: str | None, now: int) -> Interaction | None:
    """Use it up; None for everybody but the first."""
    if find(ports, identifier, browser=browser, now=now) is None:
        return None  # Another browser must not be able to end it either.
    taken = ports.ephemeral.take(PURPOSE, identifier, now=now)
    return None if taken is None or taken.again else _of_browser(taken.payload, browser)


def after_sign_in(interaction: Interaction, account_id: str) -> Interaction:
    return replace(interaction, account_id=account_id, signed_in=True)


def of_account(interaction: Interaction, account_id: str | None) -> Interaction:
    return replace(interaction, account_id=account_id)


def after_consent(interaction: Interaction) -> Interaction:
    return replace(interaction, consented=True)


def _of_browser(payload: Mapping[str, Any] | None, browser: str | None) -> Interaction | None:
    if payload is None or browser is None:
        return None
    interaction = Interaction(**payload)
    return interaction if hmac.compare_digest(interaction.browser, browser_hash(browser)) else None
