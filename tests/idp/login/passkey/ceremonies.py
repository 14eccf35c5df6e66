"""Both ceremonies in a line each, for tests of the rules: a party, a clock that stands still, one account."""

import json
import secrets
from typing import Any

from idp.login.passkey import authentication, registration
from idp.login.passkey.authentication import Asserted, Shown
from idp.login.passkey.ceremony import Party, Refused
from idp.login.passkey.registration import Registered
from idp.model import Authenticator, AuthenticatorKind
from tests.idp.login.authenticator import ORIGIN, Passkey

NOW = 1_772_438_400
PARTY = Party(issuer=ORIGIN, challenge_key=b"c" * 32, handle_key=b"h" * 32)
ACCOUNT, SESSION, STEP = "a-duong", "session-of-duong", "step-of-the-log-in"


def creation(**changed: Any) -> dict[str, Any]:
    asked = {"account_id": ACCOUNT, "name": "Identity", "shown_as": "Dương", "held": (), "bound_to": SESSION}
    return registration.begin(PARTY, **(asked | changed), now=NOW, random=secrets.token_bytes)


def request(**changed: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"only": None, "bound_to": STEP, **changed}
    return authentication.begin(PARTY, **asked, now=NOW, random=secrets.token_bytes)


def created(sent: str, **changed: Any) -> Registered | Refused:
    return registration.finish(PARTY, sent, **{"bound_to": SESSION, "now": NOW + 30, **changed})


def kept(passkey: Passkey, **changed: Any) -> Authenticator:
    """The passkey as it stands in the database after a right registration."""
    made = created(passkey.create(creation()))
    assert isinstance(made, Registered), made
    row = {"authenticator_id": "k-1", "account_id": ACCOUNT, "name": "Phone", "created_at": NOW}
    return Authenticator(
        **(row | changed), kind=AuthenticatorKind.PASSKEY, key=made.key, data=json.loads(json.dumps(made.data)),
        counter=made.counter,
    )  # fmt: skip


def shown(sent: str, held: Authenticator | None, **changed: Any) -> Shown | Refused:
    read = authentication.read(sent)
    if isinstance(read, Refused):
        return read
    assert isinstance(read, Asserted)
    return authentication.finish(PARTY, read, held, **{"only": None, "bound_to": STEP, "now": NOW + 30, **changed})
