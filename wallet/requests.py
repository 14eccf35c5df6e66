"""Read what a reader asks: the link that carries the request, the request object behind it, who signed it, what it may ask.

Spec: OpenID4VP 1.0 §5 (request), §5.9.3 (`x509_hash`, `x509_san_dns`), §5.10 (`request_uri_method` post), §8.2, §8.3, §8.5;
RFC 9101 (request objects); OpenID4VC HAIP 1.0 §5; attacks VP-03 to VP-05.

Nothing outside of the signed object counts, and no request is taken unsigned. Reading one:
 1. size, compact JWS, `typ` of a request object, ES256                                                 (reader_malformed)
 2. x5c is one certificate, and `client_id` one of the names that it gives its owner: the same in link and object
 3. the certificate is on the trust list, its path and a purpose of its hold now
 4. the signature; 5. `aud`, times, and our own `wallet_nonce` where we sent one                        (2–5: reader_untrusted)
 6. answers go to a host of the certificate, by direct_post; from here on a refusal is told to the reader
 7. `response_type`, `nonce`, `state`; no parameter that excludes another                              (invalid_request)
 8. no transaction data: we know no type of them                                               (invalid_transaction_data)
 9. the formats that it takes, and a key of its where the answer is to be encrypted          (vp_formats_not_supported)
10. the query can be read                                                                             (invalid_request)
11. one purpose on the trust list allows all that any part of the query asks for                      (reader_overasks)
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509

from certs import jose, query
from certs.catalogue import Text
from certs.encoding import json_decode, json_encode
from certs.errors import CertsError
from certs.fetch import FetchError
from certs.jose import Unverified
from certs.query import Query
from certs.trust import Reader, TrustStore
from certs.x509 import client_ids, dns_names, load, public_key
from wallet.entitlement import entitled, names
from wallet.errors import WalletError
from wallet.offer import origin
from wallet.ports import Web
from wallet.reader_metadata import WALLET_METADATA, Encryption, encryption_of, formats_of

AUDIENCE = "https://self-issued.me/v2"  # §5.8: nobody has fetched metadata of ours
TYP = "oauth-authz-req+jwt"
PREFIXES = ("x509_hash:", "x509_san_dns:")
MODES = {"direct_post": False, "direct_post.jwt": True}  # whether the answer is encrypted
REQUEST_LIMIT = 64 * 1024  # characters of a request object; a query of sixteen documents has about ten thousand
ADDRESS_LIMIT = 2_048
TEXT_LIMIT = 512  # of nonce and state
SHORTEST_NONCE = 16  # §5.2 wants 128 bits
CLOCK_SKEW = 60
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_MEDIA_TYPE = f"application/{TYP}"
_URL_SAFE = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)  # §5.2, §5.3
_PRINTABLE = re.compile(r"[\x21-\x7e]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """Where a request is: in the link itself, or at an address, fetched by GET or POST. Nothing in it is believed."""

    client_id: str
    value: str | None = field(default=None, repr=False)
    uri: str | None = None
    by_post: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """Where an answer or a refusal goes. Its host is one that the reader's certificate names."""

    address: str
    state: str | None
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was checked. `purposes` are those on the trust list for which all of it may be asked."""

    client_id: str
    nonce: str
    reply: Reply
    query: Query
    purposes: tuple[Reader, ...]
    encryption: Encryption | None

    @property
    def reader(self) -> Reader:
        return self.purposes[0]


class Refused(WalletError):
    """A refusal of a request whose sender is known: `error` is told to the reader; `reader` and
    what it `asked` for are named in the history."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        error: str,
        reply: Reply,
        reader: Reader,
        asked: tuple[str, ...] = (),
        fill: Text | None = None,
    ) -> None:
        super().__init__(code, detail, fill=fill)
        self.error, self.reply, self.reader, self.asked = error, reply, reader, asked


