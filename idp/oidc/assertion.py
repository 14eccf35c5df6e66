"""A client proves who it is by an assertion of its own key (`private_key_jwt`) or secret (`client_secret_jwt`): for us, fresh, once.

Spec: RFC 7523 §3; OpenID Connect Core 1.0 §9; RFC 7519 §4.1; FAPI 2.0 Security Profile §5.3.2.1 (audience)

 1. `client_assertion_type` is the JWT one                                                    invalid_request
 2. a JWS of a key that the client registered, by an algorithm of its profile; or keyed by its secret, where it registered that
 3. `iss` and `sub` are the client, and a `client_id` sent beside says the same
 4. `aud` is our issuer as one text; `baseline` may name the token endpoint instead, also as a list of it alone
 5. not expired, not from the future, and over within an hour
 6. its `jti` was not used before, at any endpoint, by any process

The last comes when all else holds: nobody can use up an assertion that they cannot make.
"""

import hmac
from collections.abc import Mapping
from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from certs.jose import Unverified, parse, verify_parsed
from idp.model import Client
from idp.oidc import endpoints
from idp.oidc.clients import client_keys, client_secrets
from idp.oidc.context import Context
from idp.oidc.errors import ClientError, TokenError
from idp.oidc.profiles import PRIVATE_KEY_JWT, PROFILES, SECRET_ALGORITHMS, SECRET_JWT
from idp.oidc.request import Request
from idp.ports import Ports

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION = 8 * 1024  # characters; with a certificate chain in its header some have four thousand
LIFETIME = 3600  # seconds that an assertion may have left
SKEW = 10  # seconds that a client's clock may be ahead (FAPI 2.0 Security Profile §5.3.2.1 (13))
MAX_JTI = 256
TYPS = ("", "JWT", "client-authentication+jwt")
_ALG = "token_endpoint_auth_signing_alg"
_HASHES = dict(zip(SECRET_ALGORITHMS, ("sha256", "sha384", "sha512"), strict=True))  # RFC 7518 §3.2


def client_named(request: Request) -> str:
    """Whom the assertion says it is from; nothing of it is believed yet. Raises TokenError."""
    if request.form.get("client_assertion_type") != TYPE:  # 1
        raise TokenError("invalid_request", "client_assertion_type is not the JWT bearer type")  # RFC 7521 §4.2
    claims = _claims(_parsed(request).payload)
    named, beside = claims.get("sub"), request.form.get("client_id")
    if not isinstance(named, str) or claims.get("iss") != named or beside not in (None, named):  # 3
        raise _failed("iss, sub and client_id differ")
    return named


def check(request: Request, client: Client, ports: Ports, context: Context, *, now: int) -> None:
    """Checks 2 to 6. Raises ClientError."""
    profile, assertion = PROFILES[client.profile], _parsed(request)
    if client.token_endpoint_auth_method == PRIVATE_KEY_JWT:
        _check_signature(assertion, client, context)  # 2
    elif client.token_endpoint_auth_method == SECRET_JWT:
        _check_mac(assertion, client, context)  # 2
    else:
        raise _failed("another method is registered")
    claims = _claims(assertion.payload)
    # 4: a list says that it is for others too, unless it has one member (RFC 7519 §4.1.3)
    here = context.at(endpoints.TOKEN)
    if claims.get("aud") not in (context.issuer, *((here, [here]) if profile.assertion_audience_token else ())):
        raise _failed("the assertion is for somebody else")
    expires = _times(claims, now=now)  # 5
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI or not jti.isprintable():
        raise _failed("jti is missing or malformed")
    if not ports.ephemeral.once("client_assertion", f"{client.client_id}\n{jti}", expires=expires + SKEW + 1):  # 6
        raise _failed("the assertion was used before")


def _check_signature(assertion: Unverified, client: Client, context: Context) -> None:
    try:
        verify_parsed(
            assertion, lambda header: client_keys.find(header, client, context, registered_alg=_ALG), typ=TYPS
        )
    except CertsError as error:
        raise _failed(f"assertion {error.code}") from None


def _check_mac(assertion: Unverified, client: Client, context: Context) -> None:
    """Keyed by the secret that we drew for this client and keep for nothing else: no public key can be taken for it (CA-09)."""
    alg, typ = assertion.header.get("alg"), assertion.header.get("typ", "")
    if (
        alg not in PROFILES[client.profile].secret_algorithms
        or alg != client.metadata.get(_ALG, alg)
        or typ not in TYPS
    ):
        raise _failed("alg or typ is not one for this client")
    expected = hmac.digest(client_secrets.opened(client, context), assertion.signed, _HASHES[alg])
    if not hmac.compare_digest(assertion.signature, expected):
        raise _failed("wrong client secret")


def _parsed(request: Request) -> Unverified:
    sent = request.form.get("client_assertion")
    if sent is None or len(sent) > MAX_ASSERTION:
        raise _failed("no assertion, or too long")
    try:
        return parse(sent)
    except CertsError as error:
        raise _failed(f"assertion {error.code}") from None


def _claims(payload: bytes) -> Mapping[str, Any]:
    try:
        claims = json_decode(payload)
    except CertsError as error:
        raise _failed(f"assertion {error.code}") from None
    if not isinstance(claims, dict):
        raise _failed("the assertion is no object")
    return claims


def _times(claims: Mapping[str, Any], *, now: int) -> int:
    times = {name: claims.get(name) for name in ("exp", "iat", "nbf")}
    if any(value is not None and type(value) is not int for value in times.values()) or type(times["exp"]) is not int:
        raise _failed("exp is missing, or a time is not a whole number")
    expires = times["exp"]
    if not now < expires <= now + LIFETIME:
        raise _failed("expired, or good for too long")
    if any((times[name] or 0) > now + SKEW for name in ("iat", "nbf")):
        raise _failed("from the future")
    return expires


def _failed(detail: str) -> ClientError:
    return ClientError("client authentication failed", detail=detail)
