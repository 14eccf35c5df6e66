"""A reader in memory that can be told to misbehave: it signs questions, serves them, and takes the wallet's answers.

Everything is real but the sockets: certificate, trust list, request objects, keys of encryption.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose, jwe
from certs.catalogue import Text
from certs.encoding import json_decode, json_encode
from certs.fetch import FetchError, Response
from certs.formats.elements import ISO_NAMESPACE
from certs.jwe import DecryptionKey
from certs.keys import Signer
from certs.trust import Reader, Right
from certs.x509 import Usage, client_ids
from tests.wallet.citizen import URL, Citizen
from tests.wallet.issuer import ISSUER, IssuerDesk
from tests.world import PID, Desk, World
from tests.world_idp import State
from wallet.app import create_app
from wallet.config import Config
from wallet.model import Person
from wallet.requests import AUDIENCE, TYP

HOST = "https://bank.example"
REQUEST, ANSWER, BACK = f"{HOST}/requests/1", f"{HOST}/answers/1", f"{HOST}/back#code=abc"
NAME = Text("Ngân hàng Thử nghiệm", "Test bank")
PURPOSE = Text("Mở tài khoản", "Opening an account")
NONCE, STATE = "n-0123456789abcdefghij", "state-1"
VCT = "urn:vneid-reference:document:driving_licence:1"
MDL = "org.iso.18013.5.1.mDL"
MAY = (
    Right("driving_licence", (), ("full_name", "birth_date", "classes", "age_over_18", "licence_number")),
    Right("health_record", (), ("blood_group", "allergies")),
)
FORMATS: Mapping[str, Any] = {
    "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
    "mso_mdoc": {"issuerauth_alg_values": [-7], "deviceauth_alg_values": [-7]},
}
SD_JWT: Mapping[str, Any] = {
    "id": "licence",
    "format": "dc+sd-jwt",
    "meta": {"vct_values": [VCT]},
    "claims": [{"path": ["full_name"]}, {"path": ["classes", 0, "class"]}],
}
MDOC: Mapping[str, Any] = {
    "id": "mdl",
    "format": "mso_mdoc",
    "meta": {"doctype_value": MDL},
    "claims": [{"path": [ISO_NAMESPACE, "family_name"]}, {"path": [f"{ISO_NAMESPACE}.VN", "full_name"]}],
}


def query(*credentials: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"credentials": [dict(each) for each in credentials], **more}


def listed(desk: Desk, **changes: Any) -> Reader:
    """What the trust list says of a reader with this certificate."""
    stated: dict[str, Any] = {
        "organisation": "bank",
        "name": NAME,
        "purpose": PURPOSE,
        "rights": MAY,
        "certificates": (desk.certificate,),
        "since": desk_since(desk),
        **changes,
    }
    return Reader(**stated)


def desk_since(desk: Desk) -> int:
    return int(desk.certificate.not_valid_before_utc.timestamp())


@dataclass
class ReaderDesk:
    """Implements `wallet.ports.Web`: its own addresses here, all others at the issuer."""

    world: World
    issuer: IssuerDesk
    asks: dict[str, Any] = field(default_factory=lambda: query(SD_JWT))
    changes: dict[str, Any] = field(default_factory=dict)  # member of the request object -> value, None to leave it out
    prefix: int = 0  # 0: x509_hash, 1: x509_san_dns
    encrypted: bool = False
    answers: list[dict[str, str]] = field(default_factory=list)  # the forms that arrived
    fetched: list[Mapping[str, str] | None] = field(default_factory=list)  # None: by GET, else the form
    answer: Response | Exception = field(
        default_factory=lambda: Response(200, {"content-type": "application/json"}, json_encode({"redirect_uri": BACK}))
    )
    page: Response | Exception | None = None  # in place of the request object
    key: DecryptionKey = field(default_factory=lambda: DecryptionKey.generate("ECDH-ES", "enc-1"))
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = self.world.desk("bank", Usage.READER)
        self.world.readers = (listed(self.desk),)

    @property
    def client_id(self) -> str:
        return client_ids(self.desk.certificate)[self.prefix]

    def claims(self, **changes: Any) -> dict[str, Any]:
        metadata: dict[str, Any] = {"vp_formats_supported": dict(FORMATS)}
        if self.encrypted:
            metadata["jwks"] = {"keys": [self.key.public.jwk()]}
            metadata["encrypted_response_enc_values_supported"] = ["A256GCM"]
        stated = {
            "iss": self.client_id,
            "aud": AUDIENCE,
            "client_id": self.client_id,
            "response_type": "vp_token",
            "response_mode": "direct_post.jwt" if self.encrypted else "direct_post",
            "response_uri": ANSWER,
            "nonce": NONCE,
            "state": STATE,
            "dcql_query": self.asks,
            "client_metadata": metadata,
            "iat": self.world.now,
            "exp": self.world.now + 300,
            **self.changes,
            **changes,
        }
        return {name: value for name, value in stated.items() if value is not None}

    def token(self, *, typ: str = TYP, signer: Signer | None = None, **changes: Any) -> str:
        x5c = [base64.b64encode(self.desk.certificate.public_bytes(Encoding.DER)).decode()]
        return jose.sign(self.claims(**changes), signer or self.desk.signer, typ=typ, headers={"kid": None, "x5c": x5c})

    def link(self, *, scheme: str = "openid4vp://", **more: str) -> str:
        return f"{scheme}?" + urlencode({"client_id": self.client_id, "request_uri": REQUEST, **more})

    def by_value(self, token: str | None = None) -> str:
        return "openid4vp://?" + urlencode({"client_id": self.client_id, "request": token or self.token()})

    def opened(self) -> dict[str, Any]:
        """The last answer, as the parameters that the wallet meant."""
        form = self.answers[-1]
        if "response" in form:
            found = json_decode(jwe.decrypt(form["response"], [self.key]).content)
        else:
            found = {**form, "vp_token": json_decode(form["vp_token"])}
        assert isinstance(found, dict)
        return found

    # --- wallet.ports.Web -----------------------------------------------------------------------------------------

    def get(self, url: str, *, accept: str = "*/*", size_limit: int = 0) -> Response:
        if not url.startswith(HOST):
            return self.issuer.get(url, accept=accept, size_limit=size_limit)
        self.fetched.append(None)
        return self._served(url, {})

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        jwt: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        if not url.startswith(HOST):
            return self.issuer.post(url, form=form, json=json, jwt=jwt, headers=headers)
        if url == ANSWER:
            self.answers.append(dict(form or {}))
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer
        self.fetched.append(form)
        return self._served(url, {"wallet_nonce": (form or {}).get("wallet_nonce")})

    def _served(self, url: str, more: Mapping[str, Any]) -> Response:
        if isinstance(self.page, Exception):
            raise self.page
        if url != REQUEST:
            raise FetchError("unreachable", url)
        return self.page or Response(200, {"content-type": f"application/{TYP}"}, self.token(**more).encode())


# --- the citizen whom it asks -----------------------------------------------------------------------------------------


def at_the_wallet(reader: ReaderDesk, folder: Path) -> Citizen:
    """Signed in at a wallet of its own, without a walk to the provider."""
    config = Config(
        url=URL, issuer=ISSUER, data=folder, client_secret="x", root_sha256=reader.world.root_sha256, simulation=True
    )
    app = create_app(config, web=reader, transport=httpx.MockTransport(_nobody), clock=lambda: reader.world.now)
    citizen = Citizen(app, cast("State", None))
    sign_in(citizen, PID)
    return citizen


def sign_in(citizen: Citizen, pid: str) -> None:
    at = citizen.app.extensions["wallet"]
    value = at.wallet.open_session(Person(pid), now=at.clock())
    citizen.client.set_cookie("wallet_session", value, domain="localhost")


def _nobody(_: httpx.Request) -> httpx.Response:
    return httpx.Response(503)
