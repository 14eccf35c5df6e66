"""Speak with a credential issuer: its metadata, the token for a pre-authorised code, nonces. Credentials: `wallet.credential`.

Spec: OpenID4VCI 1.0 §6 (token), §7 (nonce), §12.2 (issuer metadata), §12.3; RFC 8414 §3 (metadata); RFC 9126 §5; RFC 9449 §5, §7.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from certs.catalogue import DocumentType, Text, View
from certs.encoding import json_decode, safe_text
from certs.errors import CertsError
from certs.fetch import FetchError, Response
from certs.keys import MemorySigner
from wallet import dpop
from wallet.encrypted import Encryption, announced
from wallet.errors import WalletError
from wallet.formats import read_configuration
from wallet.offer import PRE_AUTHORIZED, Offer
from wallet.ports import Web

PROOF_ALGORITHM = "ES256"
OFFLINE = "offline_access"
RENEWAL_LIMIT = 2_048  # characters of a refresh token
NONCE_LIMIT = 1_024  # characters of what a proof must name
NAME_LIMIT = 120  # characters of a name on the page that asks
ERROR_LIMIT = 64  # characters of an issuer's error code that go to the log


@dataclass(frozen=True, slots=True)
class Configuration:
    """A document, or one view of it, that the issuer offers in a format that this wallet keeps."""

    id: str
    format: str
    type: DocumentType
    view: View | None  # None: the whole document
    scope: str | None  # by which it is asked for at the authorization endpoint


@dataclass(frozen=True, slots=True)
class Place:
    """Where an issuer gives credentials and hears what became of them, and how it wants to be spoken to."""

    credential: str
    deferred: str | None = None
    notification: str | None = None
    encryption: Encryption | None = None  # where it takes none: in clear, within TLS


@dataclass(frozen=True, slots=True)
class Issuer:
    """What a credential issuer publishes, as far as this wallet uses it."""

    id: str
    name: Text  # as it calls itself; its own address where it does not
    place: Place
    nonce_endpoint: str
    token_endpoint: str
    configurations: tuple[Configuration, ...]  # of those wanted, the ones that we understand, in the order wanted
    server: str  # the authorization server's name
    authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    pushed_endpoint: str | None = None  # for authorization requests
    offline: bool = False  # whether it gives refresh tokens
    batch: int = 1  # how many copies it signs for one request
    dpop: bool = False  # whether it binds tokens to a key


@dataclass(frozen=True, slots=True)
class Access:
    """The right to fetch what was offered. `identifiers` holds `credential_identifiers` where the server gave any."""

    token: str = field(repr=False)
    identifiers: Mapping[str, str] = field(default_factory=dict)
    renewal: str | None = field(default=None, repr=False)  # a refresh token
    key: MemorySigner | None = field(default=None, repr=False)  # that the token is bound to


def discover(offer: Offer, *, web: Web) -> Issuer:
    """The issuer of an offer, with what is offered. Raises WalletError."""
    return look_up(offer.credential_issuer, offer.configurations, server=offer.authorization_server, web=web)


def look_up(
    credential_issuer: str, wanted: tuple[str, ...] | None = None, *, server: str | None = None, web: Web
) -> Issuer:
    """Metadata of an issuer and of its authorization server; `wanted` None means all that it issues. Raises WalletError."""
    metadata = _get_json(well_known(credential_issuer, "openid-credential-issuer"), web)
    if metadata.get("credential_issuer") != credential_issuer:  # §12.2.4: must be identical
        raise WalletError("issuer_untrusted", "metadata of another credential_issuer")
    server = _authorization_server(credential_issuer, server, metadata)
    server_metadata = _get_json(well_known(server, "oauth-authorization-server"), web)
    if server_metadata.get("issuer") != server:  # RFC 8414 §3.3
        raise WalletError("issuer_untrusted", "metadata of another authorization server")
    supported = _object(metadata, "credential_configurations_supported")
    configurations = tuple(filter(None, (_configuration(each, supported.get(each)) for each in wanted or supported)))
    if not configurations:
        raise WalletError("offer_unsupported", "no configuration that this wallet understands")
    return Issuer(
        id=credential_issuer,
        name=_display_name(metadata, credential_issuer),
        place=_place(metadata),
        nonce_endpoint=_endpoint(metadata, "nonce_endpoint"),
        token_endpoint=_endpoint(server_metadata, "token_endpoint"),
        configurations=configurations,
        server=server,
        authorization_endpoint=_optional_endpoint(server_metadata, "authorization_endpoint"),
        revocation_endpoint=_optional_endpoint(server_metadata, "revocation_endpoint"),
        userinfo_endpoint=_optional_endpoint(server_metadata, "userinfo_endpoint"),
        pushed_endpoint=_optional_endpoint(server_metadata, "pushed_authorization_request_endpoint"),
        offline=OFFLINE in (server_metadata.get("scopes_supported") or []),
        batch=_batch(metadata),
        dpop=dpop.announced(server_metadata),
    )


def well_known(issuer: str, name: str) -> str:
    """§12.2.2 and RFC 8414 §3.1: the well-known part stands between host and path."""
    parts = urlsplit(issuer)
    return urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{name}{parts.path.rstrip('/')}", "", ""))


def redeem(offer: Offer, issuer: Issuer, *, transaction_code: str | None, web: Web, now: int) -> Access:
    """Trade the pre-authorised code for an access token (§6.1); the wallet is an anonymous client."""
    if (offer.transaction_code is None) != (transaction_code is None):  # §6.3: given when, and only when, it is asked
        raise WalletError("transaction_code_needed" if transaction_code is None else "offer_malformed", "tx_code")
    if offer.code is None:
        raise WalletError("offer_unsupported", "an offer without a code: its person must sign in at the issuer")
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": offer.code}
    if transaction_code is not None:
        form["tx_code"] = transaction_code
    key = dpop.new_key(issuer.dpop)
    response = send(lambda: dpop.post(issuer.token_endpoint, key=key, web=web, now=now, form=form))
    if response.status != 200:
        error = error_of(response)
        if (
            error == "invalid_grant"
        ):  # §6.3: wrong code, wrong transaction code, or too late; the server does not say which
            raise WalletError("transaction_code_wrong" if transaction_code else "offer_gone", error)
        raise WalletError("issuer_refused", f"token: {response.status} {error}")
    return read_access(response, key)


def read_access(response: Response, key: MemorySigner | None = None) -> Access:
    """A successful token response (§6.2), to a request with a proof of this key, or without one. What we did not ask for, a
    refresh token too, may be in it or not."""
    answer = answer_of(response)
    token, kind, renewal = answer.get("access_token"), answer.get("token_type"), answer.get("refresh_token")
    kinds = ("bearer",) if key is None else ("bearer", "dpop")
    if not isinstance(token, str) or not token or not isinstance(kind, str) or kind.lower() not in kinds:
        raise WalletError("issuer_refused", "token response without a token that we can use")
    bound = key if kind.lower() == "dpop" else None
    usable = isinstance(renewal, str) and 0 < len(renewal) <= RENEWAL_LIMIT
    return Access(token, _identifiers(answer.get("authorization_details")), renewal if usable else None, bound)


def nonce(issuer: Issuer, *, web: Web) -> str:
    """A fresh `c_nonce` (§7)."""
    response = send(lambda: web.post(issuer.nonce_endpoint))
    value = answer_of(response).get("c_nonce")
    if not 200 <= response.status < 300 or not isinstance(value, str) or not 1 <= len(value) <= NONCE_LIMIT:
        raise WalletError("issuer_refused", f"nonce: {response.status}")
    return value


def _configuration(id_: str, metadata: object) -> Configuration | None:
    """None for a format or a document that this wallet does not know: an offer may hold one document in several."""
    if not isinstance(metadata, dict):
        return None
    known = read_configuration(id_, metadata)
    proofs = metadata.get("proof_types_supported")
    jwt = proofs.get("jwt") if isinstance(proofs, dict) else None
    algorithms = jwt.get("proof_signing_alg_values_supported") if isinstance(jwt, dict) else None
    if known is None or not isinstance(algorithms, list) or PROOF_ALGORITHM not in algorithms:
        return None
    format_, type_, view = known
    return Configuration(id_, format_.name, type_, type_.view(view) if view else None, _scope(metadata.get("scope")))


def _place(metadata: Mapping[str, Any]) -> Place:
    return Place(
        _endpoint(metadata, "credential_endpoint"),
        _optional_endpoint(metadata, "deferred_credential_endpoint"),
        _optional_endpoint(metadata, "notification_endpoint"),
        announced(metadata),
    )


def _batch(metadata: Mapping[str, Any]) -> int:
    """§12.2.4; an issuer that says nothing signs one copy for a request."""
    told = metadata.get("batch_credential_issuance")
    size = told.get("batch_size") if isinstance(told, dict) else 1
    return size if type(size) is int and size >= 1 else 1


def _scope(value: object) -> str | None:
    """RFC 6749 §3.3: one scope, so that none can smuggle in another."""
    return value if isinstance(value, str) and re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}", value) else None


def _authorization_server(credential_issuer: str, wanted: str | None, metadata: Mapping[str, Any]) -> str:
    """§12.2.4: the issuer itself where no server is named; an offer may choose only among those named."""
    servers = metadata.get("authorization_servers")
    if servers is None:
        return credential_issuer
    if not isinstance(servers, list) or not servers or not all(isinstance(each, str) for each in servers):
        raise WalletError("issuer_refused", "authorization_servers")
    chosen: str = wanted or servers[0]
    if chosen not in servers:
        raise WalletError("issuer_untrusted", "authorization server that the issuer does not name")
    return chosen


def _identifiers(details: object) -> dict[str, str]:
    """§6.2: where the server names datasets, they must be asked for by these names."""
    found: dict[str, str] = {}
    for each in details if isinstance(details, list) else []:
        if isinstance(each, dict) and each.get("type") == "openid_credential":
            configuration, names = each.get("credential_configuration_id"), each.get("credential_identifiers")
            if isinstance(configuration, str) and isinstance(names, list) and names and isinstance(names[0], str):
                found[configuration] = names[0]
    return found


def _display_name(metadata: Mapping[str, Any], fallback: str) -> Text:
    display = metadata.get("display")
    names: dict[str, str] = {}
    for each in display if isinstance(display, list) else []:
        name = each.get("name") if isinstance(each, dict) else None
        try:
            if isinstance(name, str):
                names[str(each.get("locale", ""))[:2]] = safe_text(name, limit=NAME_LIMIT)
        except CertsError:
            continue  # a name that could deceive is no name
    first = next(iter(names.values()), fallback)
    return Text(names.get("vi", first), names.get("en", first))


def _get_json(url: str, web: Web) -> dict[str, Any]:
    response = send(lambda: web.get(url, accept="application/json"))
    if response.status != 200:
        raise WalletError("issuer_unreachable", f"metadata: HTTP {response.status}")
    return answer_of(response)


def post(url: str, body: Mapping[str, Any] | None, *, web: Web, token: str | None = None) -> Response:
    """A call of the provider's own interface; a refusal is an answer too."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return send(lambda: web.post(url, json=body, headers=headers))


