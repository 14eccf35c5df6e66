"""Ask a wallet: begin a transaction, make the link and the QR that lead to it, and sign its request when a wallet comes for it.

Spec: OpenID4VP 1.0 §5 (request), §5.9.3 (`x509_hash`, `x509_san_dns`), §5.10 (`request_uri_method` post), §8.2, §8.3, §8.4
(transaction data), §11.1, §13.3; RFC 9101; OpenID4VC HAIP 1.0 §5, §5.1.

    started = begin(question, party, transactions, about="age", addresses=Addresses(…), now=now)
    started.link                                                                # into a QR, or behind a button
    token = request_object(party, transactions, request_id, wallet_nonce=…, now=now)   # served as MEDIA_TYPE, or Refused

No socket and no clock is used: the caller serves what is returned. With `same_device` the answer is given out only to who comes
back with the response code (§14.2); use it where wallet and page are in one browser, and the plain form for a QR.
"""

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose
from certs.encoding import b64url_encode, json_encode
from certs.formats import mdoc, sd_jwt
from certs.jwe import DecryptionKey
from certs.keys import Signer
from certs.x509 import client_ids, public_key
from verifier.question import Question
from verifier.transactions import Transaction, Transactions

AUDIENCE = "https://self-issued.me/v2"  # §5.8: we fetch no metadata of wallets
TYP = "oauth-authz-req+jwt"
MEDIA_TYPE = f"application/{TYP}"
AGREEMENT = "ECDH-ES"  # HAIP 1.0 §5
CONTENT = ("A256GCM", "A128GCM")  # HAIP 1.0 §5: both
OPEN_SECONDS = 600  # to take out a phone, and to read what is asked
SIGNED_SECONDS = 300
HASH = "sha-256"
LINK = "openid4vp://"
_RANDOM_BYTES = 32
_WALLET_NONCE = re.compile(r"[\x21-\x7e]{1,512}", re.ASCII)
# The algorithms that our formats admit, by their names in each (Annex B.2.2, B.3.4); -9 is ESP256.
FORMATS_SUPPORTED: Mapping[str, Any] = MappingProxyType(
    {
        sd_jwt.NAME: {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
        mdoc.NAME: {"issuerauth_alg_values": [-7, -9], "deviceauth_alg_values": [-7, -9]},
    }
)


class Refused(Exception):
    """What a wallet is told that asks or answers wrongly: an HTTP status and an error of RFC 6749 §5.2. `code` is for our log."""

    def __init__(self, status: int, code: str, error: str = "invalid_request") -> None:
        super().__init__(code)
        self.status, self.code, self.error = status, code, error

    @property
    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.code}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks: a key and the reader certificate for it. `host` is one of the certificate's names, by which it calls itself
    (`x509_san_dns`); without, by the certificate's digest (`x509_hash`), as HAIP wants."""

    signer: Signer = field(repr=False)
    certificate: x509.Certificate
    host: str | None = None

    def __post_init__(self) -> None:
        if public_key(self.certificate) != self.signer.public:
            raise ValueError("the certificate is another key's")
        if self.client_id not in client_ids(self.certificate):
            raise ValueError("the certificate does not name this host")

    @property
    def client_id(self) -> str:
        return client_ids(self.certificate)[0] if self.host is None else f"x509_san_dns:{self.host}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where requests are fetched and answers sent, without the id that is added to each; and where the person goes afterwards.
    All on a host that the certificate names: wallets answer nowhere else."""

    request: str
    response: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """`transaction_id` belongs into the session of the browser that asked, and nowhere else; the rest goes to the wallet."""

    transaction_id: str = field(repr=False)
    request_id: str
    query: str  # of the link; a wallet of this device may have a web address in place of the scheme
    expires: int

    @property
    def link(self) -> str:
        return f"{LINK}?{self.query}"


def begin(
    question: Question,
    party: RelyingParty,
    transactions: Transactions,
    *,
    about: str,
    addresses: Addresses,
    same_device: bool = False,
    encrypted: bool = True,
    transaction_data: Sequence[Mapping[str, Any]] = (),
    now: int,
) -> Started:
    """A new transaction. `about` is the name by which the question is found when the answer comes. Raises ValueError for
    transaction data that no answer could carry, and for the same device without an address to return to."""
    if same_device and addresses.after is None:
        raise ValueError("on the same device the person comes back: name an address")
    request_id = secrets.token_urlsafe(_RANDOM_BYTES)
    transaction = Transaction(
        id=secrets.token_urlsafe(_RANDOM_BYTES),
        request_id=request_id,
        state=secrets.token_urlsafe(_RANDOM_BYTES),
        nonce=secrets.token_urlsafe(_RANDOM_BYTES),  # §5.2
        about=about,
        query=dict(question.value),
        client_id=party.client_id,
        response_uri=f"{addresses.response}/{request_id}",
        redirect_uri=addresses.after,
        same_device=same_device,
        key=DecryptionKey.generate(AGREEMENT, request_id).pem().decode("ascii") if encrypted else None,
        data=tuple(_data(each, question) for each in transaction_data),
        begun=now,
        expires=now + OPEN_SECONDS,
    )
    transactions.add(transaction)
    told = {"client_id": party.client_id, "request_uri": f"{addresses.request}/{request_id}"}
    return Started(transaction.id, request_id, urlencode({**told, "request_uri_method": "post"}), transaction.expires)


def request_object(
    party: RelyingParty, transactions: Transactions, request_id: str, *, wallet_nonce: str | None, now: int
) -> str:
    """The signed request, for the first wallet that asks for it (GET, or POST with its `wallet_nonce`). Raises Refused.

    A wallet that lost the answer may ask again with the same nonce; whoever brings another, or none, is a second one (VP-03).
    """
    if wallet_nonce is not None and not _WALLET_NONCE.fullmatch(wallet_nonce):
        raise Refused(400, "wallet_nonce")
    transaction = transactions.fetch(request_id, wallet_nonce or "", now=now)
    if transaction is None:
        raise Refused(404, "request_gone")  # unknown, expired, answered, or another wallet's
    if transaction.client_id != party.client_id:  # our certificate was renewed in between
        raise Refused(404, "request_gone")
    x5c = [base64.b64encode(party.certificate.public_bytes(Encoding.DER)).decode()]
    claims = _claims(transaction, wallet_nonce, now=now)
    return jose.sign(claims, party.signer, typ=TYP, headers={"kid": None, "x5c": x5c})


def decryption_key(transaction: Transaction) -> DecryptionKey | None:
    """Of this transaction alone, so that nothing encrypted for another can be opened here."""
    if transaction.key is None:
        return None
    return DecryptionKey.from_pem(transaction.key.encode("ascii"), AGREEMENT, transaction.request_id)


def _claims(transaction: Transaction, wallet_nonce: str | None, *, now: int) -> dict[str, Any]:
    key = decryption_key(transaction)
    claims: dict[str, Any] = {
        "iss": transaction.client_id,
        "aud": AUDIENCE,
        "client_id": transaction.client_id,
        "response_type": "vp_token",
        "response_mode": "direct_post" if key is None else "direct_post.jwt",
        "response_uri": transaction.response_uri,
        "nonce": transaction.nonce,
        "state": transaction.state,
        "dcql_query": dict(transaction.query),
        "client_metadata": _metadata(key),
        "iat": now,
        "exp": min(now + SIGNED_SECONDS, transaction.expires),
    }
    if transaction.data:
        claims["transaction_data"] = list(transaction.data)
    if wallet_nonce is not None:
        claims["wallet_nonce"] = wallet_nonce
    return claims


def _metadata(key: DecryptionKey | None) -> dict[str, Any]:
    """§5.1: what nobody else tells the wallet. Our name and purpose are the trust list's to tell."""
    metadata: dict[str, Any] = {"vp_formats_supported": dict(FORMATS_SUPPORTED)}
    if key is not None:
        metadata["jwks"] = {"keys": [key.public.jwk()]}
        metadata["encrypted_response_enc_values_supported"] = list(CONTENT)
    return metadata


def _data(told: Mapping[str, Any], question: Question) -> str:
    """§5.1, Annex B.3.3.1: only a key binding carries the hash, so only SD-JWTs can authorise."""
    formats = {each.id: each.format for each in question.query.credentials}
    ids = told.get("credential_ids")
    if not isinstance(told.get("type"), str) or not isinstance(ids, list | tuple) or not ids:
        raise ValueError("transaction data has a type, and the ids of credentials that may authorise it")
    if any(formats.get(id_) != sd_jwt.NAME for id_ in ids):
        raise ValueError("transaction data is authorised by an SD-JWT VC of the question")
    return b64url_encode(json_encode({**told, "credential_ids": list(ids), "transaction_data_hashes_alg": [HASH]}))
