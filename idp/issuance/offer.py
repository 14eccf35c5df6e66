"""Credential offers: what a signed-in citizen hands to a wallet, by reference, with a transaction code told apart.

Only the offer's identifier is drawn at random. The pre-authorized code is derived from it and the transaction code is
kept as a digest keyed by the code, so that who reads the store can neither redeem an offer nor guess its six digits.

Spec: OpenID for Verifiable Credential Issuance 1.0 §4.1, §13.5, §13.6.
"""

import hashlib
import hmac
import io
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from certs.catalogue import Text, document_type
from certs.encoding import b64url_encode
from idp.issuance.configurations import configuration_ids, of
from idp.issuance.entitlement import NO_DOCUMENT, Refusal, as_of, refusal
from idp.login.standing import holder, today
from idp.model import Document, DocumentState, Event
from idp.ports import Ports

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
PURPOSE = "pre-authorized_code"
LIFETIME = 600  # long enough to fetch a phone, short enough that a photographed screen is worth little
TX_CODE_LENGTH = 6
PAGE_BYTES = 64  # what `create` draws: identifier, transaction code, grant
TX_CODE_HINT = Text(
    vi="Nhập mã giao dịch hiển thị trên trang giấy tờ của bạn.",
    en="Enter the transaction code shown on the page of your documents.",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A fresh offer, as its maker sees it; the two secrets exist nowhere else."""

    offer_id: str = field(repr=False)
    tx_code: str = field(repr=False)
    configuration_ids: tuple[str, ...]
    expires: int


def code_of(offer_id: str) -> str:
    """The pre-authorized code of an offer: 256 bits, one way from its identifier."""
    return b64url_encode(hashlib.sha256(b"vneid-reference pre-authorized code\0" + offer_id.encode()).digest())


def tx_digest(code: str, tx_code: str) -> str:
    return hmac.new(code.encode(), tx_code.encode(), hashlib.sha256).hexdigest()


def choose(documents: Iterable[Document], kind: str, *, document_id: str | None = None) -> Document | None:
    """The person's document of this type and, if that is told, of this id: of several a valid one, which lasts longest."""
    of_type = [one for one in documents if one.type == kind and document_id in (None, one.document_id)]
    return max(of_type, key=lambda one: (one.state is DocumentState.VALID, one.valid_until or "9999"), default=None)


def create(
    ports: Ports,
    *,
    account_id: str,
    kind: str,
    document_id: str | None = None,
    sid: str | None = None,
    now: int,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Offer | Refusal:
    """Offer one document of the account's person in every configuration that there is of it and that it fits. `document_id`
    where it is not just any of its type; `sid` of the session whose page shows it: it is good while that lives."""
    who = holder(ports, account_id, now=now)
    held = ports.documents.of_person(who.person.person_id) if who else ()
    document = choose(held, kind, document_id=document_id)
    shape = document_type(kind)
    refused = refusal(who=who, document=document, kind=shape, now=now)
    if refused is not None or document is None or who is None:
        refused = refused or NO_DOCUMENT
        ports.journal.append(Event(now, "offer_refused", account_id, None, {"type": kind, "code": refused.code}))
        return refused
    identifier, digits = _drawn(random)
    record = as_of(document, shape, who.person, day=today(now))
    offered = tuple(each.id for each in of(shape) if each.fits(record))
    offer = Offer(identifier, digits, offered, now + LIFETIME)
    code = code_of(identifier)
    payload = {
        "account_id": account_id,
        "document_id": document.document_id,
        "configuration_ids": list(offer.configuration_ids),
        "tx_digest": tx_digest(code, digits),
        "grant_id": b64url_encode(random(16)),  # chosen now, so that a replay can close what the first use opened
        "expires": offer.expires,
        "sid": sid,
    }
    ports.ephemeral.put(PURPOSE, code, payload, expires=offer.expires)
    ports.journal.append(
        Event(now, "offer_made", account_id, None, {"document_id": document.document_id, "type": kind})
    )
    return offer


def recall(ports: Ports, *, account_id: str, kind: str, random: Callable[[int], bytes], now: int) -> Offer | None:
    """The account's own offer again, by the source that it was drawn from; None once it is used, void or expired."""
    identifier, digits = _drawn(random)
    payload = ports.ephemeral.read(PURPOSE, code_of(identifier), now=now)
    if payload is None or payload["account_id"] != account_id:
        return None
    offered = tuple(payload["configuration_ids"])
    if not set(offered) <= set(configuration_ids(document_type(kind))):
        return None
    return Offer(identifier, digits, offered, payload["expires"])


def page_random(page: str, cookie: str) -> Callable[[int], bytes]:
    """Draws for the offer of one page in one signed-in browser, the same at each visit.

    From the page's id and the session cookie together, both of 256 random bits: the address alone (in a history, over a
    shoulder) tells nothing, and what is stored, hashes of both, tells nothing either.
    """
    key = hashlib.sha256(b"vneid-reference offer page\0" + cookie.encode()).digest()
    seed = hmac.digest(key, page.encode(), "sha256")
    stream = io.BytesIO(hashlib.shake_256(seed).digest(PAGE_BYTES))
    return stream.read


def _drawn(random: Callable[[int], bytes]) -> tuple[str, str]:
    """The identifier and the transaction code: what an offer's maker alone sees."""
    identifier = b64url_encode(random(32))
    return identifier, f"{int.from_bytes(random(16)) % 10**TX_CODE_LENGTH:0{TX_CODE_LENGTH}d}"


def published(ports: Ports, *, issuer: str, offer_id: str, language: str, now: int) -> dict[str, Any] | None:
    """The Credential Offer object behind `credential_offer_uri` (§4.1.1), or None once it is used, void or expired."""
    code = code_of(offer_id)
    payload = ports.ephemeral.read(PURPOSE, code, now=now)
    if payload is None:
        return None
    return {
        "credential_issuer": issuer,
        "credential_configuration_ids": list(payload["configuration_ids"]),
        "grants": {
            "authorization_code": {},  # a wallet may also ask by itself: the same person, signed in, agrees to the same
            GRANT_TYPE: {
                "pre-authorized_code": code,
                "tx_code": {
                    "input_mode": "numeric",
                    "length": TX_CODE_LENGTH,
                    "description": TX_CODE_HINT.en if language == "en" else TX_CODE_HINT.vi,
                },
            },
        },
    }


def uri(issuer: str, offer_id: str) -> str:
    return f"{issuer}/credential-offers/{offer_id}"


def wallet_link(issuer: str, offer_id: str) -> str:
    """For a wallet app on the same device, and in the QR (§4.1.3)."""
    return "openid-credential-offer://?" + urlencode({"credential_offer_uri": uri(issuer, offer_id)})


def web_link(wallet: str, issuer: str, offer_id: str) -> str:
    """For a wallet that is a web page."""
    return f"{wallet}/receive?" + urlencode({"credential_offer_uri": uri(issuer, offer_id)})
