"""An issuer in memory that can be told to misbehave: the other side of the wallet's receiving, signing with a real nation's keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from certs.catalogue import CATALOGUE
from certs.encoding import b64url_encode, json_encode
from certs.errors import CertsError
from certs.fetch import FetchError, Response
from certs.keys import MemorySigner, PublicKey
from certs.proof import verify_key_proof
from tests.world import World

ISSUER = "http://localhost:5000"
CODE, TX_CODE, TOKEN = "the-code", "123456", "the-access-token"
PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"

# What it signs for a wanted view and a proven key. A test puts another function in its place.
Signing = Callable[[str, str, MemorySigner], bytes]


@dataclass
class IssuerDesk:
    """Implements `wallet.ports.Web`: what is fetched comes from here; `asked` keeps what was sent."""

    world: World
    configurations: tuple[str, ...] = tuple(
        f"driving_licence.{view.name}" for view in CATALOGUE["driving_licence"].views
    )
    changes: dict[str, Any] = field(default_factory=dict)  # address -> body in place of the right one
    asked: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    sign: Signing | None = None
    redeemed: bool = False
    nonces: set[str] = field(default_factory=set)
    renewals: list[str] = field(
        default_factory=list
    )  # refresh tokens given, newest last; an empty list has none that works
    revoked: list[str] = field(default_factory=list)

    @property
    def link(self) -> str:
        return "openid-credential-offer://?" + urlencode({"credential_offer_uri": f"{ISSUER}/credential-offers/1"})

    def offer(self) -> dict[str, Any]:
        return {
            "credential_issuer": ISSUER,
            "credential_configuration_ids": list(self.configurations),
            "grants": {
                PRE_AUTHORIZED: {
                    "pre-authorized_code": CODE,
                    "tx_code": {"length": 6, "input_mode": "numeric", "description": "Mã đang hiển thị"},
                }
            },
        }

    def metadata(self) -> dict[str, Any]:
        one = {
            "format": "vn1_cwt",
            "cryptographic_binding_methods_supported": ["jwk"],
            "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}},
        }
        return {
            "credential_issuer": ISSUER,
            "credential_endpoint": f"{ISSUER}/credential",
            "nonce_endpoint": f"{ISSUER}/nonce",
            "display": [{"name": "Cơ quan cấp", "locale": "vi"}, {"name": "The issuer", "locale": "en"}],
            "credential_configurations_supported": {
                f"{type_.name}.{view.name}": {**one, "scope": f"credential:{type_.name}.{view.name}"}
                for type_ in CATALOGUE.values()
                for view in type_.views
            },
        }

    # --- wallet.ports.Web -----------------------------------------------------------------------------------------

    def get(self, url: str, *, accept: str = "*/*", size_limit: int = 0) -> Response:
        path = self._path(url)
        self.asked.append(("GET", path, {}))
        if path == "/bundle" and path not in self.changes:
            return Response(200, {}, self.world.bundle())
        pages: dict[str, Callable[[], Any]] = {
            "/credential-offers/1": self.offer,
            "/.well-known/openid-credential-issuer": self.metadata,
            "/.well-known/oauth-authorization-server": self.server_metadata,
        }
        return self._answer(path, pages.get(path))

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        path = self._path(url)
        self.asked.append(("POST", path, {**(form or {}), **(json or {}), "headers": dict(headers or {})}))
        if path in self.changes:
            return self._answer(path, None)
        if path == "/token":
            by_code = form is not None and form.get("grant_type") == PRE_AUTHORIZED
            return self._token(form or {}) if by_code else self._client_token(form or {}, headers or {})
        if path == "/revoke":
            self.revoked.append((form or {})["token"])
            return Response(200, {}, b"")
        if path == "/nonce":
            self.nonces.add(f"nonce-{len(self.nonces)}")
            return _json(200, {"c_nonce": f"nonce-{len(self.nonces) - 1}"})
        return self._credential(json or {}, headers or {})

    def _token(self, form: Mapping[str, str]) -> Response:
        if form.get("pre-authorized_code") != CODE or form.get("tx_code") != TX_CODE or self.redeemed:
            return _json(400, {"error": "invalid_grant"})
        self.redeemed = True
        return _json(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300})

    def server_metadata(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "token_endpoint": f"{ISSUER}/token",
            "authorization_endpoint": f"{ISSUER}/authorize",
            "revocation_endpoint": f"{ISSUER}/revoke",
            "scopes_supported": ["openid", "offline_access"],
        }

    def _client_token(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Response:
        """For the wallet as a client that proves who it is: a code with its verifier, or the newest refresh token."""
        if not headers.get("Authorization", "").startswith("Basic "):
            return _json(401, {"error": "invalid_client"})
        by_code = (
            form["grant_type"] == "authorization_code" and form["code"] == CODE and len(form["code_verifier"]) >= 43
        )
        refreshed = form["grant_type"] == "refresh_token" and form["refresh_token"] in self.renewals[-1:]
        if not by_code and not refreshed:
            return _json(400, {"error": "invalid_grant"})
        self.renewals.append(f"renewal-{len(self.renewals)}")
        answer = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "refresh_token": self.renewals[-1]}
        return _json(200, answer)

    def _credential(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return _json(401, {"error": "invalid_token"})
        try:
            proof = verify_key_proof(body["proofs"]["jwt"][0], audience=ISSUER, now=self.world.now)
        except CertsError as error:
            return _json(400, {"error": "invalid_proof", "error_description": error.code})
        if proof.nonce not in self.nonces:
            return _json(400, {"error": "invalid_nonce"})
        self.nonces.discard(proof.nonce)
        type_, _, view = body["credential_configuration_id"].partition(".")
        sign = self.sign or self.rightly
        credential = sign(type_, view, _Public(proof.key))  # type: ignore[arg-type]
        return _json(200, {"credentials": [{"credential": b64url_encode(credential)}]})

    def rightly(self, type_: str, view: str, holder: MemorySigner) -> bytes:
        return self.world.issue(type_, view, holder=holder)

    def _path(self, url: str) -> str:
        if not url.startswith(ISSUER + "/"):
            raise FetchError("unreachable", url)
        return url.removeprefix(ISSUER)

    def _answer(self, path: str, page: Callable[[], Any] | None) -> Response:
        if path in self.changes:
            changed = self.changes[path]
            if isinstance(changed, Exception):
                raise changed
            if isinstance(changed, Response):
                return changed
            return _json(200, changed)
        return _json(404, {}) if page is None else _json(200, page())


@dataclass(frozen=True)
class _Public:
    """Stands where `World.issue` wants a holder: it takes the public key only."""

    public: PublicKey


def _json(status: int, value: Any) -> Response:
    return Response(status, {"content-type": "application/json"}, json_encode(value))
