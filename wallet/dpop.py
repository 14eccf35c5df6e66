"""Access tokens that are bound to a key, made for one receipt alone: who copies such a token can fetch nothing by it.

Spec: RFC 9449 §4.2 (the proof), §5 (token request), §7.1 (the scheme DPoP), §8, §9 (nonces)
"""

import secrets
from collections.abc import Mapping
from typing import Any

from certs import dpop
from certs.encoding import json_decode
from certs.errors import CertsError
from certs.fetch import Response
from certs.keys import MemorySigner
from wallet.ports import Web

ALGORITHM = "ES256"


def announced(metadata: Mapping[str, Any]) -> bool:
    """The authorization server takes proofs of such keys (RFC 9449 §5.1)."""
    algorithms = metadata.get("dpop_signing_alg_values_supported")
    return isinstance(algorithms, list) and ALGORITHM in algorithms


def new_key(wanted: bool) -> MemorySigner | None:
    return MemorySigner.generate(ALGORITHM) if wanted else None


def post(
    url: str,
    *,
    key: MemorySigner | None,
    web: Web,
    now: int,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    **body: Any,
) -> Response:
    """With a proof where there is a key, and once more where the server wants its nonce in it. Raises FetchError."""
    scheme = "Bearer" if key is None else "DPoP"
    sent = {**(headers or {}), **({} if token is None else {"Authorization": f"{scheme} {token}"})}
    if key is None:
        return web.post(url, headers=sent, **body)

    def once(nonce: str | None) -> Response:
        jti = secrets.token_urlsafe(16)
        proof = dpop.make(key, htm="POST", htu=url, jti=jti, now=now, access_token=token, nonce=nonce)
        return web.post(url, headers={**sent, "DPoP": proof}, **body)

    answer = once(None)
    nonce = answer.headers.get("dpop-nonce")
    return answer if nonce is None or not _wants_nonce(answer) else once(nonce)


def _wants_nonce(answer: Response) -> bool:
    if answer.status not in (400, 401) or len(answer.headers["dpop-nonce"]) > dpop.OPAQUE_LIMIT:
        return False
    if 'error="use_dpop_nonce"' in answer.headers.get("www-authenticate", ""):  # §9
        return True
    try:
        told = json_decode(answer.body)
    except CertsError:
        return False
    return isinstance(told, dict) and told.get("error") == "use_dpop_nonce"  # §8
