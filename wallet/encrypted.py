"""Speak with an issuer under encryption on top of TLS: what it announced, a request sealed to it, its answer opened.

Spec: OpenID4VCI 1.0 §8.2, §8.3, §9, §10, §12.2.4

An answer is asked for encrypted wherever the issuer can do both: a request that names a key for the answer MUST be encrypted
itself. Then an answer in clear is no answer. Each request has a key of its own, forgotten with the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certs import jwe
from certs.encoding import json_decode, json_encode
from certs.errors import CertsError
from certs.fetch import SIZE_LIMIT, Response
from certs.jwe import DecryptionKey, EncryptionKey
from wallet.errors import WalletError

ALGORITHMS = jwe.AGREEMENTS  # the better one first
CONTENT = ("A256GCM", "A128GCM", "A128CBC-HS256")
KEYS_LIMIT = 16  # of an issuer


@dataclass(frozen=True, slots=True)
class Encryption:
    """Of requests, to this key; and of answers, by this algorithm, where the issuer encrypts them."""

    to: EncryptionKey
    enc: str
    answer_alg: str | None
    answer_enc: str | None


def announced(metadata: Mapping[str, Any]) -> Encryption | None:
    """What can be used of what the issuer says (§12.2.4). Raises WalletError where it demands what this wallet cannot do."""
    requests, answers = (_object(metadata, f"credential_{name}_encryption") for name in ("request", "response"))
    key, enc = _key(requests), _first(CONTENT, requests.get("enc_values_supported"))
    if key is None or enc is None:
        if requests.get("encryption_required") or answers.get("encryption_required"):
            raise WalletError("offer_unsupported", "an encryption that this wallet does not know")
        return None
    answer = (
        _first(ALGORITHMS, answers.get("alg_values_supported")),
        _first(CONTENT, answers.get("enc_values_supported")),
    )
    if None in answer:
        if answers.get("encryption_required"):
            raise WalletError("offer_unsupported", "an encryption that this wallet does not know")
        answer = (None, None)
    return Encryption(key, enc, *answer)


def sealed(body: Mapping[str, Any], by: Encryption) -> tuple[str, DecryptionKey | None]:
    """A request as a JWT, and the key that opens its answer; None where the answer comes in clear."""
    mine, wish = None, {}
    if by.answer_alg is not None:
        mine = DecryptionKey.generate(by.answer_alg, "answer")
        wish = {"credential_response_encryption": {"jwk": mine.public.jwk(), "enc": by.answer_enc}}
    return jwe.encrypt(json_encode({**body, **wish}), by.to, enc=by.enc), mine


def opened(answer: Response, key: DecryptionKey) -> dict[str, Any]:
    """What an encrypted answer says. Raises WalletError."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/jwt":  # §10: SHOULD be rejected
        raise WalletError("issuer_refused", "an answer in clear, where an encrypted one was asked for")
    try:
        found = json_decode(jwe.decrypt(answer.body.decode("ascii"), [key], limit=SIZE_LIMIT).content)
    except (CertsError, UnicodeDecodeError) as error:
        raise WalletError("issuer_refused", "the answer cannot be decrypted") from error
    if not isinstance(found, dict):
        raise WalletError("issuer_refused", "answer is not an object")
    return found


def _key(told: Mapping[str, Any]) -> EncryptionKey | None:
    """The first one that we can encrypt to. §12.2.4: each has a `kid`; §10: and an `alg`."""
    jwks = told.get("jwks")
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    for each in (keys if isinstance(keys, list) else [])[:KEYS_LIMIT]:
        try:
            key = EncryptionKey.from_jwk(each)
        except CertsError:
            continue
        if key.kid is not None and key.alg in ALGORITHMS:
            return key
    return None


def _first(mine: tuple[str, ...], theirs: object) -> str | None:
    return next((each for each in mine if isinstance(theirs, list) and each in theirs), None)


def _object(metadata: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = metadata.get(name)
    return value if isinstance(value, dict) else {}
