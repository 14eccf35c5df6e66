"""What every endpoint of the provider knows besides the request and the ports: its name, keys, grants and randomness."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from certs.keys import Signer
from idp.login.acr import Factor
from idp.login.factors import WITHOUT_SIMULATION
from idp.model import Client
from idp.oidc.request import Request, Response
from idp.ports import Ports


class GrantFunction(Protocol):
    """One line of the grant table. `client` is None when the request named none; it may raise `TokenError`."""

    def __call__(
        self, request: Request, client: Client | None, ports: Ports, context: "Context", now: int, /
    ) -> Response: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    issuer: str
    signers: Mapping[str, Signer]  # by algorithm: ES256, RS256
    grants: Mapping[str, GrantFunction]  # by grant_type; composed by `idp/app.py`
    subject_key: bytes = field(repr=False)  # pairwise subjects are a keyed hash under it
    new_secret: Callable[[], str] = field(repr=False)  # 256 random bits, base64url: codes, tokens, session ids
    factors: frozenset[Factor] = WITHOUT_SIMULATION  # what log-in offers

    def at(self, path: str) -> str:
        """The address of one of our endpoints; the issuer may have a path of its own."""
        return self.issuer.rstrip("/") + path