def read_link(link: str) -> Link:
    """`openid4vp://?…`, or a web address with the same query (§5.10, RFC 9101 §5). Raises WalletError."""
    text = link.strip()
    if len(text) > REQUEST_LIMIT:
        raise WalletError("reader_malformed", "link too long")
    try:
        found = parse_qs(urlsplit(text).query, strict_parsing=True, max_num_fields=32)
    except ValueError as error:
        raise WalletError("reader_malformed", "no query") from error
    if any(len(values) != 1 for values in found.values()):
        raise WalletError("reader_malformed", "a parameter comes twice")
    given = {name: values[0] for name, values in found.items()}
    client_id, value, uri = given.get("client_id", ""), given.get("request"), given.get("request_uri")
    method = given.get("request_uri_method", "get")
    if not client_id.startswith(PREFIXES) or len(client_id) > TEXT_LIMIT:  # §5.9.3: nobody else can sign
        raise WalletError("reader_untrusted", "client_id of a kind that we do not take")
    if (value is None) == (uri is None) or (uri is None and "request_uri_method" in given):
        raise WalletError("reader_malformed", "not exactly one of request and request_uri")
    if method not in ("get", "post"):  # §8.5 invalid_request_uri_method
        raise WalletError("reader_malformed", "request_uri_method")
    if uri is not None and len(uri) > ADDRESS_LIMIT:
        raise WalletError("reader_malformed", "request_uri")
    return Link(client_id, value, uri, method == "post")


def fetch(link: Link, wallet_nonce: str, *, web: Web) -> str:
    """The request object at its address. A redirect, an error and any other media type end it (§5.10.2, §14.7)."""
    form = {"wallet_nonce": wallet_nonce, "wallet_metadata": json_encode(dict(WALLET_METADATA)).decode()}
    try:
        if link.by_post:
            response = web.post(link.uri or "", form=form, headers={"Accept": _MEDIA_TYPE})
        else:
            response = web.get(link.uri or "", accept=_MEDIA_TYPE, size_limit=REQUEST_LIMIT)
    except FetchError as error:
        ours = error.code in {"url_refused", "address_refused", "too_large"}
        raise WalletError("reader_malformed" if ours else "reader_unreachable", str(error)) from error
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status != 200 or kind != _MEDIA_TYPE:
        code = "reader_malformed" if response.status == 200 else "reader_unreachable"
        raise WalletError(code, f"HTTP {response.status}, {kind[:80]}")
    if len(response.body) > REQUEST_LIMIT:
        raise WalletError("reader_malformed", f"request of {len(response.body)} bytes")
    return response.body.decode("latin-1").strip()


def read(
    token: str, *, client_id: str, wallet_nonce: str | None, trust: TrustStore, simulation: bool, now: int
) -> Request:
    """Checks 1 to 11 of the module's list. Raises WalletError, and Refused once it is known who asks."""
    claims, certificate, readers = _authenticated(token, client_id, trust=trust, now=now)
    _check_claims(claims, client_id, wallet_nonce, now=now)
    hosts = dns_names(certificate)
    response_uri, state = claims.get("response_uri"), claims.get("state")
    if not is_address(response_uri, hosts, simulation=simulation):  # 6
        raise WalletError("reader_untrusted", "answers would go to a host that is not the reader's")
    safe = isinstance(state, str) and len(state) <= TEXT_LIMIT and _URL_SAFE.fullmatch(state)
    reply = Reply(str(response_uri), state if safe else None, hosts)

    def refused(error: str, detail: str, code: str = "reader_malformed", **more: Any) -> Refused:
        return Refused(code, detail, error=error, reply=reply, reader=readers[0], **more)

    if fault := _fault(claims):  # 6, 7
        raise refused("invalid_request", fault)
    if "transaction_data" in claims:  # 8
        raise refused("invalid_transaction_data", "transaction_data", "reader_unsupported")
    try:
        asked = query.parse(claims["dcql_query"])  # 10
        encryption = encryption_of(claims.get("client_metadata")) if MODES[claims["response_mode"]] else None  # 9
    except CertsError as error:
        raise refused("invalid_request", str(error)) from error
    if missing := {each.format for each in asked.credentials} - formats_of(claims.get("client_metadata")):
        raise refused("vp_formats_not_supported", " ".join(sorted(missing)), "reader_unsupported")
    purposes, beyond = entitled(asked, readers)  # 11
    if not purposes:
        name = readers[0].name
        told = Text(f"{name.vi}: {beyond.vi}", f"{name.en}: {beyond.en}")
        raise refused("invalid_request", beyond.en, "reader_overasks", fill=told, asked=names(asked))
    return Request(client_id, claims["nonce"], reply, asked, purposes, encryption)


