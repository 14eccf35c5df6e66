"""Challenges for key proofs: unpredictable, short-lived, good for one credential request.

Spec: OpenID for Verifiable Credential Issuance 1.0 §7, §13.8.
"""

import secrets
from typing import Any

from idp.ports import Ephemeral

PURPOSE = "c_nonce"
LIFETIME = 300  # a wallet asks for it right before it signs the proof


def issue(ephemeral: Ephemeral, *, now: int) -> dict[str, Any]:
    """The body of the nonce response (§7.2)."""
    ephemeral.sweep(now=now)  # anybody may ask for nonces: what expired must not pile up
    nonce = secrets.token_urlsafe(32)
    ephemeral.put(PURPOSE, nonce, {}, expires=now + LIFETIME)
    return {"c_nonce": nonce}


def spend(ephemeral: Ephemeral, nonce: str, *, now: int) -> bool:
    """True for exactly one caller with a nonce of ours that still lives."""
    taken = ephemeral.take(PURPOSE, nonce, now=now)
    return taken is not None and not taken.again
