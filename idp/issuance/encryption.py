"""Requests and answers that are encrypted on top of TLS: what is opened, what is sealed.

Spec: OpenID for Verifiable Credential Issuance 1.0 §8.2, §8.3, §10

Both are offered and neither is demanded: within one connection by TLS they add nothing. An answer is encrypted to a key that
came encrypted itself, or whoever changes the request on its way would choose who reads the answer. A refusal is never
encrypted (§8.3.1.2). Nothing is compressed: the length would tell of what is inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certs import jwe
from certs.encoding import json_decode, json_encode
from certs.errors import CertsError
from certs.jwe import EncryptionKey
from idp.issuance.credential_request import ENCRYPTED_LIMIT, Refused, malformed, read_body
from idp.issuance.metadata import ANSWER_ALGORITHMS, CONTENT
from idp.oidc.context import Context
from idp.oidc.request import NO_STORE, Request, Response, json_response

JWT = "application/jwt"
ANSWER_LIMIT = 160 * 1024  # bytes of a batch; encrypted and encoded it stays below what a wallet reads of an answer


@dataclass(frozen=True, slots=True)
class AnswerTo:
    """Whom the answer is for, and how."""

    key: EncryptionKey
    enc: str


def opened(request: Request, context: Context) -> tuple[Mapping[str, Any], AnswerTo | None]:
    """The body of a request, and to whom its answer goes encrypted. Raises Refused."""
    if request.media_type != JWT:
        body = read_body(request)
        if "credential_response_encryption" in body:  # §8.2: such a request MUST be encrypted
            raise _unfit("Encrypt the request too, or ask for no encryption.", "request_in_clear")
        return body, None
    if len(request.body) > ENCRYPTED_LIMIT:
        raise malformed("Send a request of a moderate size.")
    try:
        found = json_decode(jwe.decrypt(request.body.decode("ascii"), context.opening()).content)
    except (CertsError, UnicodeDecodeError):
        raise _unfit("The request cannot be decrypted.", "request") from None
    if not isinstance(found, dict):
        raise malformed("Not a JSON object.")
    return found, _answer_to(found.get("credential_response_encryption"))


def _answer_to(told: object) -> AnswerTo | None:
    if told is None:
        return None
    enc, jwk = (told.get("enc"), told.get("jwk")) if isinstance(told, dict) else (None, None)
    if enc not in CONTENT or not isinstance(jwk, dict) or "zip" in (told if isinstance(told, dict) else {}):
        raise _unfit("These encryption parameters are not supported.", "answer")
    try:
        key = EncryptionKey.from_jwk(jwk)  # §10: `alg` MUST be in it
    except CertsError:
        raise _unfit("The key for the answer is not fit.", "answer_key") from None
    if key.alg not in ANSWER_ALGORITHMS:
        raise _unfit("The key for the answer is not fit.", "answer_key")
    return AnswerTo(key, str(enc))


def answered(content: Mapping[str, Any], to: AnswerTo | None, *, status: int = 200) -> Response:
    """§8.3, §9.2: whatever it says, when encryption was asked for, it is encrypted. Raises Refused."""
    if to is None:
        return json_response(content, status=status)
    try:
        sealed = jwe.encrypt(json_encode(content), to.key, enc=to.enc, limit=ANSWER_LIMIT)
    except CertsError:
        raise malformed("Ask for fewer copies at once.") from None
    return Response(status, (("Content-Type", JWT), *NO_STORE), sealed.encode("ascii"))


def _unfit(description: str, reason: str) -> Refused:
    return Refused("invalid_encryption_parameters", description, f"encryption {reason}")
