"""A browser that an account was used in before: it keeps a token that says so, and the server keeps nothing.

Spec: OWASP "device cookies"; NIST SP 800-63B-4 §3.2.2; attacks.md BF-01, BF-05, BF-10

The token opens nothing. With it a sign-in is no news to the person, and tries at a secret that was proven in this browser are
counted apart from those of strangers. At that secret and no other: who knows a password can get such a browser at any time,
and with each of them would get new tries at the one-time code.

It is a keyed hash over the account and its present password's hash: a new password makes all of them void. (So does, once in
some years, a new cost of hashing, when the browser that does it is another one.)

Token: name (11 bytes) · secrets (1) · time of issue (4) · keyed hash (16), in base64url. A family's browser holds one for
each person.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from certs.encoding import b64url_decode, b64url_encode
from idp.login.attempts import Secret
from idp.model import Account

LIFETIME = 180 * 86_400
MOST = 4  # people of one browser
_NAME, _TIME, _MAC = 11, 4, 16
_BITS = {Secret.PASSWORD: 1, Secret.CODE: 2, Secret.PASSCODE: 4, Secret.FACE: 8}
_TOKENS = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048](?:\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Known:
    """A browser by its name, and the secrets that the account proved in it."""

    name: str
    proven: frozenset[Secret]


def read(cookie: str | None, account: Account | None, *, key: bytes, now: int) -> Known | None:
    """None where the account was not used in this browser, or under another password."""
    found = (_known(token, account, key=key, now=now) for token in _tokens(cookie)) if account else ()
    return next((known for known in found if known is not None), None)


def remembered(cookie: str | None, account: Account, *, proven: frozenset[Secret], key: bytes, now: int) -> str:
    """The cookie's new value: this account first, the other people's tokens after it."""
    others = [token for token in _tokens(cookie) if _known(token, account, key=key, now=now) is None]
    known = read(cookie, account, key=key, now=now) or Known(secrets.token_hex(_NAME), frozenset())
    bits = sum(bit for secret, bit in _BITS.items() if secret in proven | known.proven)
    head = bytes.fromhex(known.name) + bytes([bits]) + now.to_bytes(_TIME, "big")
    return ".".join([b64url_encode(head + _mac(head, account, key)), *others][:MOST])


def _tokens(cookie: str | None) -> list[str]:
    return cookie.split(".") if cookie is not None and _TOKENS.fullmatch(cookie) else []


def _known(token: str, account: Account, *, key: bytes, now: int) -> Known | None:
    raw = b64url_decode(token)
    head, mac = raw[:-_MAC], raw[-_MAC:]
    issued = int.from_bytes(head[-_TIME:], "big")
    if not hmac.compare_digest(mac, _mac(head, account, key)) or not issued <= now < issued + LIFETIME:
        return None
    return Known(head[:_NAME].hex(), frozenset(secret for secret, bit in _BITS.items() if head[_NAME] & bit))


def _mac(head: bytes, account: Account, key: bytes) -> bytes:
    said = b"known device\0" + head + f"{account.account_id}\0{account.password_hash}".encode()
    return hmac.digest(key, said, hashlib.sha256)[:_MAC]
