"""An authorization request that its client signed: read, checked, and put in the place of what the address says.

Spec: RFC 9101 §4, §5, §6 (§6.1: encrypted), §10.8; OpenID Connect Core 1.0 §6; FAPI 2.0 Message Signing §5.3

 1. not together with `request_uri`, and no request inside of a request
 2. a JWS of a key that the client registered, by an algorithm of its profile; never unsigned. It may be encrypted to us
 3. `client_id` inside is the one outside; `iss` is the client and `aud` is us: where the profile demands them, or they are there
 4. its times: where they are there, or the profile demands them
 5. each member has the form of a parameter
 6. its `jti` was not used before: where the profile says so, and there is one

By its address (`baseline`): one that the client registered, character for character; where its fragment has the form of a
SHA-256, it is that of the object (§6.2).

OpenID Connect lets parameters beside the object count as well (`baseline`); RFC 9101 does not (the other profiles).
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from certs import jwe
from certs.encoding import b64url_encode, json_decode, json_encode
from certs.errors import CertsError
from certs.jose import parse, verify_parsed
from certs.keys import PublicKey
from idp.model import Client, Limit
from idp.oidc import resources
from idp.oidc.clients import client_keys
from idp.oidc.clients.address_metadata import REQUEST_URIS
from idp.oidc.clients.remote import Needed
from idp.oidc.context import Context
from idp.oidc.errors import AuthorizationError, PageError
from idp.oidc.profiles import PROFILES
from idp.oidc.request import Parameters, Request
from idp.ports import Ports

MAX_OBJECT = 16 * 1024  # characters
MAX_JTI = 256
HASHED = 43  # characters of a SHA-256 in base64url
LIFETIME = 3600  # seconds: between `nbf` and now, and between now and `exp`
SKEW = 10
TYP = "oauth-authz-req+jwt"
REFERENCES = Limit("request_by_reference", ((600, 0), (601, 60)), kept=60, window=True)  # in a minute
NOT_PARAMETERS = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})


def unpacked(sent: Parameters, client: Client, ports: Ports, context: Context, *, now: int) -> Parameters:
    """The parameters that count. Raises AuthorizationError, Needed."""
    if "request" not in sent and "request_uri" in sent and PROFILES[client.profile].request_uri:
        sent = _brought(sent, client, context)
    if "request" not in sent:
        return sent
    if "request_uri" in sent:  # 1
        raise AuthorizationError("invalid_request", "request and request_uri exclude one another")
    claims = _verified(sent.get("request") or "", client, context)  # 2
    _check_parties(claims, sent, client, context)  # 3
    _check_times(claims, client, now=now)  # 4
    inside = tuple(_parameters(claims))  # 5
    _spend(claims, client, ports)  # 6
    if not PROFILES[client.profile].beside_request_object:
        return Parameters(inside)
    named = {name for name, _ in inside} | {"request"}
    return Parameters((*inside, *(pair for pair in sent.pairs if pair[0] not in named)))


def count_reference(request: Request, client: Client, ports: Ports, *, now: int) -> None:
    """Each is a fetch from the client: what strangers from one network can cause is bounded. Raises PageError."""
    named = "request_uri" in request.parameters
    if named and ports.attempts.count(REFERENCES, f"{client.client_id}\n{request.source}", now=now):
        raise PageError("temporarily_unavailable", "too many requests by reference")


def _brought(sent: Parameters, client: Client, context: Context) -> Parameters:
    """What was sent, with the object in the place of its address (OpenID Connect Core 1.0 §6.2)."""
    uri = sent.get("request_uri")
    if uri is None or uri not in client.metadata.get(REQUEST_URIS, ()):
        raise AuthorizationError("invalid_request_uri", "request_uri is not one that the client registered")
    if uri not in context.fetched:
        raise Needed(uri)
    found, fragment = context.fetched[uri], uri.partition("#")[2]
    if found is None or not found.isascii() or len(found) > MAX_OBJECT:
        raise AuthorizationError("invalid_request_uri", "there is no request object at request_uri")
    if len(fragment) == HASHED and b64url_encode(sha256(found).digest()) != fragment:
        raise AuthorizationError("invalid_request_uri", "the request object is not the one that the fragment names")
    kept = tuple(pair for pair in sent.pairs if pair[0] != "request_uri")
    return Parameters((*kept, ("request", found.decode().strip())))


def _spend(claims: Mapping[str, Any], client: Client, ports: Ports) -> None:
    """Pushed, so that a page that is loaded anew does not send it again."""
    jti = claims.get("jti")
    if jti is None or not PROFILES[client.profile].request_object_once:
        return
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI or not jti.isprintable():
        raise _refused("jti is malformed")
    if not ports.ephemeral.once("request_object", f"{client.client_id}\n{jti}", expires=claims["exp"] + SKEW + 1):
        raise _refused("the request object was used before")


def _verified(request: str, client: Client, context: Context) -> Mapping[str, Any]:
    typs = (TYP,) if PROFILES[client.profile].strict_request_object else (TYP, "JWT", "")
    if len(request) > MAX_OBJECT:
        raise _refused("the request object is too long")
    try:
        parsed = parse(_opened(request, context))
        verified = verify_parsed(parsed, lambda header: _key(header, client, context), typ=typs)
        claims = json_decode(verified.payload)
    except CertsError as error:
        raise _refused(f"the request object does not hold: {error.code}") from None
    if not isinstance(claims, dict):
        raise _refused("the request object is no object")
    return claims


def _opened(request: str, context: Context) -> str:
    """The signed object inside (RFC 9101 §6.1). What is wrong with one that cannot be opened is told to nobody (attack JW-20)."""
    if not jwe.is_encrypted(request):
        return request
    try:
        return jwe.decrypt_signed(request, context.opening())
    except CertsError:
        raise _refused("the request object cannot be opened") from None


def _key(header: Mapping[str, Any], client: Client, context: Context) -> PublicKey:
    return client_keys.find(header, client, context, registered_alg="request_object_signing_alg")


def _check_parties(claims: Mapping[str, Any], sent: Parameters, client: Client, context: Context) -> None:
    strict = PROFILES[client.profile].strict_request_object
    if claims.get("client_id", None if strict else client.client_id) != client.client_id:
        raise _refused("client_id inside differs")  # RFC 9101 §5
    if claims.get("iss", None if strict else client.client_id) != client.client_id:
        raise _refused("iss is not the client")  # RFC 9101 §4
    audience = claims.get("aud", None if strict else context.issuer)
    if context.issuer not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("aud is not this server")
    outside = sent.get("response_type")
    if outside is not None and claims.get("response_type", outside) != outside:  # OpenID Connect Core 1.0 §6.1
        raise _refused("response_type inside differs")


def _check_times(claims: Mapping[str, Any], client: Client, *, now: int) -> None:
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if any(type(value) is not int for value in times.values()):
        raise _refused("a time is not a whole number")
    strict = PROFILES[client.profile].strict_request_object
    if strict and not {"exp", "nbf"} <= set(times):
        raise _refused("exp or nbf is missing")  # FAPI 2.0 Message Signing §5.3.2
    begins, ends = times.get("nbf", now), times.get("exp", now + 1)
    if ends <= now or max(begins, times.get("iat", now)) > now + SKEW:
        raise _refused("expired, or from the future")
    if strict and (begins < now - LIFETIME or ends > begins + LIFETIME):
        raise _refused("good for too long")


def _parameters(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if {"request", "request_uri"} & set(claims):  # 1
        raise _refused("a request inside of a request")
    for name, value in claims.items():
        if name in NOT_PARAMETERS:
            continue
        if isinstance(value, str):
            yield name, value
        elif type(value) is int:
            yield name, str(value)  # max_age
        elif name == resources.PARAMETER and _is_texts(value):
            yield from ((name, uri) for uri in value)  # RFC 8707 §2: several, as a list
        elif name == "claims" and isinstance(value, dict):
            yield name, json_encode(value).decode()
        else:
            raise _refused("a member has not the form of a parameter")


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(member, str) for member in value)


def _refused(text: str) -> AuthorizationError:
    return AuthorizationError("invalid_request_object", text)
