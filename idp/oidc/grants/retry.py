"""The answer to a refresh, kept for ten seconds, in case it was lost on the way: the same request gets it again.

Spec: RFC 9700 §4.14.2 (reuse); RFC 6749 §10.4; NIST SP 800-38D

Networks fail between our commit and the client's hands, and its honest retry looks as a thief's. So for these seconds the very
same request of the same client is answered with the very same bytes: nothing new comes to life by it. Whatever differs, or
comes later, or comes when the kept answer's own refresh token was used already, is reuse.

Only who holds the replaced token can open what is kept: it is sealed under a key made of that token, which we do not have.
"""

import hashlib
import hmac

from certs.encoding import b64url_encode, json_decode, json_encode
from idp.login.sealed import Sealer
from idp.model import Client
from idp.oidc.request import Request, Response, json_response
from idp.oidc.secrets import token_hash
from idp.ports import Ports

SECONDS = 10
PURPOSE = "refresh_answer"
_PROOFS = frozenset({"client_assertion", "client_assertion_type", "client_secret", "client_id"})  # new each time


def keep(ports: Ports, answer: Response, value: str, sent: Request, client: Client, *, now: int) -> None:
    sealed = _sealer(value).seal(answer.body, owner=client.client_id, purpose=PURPOSE)
    ports.ephemeral.put(PURPOSE, _name(value, sent, client), {"sealed": sealed}, expires=now + SECONDS)


def find(ports: Ports, value: str, sent: Request, client: Client, *, now: int) -> Response | None:
    """None where there was no such request within these seconds, or its answer arrived: the next token was used."""
    kept = ports.ephemeral.read(PURPOSE, _name(value, sent, client), now=now)
    if kept is None:
        return None
    content = json_decode(_sealer(value).open(kept["sealed"], owner=client.client_id, purpose=PURPOSE))
    following = ports.grants.live(token_hash(content.get("refresh_token", "")), "refresh", now=now)
    return None if following is None or following[1].replaced else json_response(content)


def _name(value: str, sent: Request, client: Client) -> str:
    """One request of one key, whatever the order of its parameters and however its client proves this time who it is."""
    pairs = sorted(pair for pair in sent.form.pairs if pair[0] not in _PROOFS)
    same = json_encode([client.client_id, value, pairs, sent.jkt])
    return b64url_encode(hashlib.sha256(same).digest())


def _sealer(value: str) -> Sealer:
    return Sealer(hmac.digest(b"kept answer", value.encode(), "sha256"))