def send(call: Callable[[], Response]) -> Response:
    try:
        response = call()
    except FetchError as error:
        raise WalletError("issuer_unreachable", str(error)) from error
    if response.status >= 500:
        raise WalletError("issuer_unreachable", f"HTTP {response.status}")
    return response


def answer_of(response: Response) -> dict[str, Any]:
    try:
        answer = json_decode(response.body)
    except CertsError as error:
        raise WalletError("issuer_refused", f"HTTP {response.status}: {error}") from error
    if not isinstance(answer, dict):
        raise WalletError("issuer_refused", "answer is not an object")
    return answer


def error_of(response: Response) -> str:
    """The error code of a refusal, fit for the log."""
    error = answer_of(response).get("error")
    return error[:ERROR_LIMIT] if isinstance(error, str) and error.isascii() and error.isprintable() else "?"


def _object(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    if not isinstance(value, dict):
        raise WalletError("issuer_refused", f"metadata: {name}")
    return value


def _endpoint(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or urlsplit(value).scheme not in {"https", "http"}:
        raise WalletError("issuer_refused", f"metadata: {name}")
    return value  # whether http is allowed there is decided by `certs.fetch`


def _optional_endpoint(members: Mapping[str, Any], name: str) -> str | None:
    return _endpoint(members, name) if name in members else None
