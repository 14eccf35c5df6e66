"""What every endpoint of the provider knows besides the request and the ports: its name, keys, grants and randomness."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from certs.jose import KeySet
from certs.jwe import DecryptionKey, EncryptionKey
from certs.keys import Signer
from idp.login.acr import Factor
from idp.login.factors import WITHOUT_SIMULATION
from idp.login.sealed import Sealer
from idp.model import Client
from idp.oidc.clients.remote import NOWHERE, Remote
from idp.oidc.request import Request, Response
from idp.ports import Ports


class Admits(StrEnum):
    """Who may register an application without the state's staff (RFC 7591 §3)."""

    NOBODY = "off"
    TOKENS = "token"  # those who were given an initial access token
    EVERYBODY = "open"  # for tests of protocols, in a simulation: never with the number of a person


class GrantFunction(Protocol):
    """One line of the grant table. `client` is None when the request named none; it may raise `TokenError`."""

    def __call__(
        self, request: Request, client: Client | None, ports: Ports, context: "Context", now: int, /
    ) -> Response: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    issuer: str
    signers: Mapping[str, Signer]  # by algorithm, of `signing_keys.ALGORITHMS`: the keys that sign now
    grants: Mapping[str, GrantFunction]  # by grant_type; composed by `idp/app.py`
    subject_key: bytes = field(repr=False)  # pairwise subjects are a keyed hash under it
    nonce_key: bytes = field(repr=False)  # nonces of DPoP proofs are
    new_secret: Callable[[], str] = field(repr=False)  # 256 random bits, base64url: codes, tokens, session ids
    # What our own signatures are verified by, and what stands in /jwks. Nothing, where nothing is published.
    published: Callable[[], KeySet] = lambda: KeySet(())
    # What clients encrypt their requests to, and what opens them. Nothing, where none are taken.
    encrypted_to: Callable[[], tuple[EncryptionKey, ...]] = lambda: ()
    opening: Callable[[], tuple[DecryptionKey, ...]] = field(default=lambda: (), repr=False)
    factors: frozenset[Factor] = WITHOUT_SIMULATION  # what log-in offers
    sealer: Sealer | None = field(default=None, repr=False)  # for secrets of clients that are keys
    remote: Remote = NOWHERE  # what clients keep at addresses of their own
    fetched: Mapping[str, bytes | None] = field(default_factory=dict, repr=False)  # for this very request
    admits: Admits = Admits.NOBODY  # who may register an application by itself
    simulation: bool = False

    def at(self, path: str) -> str:
        """The address of one of our endpoints; the issuer may have a path of its own."""
        return self.issuer.rstrip("/") + path