def is_address(value: object, hosts: tuple[str, ...], *, simulation: bool) -> bool:
    """A web address on one of these hosts: https, or http on this machine in a simulation."""
    if not isinstance(value, str) or len(value) > ADDRESS_LIMIT or not _PRINTABLE.fullmatch(value) or "\\" in value:
        return False
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = simulation and parts.scheme == "http" and host in LOOPBACK
    return (parts.scheme == "https" or plain) and host in hosts and "@" not in parts.netloc


def _authenticated(
    token: str, client_id: str, *, trust: TrustStore, now: int
) -> tuple[Mapping[str, Any], x509.Certificate, tuple[Reader, ...]]:
    if len(token) > REQUEST_LIMIT:  # 1
        raise WalletError("reader_malformed", f"request of {len(token)} characters")
    try:
        parsed = jose.parse(token)
    except CertsError as error:
        raise WalletError("reader_malformed", str(error)) from error
    try:
        certificate = _certificate(parsed)  # 2
        if client_id not in client_ids(certificate):
            raise WalletError("reader_untrusted", "client_id is not the certificate's")
        readers = trust.readers(certificate, at=now)  # 3
        payload = jose.verify_parsed(parsed, lambda _: public_key(certificate), typ=TYP).payload  # 4
        claims = json_decode(payload)
    except CertsError as error:
        raise WalletError("reader_untrusted", str(error)) from error
    if not isinstance(claims, dict):
        raise WalletError("reader_malformed", "request object")
    return claims, certificate, readers


def _certificate(parsed: Unverified) -> x509.Certificate:
    """A reader's certificate hangs on the root (`certs/profiles.py`), which does not come along (HAIP 1.0 §5)."""
    x5c = parsed.header.get("x5c")
    if not isinstance(x5c, list) or len(x5c) != 1 or not isinstance(x5c[0], str):
        raise WalletError("reader_untrusted", "x5c is not one certificate")
    try:
        return load(base64.b64decode(x5c[0], validate=True))  # RFC 7515 §4.1.6: base64, not base64url
    except (binascii.Error, ValueError) as error:
        raise WalletError("reader_untrusted", "x5c") from error


def _check_claims(claims: Mapping[str, Any], client_id: str, wallet_nonce: str | None, *, now: int) -> None:
    try:
        jose.check_claims(claims, issuer=None, audience=AUDIENCE, now=now, leeway=CLOCK_SKEW, required=("aud",))  # 5
    except CertsError as error:
        raise WalletError("reader_untrusted", str(error)) from error
    if claims.get("client_id") != client_id:  # §5.10.1
        raise WalletError("reader_untrusted", "client_id of link and object differ")
    if wallet_nonce is not None and claims.get("wallet_nonce") != wallet_nonce:
        raise WalletError("reader_untrusted", "wallet_nonce")


def _fault(claims: Mapping[str, Any]) -> str:
    """What is wrong with the parameters; empty where nothing is."""
    nonce, state = claims.get("nonce"), claims.get("state")
    if not isinstance(claims.get("response_mode"), str) or claims["response_mode"] not in MODES:
        return "response_mode"
    if claims.get("response_type") != "vp_token":
        return "response_type"
    if "redirect_uri" in claims:  # §8.2
        return "redirect_uri beside response_uri"
    if not isinstance(nonce, str) or not SHORTEST_NONCE <= len(nonce) <= TEXT_LIMIT or not _URL_SAFE.fullmatch(nonce):
        return "nonce"
    if state is not None and not (isinstance(state, str) and len(state) <= TEXT_LIMIT and _URL_SAFE.fullmatch(state)):
        return "state"
    if "dcql_query" not in claims or "scope" in claims:  # §5.1: one of the two, and we know no scope
        return "dcql_query"
    return ""


def place_of(link: Link) -> str:
    """Where a request of nobody known came from, for the history; its own words count for nothing."""
    try:
        return "" if link.uri is None else str(origin(link.uri)[1])
    except WalletError:
        return ""
