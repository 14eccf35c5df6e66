"""Read a credential offer: the link that an issuer shows, and the object in it or behind it. Nothing in it is trusted.

Spec: OpenID4VCI 1.0 §4.1, §13.5 (an offer is not authenticated: it may only start what the wallet would do anyway).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from certs.encoding import json_decode
from certs.errors import CertsError
from certs.fetch import FetchError
from wallet.errors import WalletError
from wallet.ports import Web

AUTHORIZATION_CODE = "authorization_code"
PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
LINK_LIMIT = 8_192  # an offer by value with a dozen configurations has about 2,000 characters
CONFIGURATIONS_LIMIT = 16  # a wallet asks for each one by itself
CODE_LIMIT = 1_024
DESCRIPTION_LIMIT = 300  # §4.1.1
LONGEST_TX_CODE = 64


@dataclass(frozen=True, slots=True)
class TransactionCode:
    """What the issuer says about the code that the person must type in."""

    numeric: bool = True
    length: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    credential_issuer: str
    configurations: tuple[str, ...]
    code: str | None = field(repr=False)  # pre-authorised; without one the wallet asks at the authorization endpoint
    transaction_code: TransactionCode | None
    authorization_server: str | None
    issuer_state: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ByReference:
    """The offer lies at this address."""

    uri: str


def read_link(link: str) -> Offer | ByReference:
    """`openid-credential-offer://?…`, or a web address of a wallet with the same query (§4.1.2, §4.1.3)."""
    text = link.strip()
    if len(text) > LINK_LIMIT:
        raise WalletError("offer_malformed", "link too long")
    try:
        query = parse_qs(urlsplit(text).query, strict_parsing=True, max_num_fields=8)
    except ValueError as error:
        raise WalletError("offer_malformed", "no query") from error
    values, references = query.get("credential_offer", []), query.get("credential_offer_uri", [])
    if len(values) + len(references) != 1:  # §4.1: exactly one of the two
        raise WalletError("offer_malformed", "not exactly one of credential_offer and credential_offer_uri")
    return read_offer(values[0]) if values else ByReference(references[0])


def resolve(link: str, *, web: Web, issuers: tuple[str, ...]) -> Offer:
    """The offer of a link, by value or by reference, when it comes from an issuer that this wallet knows.

    §13.6.2 recommends known issuers only. The address of an offer by reference must belong to one of them too, so that
    no link makes the wallet call somewhere else.
    """
    found = read_link(link)
    if isinstance(found, ByReference):
        if origin(found.uri) not in {origin(issuer) for issuer in issuers}:
            raise WalletError("issuer_untrusted", "the offer's address is not of a known issuer")
        found = _fetch(found.uri, web)
    if found.credential_issuer not in issuers:
        raise WalletError("issuer_untrusted", "credential_issuer is not known")
    return found


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host, port. Raises WalletError for what has none."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username is not None:
            raise ValueError
        return parts.scheme, parts.hostname, parts.port
    except ValueError as error:
        raise WalletError("offer_malformed", "not a web address") from error


def _fetch(uri: str, web: Web) -> Offer:
    try:
        response = web.get(uri, accept="application/json")
    except FetchError as error:
        raise WalletError("issuer_unreachable", str(error)) from error
    if response.status in {404, 410}:
        raise WalletError("offer_gone", f"HTTP {response.status}")
    if response.status != 200:
        raise WalletError("issuer_unreachable", f"HTTP {response.status}")
    return read_offer(response.body)


def read_offer(text: str | bytes) -> Offer:
    """§4.1.1; members that we do not know are ignored, as it says."""
    try:
        offer = json_decode(text, limit=LINK_LIMIT)
    except CertsError as error:
        raise WalletError("offer_malformed", str(error)) from error
    if not isinstance(offer, dict):
        raise WalletError("offer_malformed", "not an object")
    grants = offer.get("grants", {})
    known = grants if isinstance(grants, dict) else {}
    # §4.1.1: which of several is the wallet's choice. With a code the person need not sign in at the issuer once more.
    name = PRE_AUTHORIZED if PRE_AUTHORIZED in known else AUTHORIZATION_CODE
    grant = known.get(name)
    if not isinstance(grant, dict):
        raise WalletError("offer_unsupported", "no grant that this wallet knows")
    by_code = name == PRE_AUTHORIZED
    return Offer(
        credential_issuer=_text(offer, "credential_issuer", LINK_LIMIT),
        configurations=_configurations(offer.get("credential_configuration_ids")),
        code=_text(grant, "pre-authorized_code", CODE_LIMIT) if by_code else None,
        transaction_code=_transaction_code(grant.get("tx_code")) if by_code else None,
        authorization_server=_optional(grant, "authorization_server", LINK_LIMIT),
        issuer_state=None if by_code else _optional(grant, "issuer_state", CODE_LIMIT),
    )


def _configurations(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= CONFIGURATIONS_LIMIT:
        raise WalletError("offer_malformed", "credential_configuration_ids")
    if not all(isinstance(each, str) for each in value) or len(set(value)) != len(value):
        raise WalletError("offer_malformed", "credential_configuration_ids are not unique strings")
    return tuple(value)


def _transaction_code(value: object) -> TransactionCode | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise WalletError("offer_malformed", "tx_code")
    length, description = value.get("length"), value.get("description")
    usable = isinstance(length, int) and not isinstance(length, bool) and 1 <= length <= LONGEST_TX_CODE
    return TransactionCode(
        numeric=value.get("input_mode", "numeric") == "numeric",
        length=length if usable else None,
        description=description if isinstance(description, str) and len(description) <= DESCRIPTION_LIMIT else None,
    )


def _optional(members: Mapping[str, Any], name: str, limit: int) -> str | None:
    return _text(members, name, limit) if name in members else None


def _text(members: Mapping[str, Any], name: str, limit: int) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        raise WalletError("offer_malformed", name)
    return value
