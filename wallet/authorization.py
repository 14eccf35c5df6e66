"""Ask the issuer for documents without an offer: send the citizen to its authorization endpoint, trade the code that comes
back, and later refresh what was granted.

Spec: OpenID4VCI 1.0 §5.1.2 (scope), §6, §14.5 (refreshing); RFC 6749 §4.1, §6; RFC 7636 (PKCE S256); RFC 9207 (`iss`);
RFC 9126 (pushed); RFC 7009 (revocation); RFC 9449 (tokens bound to a key).

The answer is believed after, in this order:
 1. `state` is of this person and was not used before; who calls keeps it                                (asking_unknown)
 2. `iss` is the server that was asked                                                        (RFC 9207 §2.4, issuer_untrusted)
 3. no error; a code that the token endpoint takes with our secret and the PKCE verifier        (asking_refused, issuer_refused)
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from certs.encoding import b64url_encode
from certs.keys import MemorySigner
from wallet import dpop
from wallet.errors import WalletError
from wallet.issuer import OFFLINE, Access, Issuer, answer_of, error_of, read_access, send
from wallet.ports import Web

REFERENCE_LIMIT = 512  # characters of a request_uri
ASKED_SECONDS = 1_800  # a log-in page of the provider lives as long


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """As which this wallet is registered at the issuer's authorization server; an application on somebody's own machine has no
    secret (RFC 8252 §8.4)."""

    client_id: str
    secret: str | None = field(repr=False)
    redirect_uri: str

    def header(self) -> dict[str, str]:
        """Both halves form-encoded before they are joined (RFC 6749 §2.3.1)."""
        if self.secret is None:
            return {}
        pair = f"{quote(self.client_id, safe='')}:{quote(self.secret, safe='')}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def named(self) -> dict[str, str]:
        """Who has no secret says who it is in the form (RFC 6749 §3.2.1)."""
        return {"client_id": self.client_id} if self.secret is None else {}


@dataclass(frozen=True, slots=True)
class Asked:
    """What must be known when the person comes back."""

    verifier: str = field(repr=False)
    configurations: tuple[str, ...]


def begin(
    issuer: Issuer,
    client: ClientCredentials,
    *,
    language: str,
    issuer_state: str | None = None,
    push: Web | None = None,
) -> tuple[str, str, Asked]:
    """The address to send the browser to, its `state`, and what to remember under it. `push`: the request goes ahead over this
    network where the issuer takes that, so that neither browser nor history sees what is asked for (RFC 9126)."""
    scopes = [each.scope for each in issuer.configurations]
    if not scopes or None in scopes:
        raise WalletError("offer_unsupported", "the issuer takes no authorization request for it")
    scope = " ".join(filter(None, [*scopes, OFFLINE if issuer.offline else None]))
    more = {} if issuer_state is None else {"issuer_state": issuer_state}  # §4.1.1: given back as it came
    address, state, verifier = request(issuer, client, scope=scope, language=language, more=more, push=push)
    return address, state, Asked(verifier, tuple(each.id for each in issuer.configurations))


def request(
    issuer: Issuer,
    client: ClientCredentials,
    *,
    scope: str,
    language: str,
    more: Mapping[str, str],
    push: Web | None = None,
) -> tuple[str, str, str]:
    """An authorization request as an address, its `state`, and the verifier to keep for the answer."""
    address = issuer.authorization_endpoint
    if address is None:
        raise WalletError("offer_unsupported", "the issuer takes no authorization request")
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": scope,
        "state": state,
        "code_challenge": b64url_encode(hashlib.sha256(verifier.encode("ascii")).digest()),
        "code_challenge_method": "S256",
        "ui_locales": language,
        **more,
    }
    if push is not None and issuer.pushed_endpoint is not None:
        parameters = _pushed(issuer.pushed_endpoint, parameters, client, push)
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters, quote_via=quote)}", state, verifier


def _pushed(endpoint: str, parameters: Mapping[str, str], client: ClientCredentials, web: Web) -> dict[str, str]:
    """What stands in the address in the place of the request (RFC 9126 §2.2, §4)."""
    response = send(lambda: web.post(endpoint, form=parameters, headers=client.header()))
    if response.status != 201:
        raise WalletError("issuer_refused", f"pushed request: {response.status} {error_of(response)}")
    reference = answer_of(response).get("request_uri")
    if not isinstance(reference, str) or not 1 <= len(reference) <= REFERENCE_LIMIT:
        raise WalletError("issuer_refused", "pushed request without a request_uri")
    return {"client_id": client.client_id, "request_uri": reference}


def complete(
    asked: Asked, answer: Mapping[str, str], issuer: Issuer, client: ClientCredentials, *, web: Web, now: int
) -> Access:
    return trade(asked.verifier, answer, issuer, client, web=web, now=now, key=dpop.new_key(issuer.dpop))


def trade(
    verifier: str,
    answer: Mapping[str, str],
    issuer: Issuer,
    client: ClientCredentials,
    *,
    web: Web,
    now: int,
    key: MemorySigner | None = None,
) -> Access:
    """Checks 2 and 3 of the module's list. The token is bound to this key, if there is one."""
    if answer.get("iss") != issuer.server:  # 2
        raise WalletError("issuer_untrusted", "iss of the authorization response")
    if "error" in answer or not answer.get("code"):  # 3
        raise WalletError("asking_refused", "error in the authorization response")
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
        **client.named(),
    }
    by = client.header()
    response = send(lambda: dpop.post(issuer.token_endpoint, key=key, web=web, now=now, form=form, headers=by))
    if response.status != 200:
        raise WalletError("issuer_refused", f"token: {response.status} {error_of(response)}")
    return read_access(response, key)


def renew(
    renewal: str, issuer: Issuer, client: ClientCredentials, *, web: Web, now: int, key: MemorySigner | None = None
) -> Access | None:
    """Trade a refresh token for new tokens (RFC 6749 §6); None when it is good no more. Without a secret it is bound to the
    key that it was given for (RFC 9449 §5)."""
    form, by = {"grant_type": "refresh_token", "refresh_token": renewal, **client.named()}, client.header()
    if key is None or client.secret is not None:
        key = dpop.new_key(issuer.dpop)
    response = send(lambda: dpop.post(issuer.token_endpoint, key=key, web=web, now=now, form=form, headers=by))
    if response.status == 200:
        return read_access(response, key)
    error = error_of(response)
    if error == "invalid_grant":
        return None
    raise WalletError("issuer_refused", f"token: {response.status} {error}")


def give_back(renewal: str, issuer: Issuer, client: ClientCredentials, *, web: Web) -> None:
    """RFC 7009 §2.1: the document is gone, so its token shall be."""
    endpoint = issuer.revocation_endpoint
    if endpoint is not None:
        form = {"token": renewal, "token_type_hint": "refresh_token", **client.named()}
        send(lambda: web.post(endpoint, form=form, headers=client.header()))
