"""A client proves with its request that it holds a key; what it is then given is of no use to anybody without that key.

Spec: RFC 9449 §5 (token endpoint), §5.2 (`dpop_bound_access_tokens`), §8, §9 (nonces), §10, §10.1 (codes), §11.1 (replay)

    profile     bound tokens      nonces
    baseline    where sent        not asked for
    agency      where sent        not asked for
    bank        always            always: no proof can be made beforehand (RFC 9449 §11.2)

A nonce is a keyed hash of its two minutes and of nothing else: every process makes the same, and nobody keeps them. It is good
in these two minutes and in the next two.
"""

import hashlib
import hmac
from dataclasses import replace

from certs import dpop
from certs.dpop import Proof
from certs.encoding import b64url_encode
from certs.errors import CertsError
from idp.model import Client
from idp.oidc.clients.dpop_metadata import REQUIRED
from idp.oidc.context import Context
from idp.oidc.errors import TokenError
from idp.oidc.profiles import PROFILES
from idp.oidc.request import Request, Response
from idp.ports import Ports

HEADER, NONCE = "dpop", "DPoP-Nonce"
PURPOSE = "dpop_proof"
WINDOW = 120  # seconds
_NONCE_BYTES = 16


def read(request: Request, client: Client | None, ports: Ports, context: Context, *, now: int) -> Request:
    """The same request, and what its sender proved to hold. Raises TokenError, also where a proof is required and missing."""
    jkt = proven(request, client, ports, context, now=now)
    if jkt is None and client is not None and _required(client):
        text = "this client's tokens are bound to a key: a DPoP proof is required"  # RFC 9449 §5.2
        raise TokenError("invalid_request", text, headers=_headers(client, context, now=now))
    return replace(request, jkt=jkt)


def proven(
    request: Request,
    client: Client | None,
    ports: Ports,
    context: Context,
    *,
    now: int,
    access_token: str | None = None,
) -> str | None:
    """The thumbprint of the proof's key, or None where no proof was sent. Raises TokenError.

    1. all that RFC 9449 §4.3 asks, but for the nonce                                            invalid_dpop_proof
    2. a nonce of ours where the client's profile asks for one; one that was sent is ours        use_dpop_nonce
    3. its `jti` was not used before by this key at this address, in any process                 invalid_dpop_proof

    The last comes when all else holds: nobody can use up a proof that they cannot make.
    """
    sent = request.headers.get(HEADER)
    if sent is None:
        return None
    address = context.at(request.path)
    try:
        proof = dpop.verify(sent, htm=request.method, htu=address, now=now, access_token=access_token)  # 1
    except CertsError as error:
        where = error.detail if error.detail.startswith("(") else ""  # what the parser says may repeat what was sent
        raise _refused(f"the proof does not hold: {error.code} {where}".rstrip()) from None
    _check_nonce(proof, client, context, now=now)  # 2
    if not ports.ephemeral.once(PURPOSE, f"{proof.jkt}\n{address}\n{proof.jti}", expires=proof.until):  # 3
        raise _refused("the proof was used before")  # RFC 9449 §11.1
    return proof.jkt


def check_code(dpop_jkt: str | None, request: Request) -> None:
    """A code that was asked for with a key is redeemed with that key alone (RFC 9449 §10)."""
    if dpop_jkt is not None and dpop_jkt != request.jkt:
        raise TokenError("invalid_grant", "the code is bound to another key, or no proof was sent")


def token_type(jkt: str | None) -> str:
    return "Bearer" if jkt is None else "DPoP"  # RFC 9449 §5


def confirmation(jkt: str | None) -> dict[str, dict[str, str]]:
    """For JWT access tokens and introspection (RFC 9449 §6.1, §6.2; RFC 7800 §3.1)."""
    return {} if jkt is None else {"cnf": {"jkt": jkt}}


def nonce(context: Context, *, now: int, before: int = 0) -> str:
    """The one of this window, or of one `before`."""
    said = b"DPoP nonce\0" + (now // WINDOW - before).to_bytes(8, "big", signed=True)
    return b64url_encode(hmac.digest(context.nonce_key, said, hashlib.sha256)[:_NONCE_BYTES])


def with_nonce(answer: Response, client: Client | None, context: Context, *, now: int) -> Response:
    """The next proof's nonce beside the answer, so that no request is refused only to tell it (RFC 9449 §8.2)."""
    return replace(answer, headers=(*answer.headers, *_headers(client, context, now=now)))


def _check_nonce(proof: Proof, client: Client | None, context: Context, *, now: int) -> None:
    if proof.nonce is None and not _asks(client):
        return
    given = (proof.nonce or "").encode()
    if not any(hmac.compare_digest(given, nonce(context, now=now, before=n).encode()) for n in (0, 1)):
        text = "the DPoP proof needs the nonce of this answer"  # RFC 9449 §8, §9
        raise TokenError("use_dpop_nonce", text, headers=((NONCE, nonce(context, now=now)),))


def _headers(client: Client | None, context: Context, *, now: int) -> tuple[tuple[str, str], ...]:
    return ((NONCE, nonce(context, now=now)),) if _asks(client) else ()


def _asks(client: Client | None) -> bool:
    return client is not None and PROFILES[client.profile].proof_nonce


def _required(client: Client) -> bool:
    return PROFILES[client.profile].sender_constraint or client.metadata.get(REQUIRED) is True


def _refused(detail: str) -> TokenError:
    return TokenError("invalid_dpop_proof", "the DPoP proof does not hold", detail=detail)
