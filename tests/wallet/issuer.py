"""An issuer in memory that can be told to misbehave: the other side of the wallet's receiving, signing with a real nation's keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from certs.catalogue import CATALOGUE, document_type
from certs.encoding import b64url_encode, json_encode
from certs.errors import CertsError
from certs.fetch import FetchError, Response
from certs.formats import elements, mdoc, sd_jwt, type_metadata
from certs.keys import MemorySigner, PublicKey
from certs.proof import verify_key_proof
from tests.world import DAY, RECORDS, URI, World

ISSUER = "http://localhost:5000"
CODE, TX_CODE, TOKEN = "the-code", "123456", "the-access-token"
PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"

LICENCE = ("driving_licence.licence", "driving_licence.age_over_18", "driving_licence.full")
WHOLE = ("driving_licence.sd_jwt", "driving_licence.mdoc")

# What it signs for a wanted view (or "sd_jwt", "mdoc") and a proven key. A test puts another function in its place.
Signing = Callable[[str, str, MemorySigner], bytes]


@dataclass
class IssuerDesk:
    """Implements `wallet.ports.Web`: what is fetched comes from here; `asked` keeps what was sent."""

    world: World
    configurations: tuple[str, ...] = LICENCE
    batch: int = 10
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
        proofs = {"proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}}}
        found: dict[str, dict[str, Any]] = {}
        for type_ in CATALOGUE.values():
            for view in (each for each in type_.views if each.qr and not each.needs):
                found[f"{type_.name}.{view.name}"] = {"format": "vn1_cwt"}
            found[f"{type_.name}.sd_jwt"] = {"format": "dc+sd-jwt", "vct": type_metadata.type_of(type_)}
            found[f"{type_.name}.mdoc"] = {"format": "mso_mdoc", "doctype": elements.doc_type(type_)}
        return {
            "credential_issuer": ISSUER,
            "credential_endpoint": f"{ISSUER}/credential",
            "nonce_endpoint": f"{ISSUER}/nonce",
            "display": [{"name": "Cơ quan cấp", "locale": "vi"}, {"name": "The issuer", "locale": "en"}],
            "batch_credential_issuance": {"batch_size": self.batch},
            "credential_configurations_supported": {
                name: {**one, **proofs, "scope": f"credential:{name}"} for name, one in found.items()
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
        jwt: str | None = None,
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
            proofs = [verify_key_proof(each, audience=ISSUER, now=self.world.now) for each in body["proofs"]["jwt"]]
        except CertsError as error:
            return _json(400, {"error": "invalid_proof", "error_description": error.code})
        nonces = {proof.nonce for proof in proofs}
        if len(proofs) > self.batch or not nonces <= self.nonces:
            return _json(400, {"error": "invalid_nonce"})
        self.nonces -= nonces
        type_, _, view = body["credential_configuration_id"].partition(".")
        sign = self.sign or self.rightly
        signed = [sign(type_, view, _Public(proof.key)) for proof in proofs]  # type: ignore[arg-type]
        text = [each.decode("latin-1") if view == "sd_jwt" else b64url_encode(each) for each in signed]
        return _json(200, {"credentials": [{"credential": each} for each in text]})

    def rightly(self, type_: str, view: str, holder: MemorySigner) -> bytes:
        if view in ("sd_jwt", "mdoc"):
            return whole(self.world, type_, view, holder=holder)
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


def whole(world: World, type_: str, format_: str, *, holder: MemorySigner, **changes: Any) -> bytes:
    """A whole document; by default from the authority in charge, valid, with a new index."""
    kind = document_type(type_)
    authority = changes.pop("authority", kind.issuers[-1].authority)
    by = changes.pop("desk", world.issuers[authority])
    index, world.next_index = world.next_index, world.next_index + 1
    at = changes.pop("issued", world.now - 60)
    stated: dict[str, Any] = {
        "document": kind,
        "record": RECORDS[type_],
        "issuer": authority,
        "signer": by.signer,
        "holder": holder.public,
        "status_uri": URI,
        "status_index": index,
        "now": at,
        "expires": at + kind.credential_days * DAY,
        **changes,
    }
    if format_ == "sd_jwt":
        return sd_jwt.issue(certificate=by.certificate, **stated).encode()
    return mdoc.issue(chain=(by.certificate,), **stated)


@dataclass(frozen=True)
class _Public:
    """Stands where `World.issue` wants a holder: it takes the public key only."""

    public: PublicKey


def _json(status: int, value: Any) -> Response:
    return Response(status, {"content-type": "application/json"}, json_encode(value))
