"""Proof Key for Code Exchange: who began the log-in must end it. S256 is the only method there is.

Spec: RFC 7636 §4.1, §4.2, §4.6; RFC 9700 §2.1.1
"""

import hashlib
import hmac
import re

from certs.encoding import b64url_decode, b64url_encode
from certs.errors import CertsError

METHOD = "S256"

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}", re.ASCII)  # RFC 7636 §4.1
_CHALLENGE_LENGTH = 43  # 32 bytes as base64url without padding, RFC 7636 §4.2


def is_challenge(value: str) -> bool:
    if len(value) != _CHALLENGE_LENGTH:
        return False
    try:
        return len(b64url_decode(value)) == hashlib.sha256().digest_size
    except CertsError:
        return False


def is_verifier(value: str) -> bool:
    return _VERIFIER.fullmatch(value) is not None


def challenge_of(verifier: str) -> str:
    return b64url_encode(hashlib.sha256(verifier.encode("ascii")).digest())


def matches(*, verifier: str, challenge: str) -> bool:
    return hmac.compare_digest(challenge_of(verifier), challenge)  # RFC 7636 §4.6
