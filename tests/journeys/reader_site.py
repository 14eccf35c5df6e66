"""A reader with a site of its own on this machine: a page with a link, signed questions, and an address for answers."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose, jwe
from certs.encoding import json_decode, json_encode
from certs.jwe import DecryptionKey
from certs.keys import FileSigner
from certs.x509 import client_ids
from tests.smoke import Run
from tests.wallet.reader import FORMATS
from wallet.requests import AUDIENCE, TYP


@dataclass
class Site:
    """What it asks, and what arrived. `number` makes a nonce of each question."""

    run: Run
    url: str = ""
    asks: dict[str, Any] = field(default_factory=dict)
    encrypted: bool = False
    number: int = 0
    arrived: list[dict[str, Any]] = field(default_factory=list)
    key: DecryptionKey = field(default_factory=lambda: DecryptionKey.generate("ECDH-ES", "enc-1"))

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_der_x509_certificate((self.run.data / "verifier" / "reader.der").read_bytes())

    @property
    def client_id(self) -> str:
        return client_ids(self.certificate)[0]

    @property
    def nonce(self) -> str:
        return f"nonce-of-question-{self.number}"

    @property
    def link(self) -> str:
        return "openid4vp://?" + self.query

    @property
    def query(self) -> str:
        return urlencode(
            {
                "client_id": self.client_id,
                "request_uri": f"{self.url}/request",
                "request_uri_method": "post",
            }
        )

    def token(self, wallet_nonce: str | None) -> str:
        metadata: dict[str, Any] = {"vp_formats_supported": dict(FORMATS)}
        if self.encrypted:
            metadata["jwks"] = {"keys": [self.key.public.jwk()]}
        claims = {
            "aud": AUDIENCE,
            "client_id": self.client_id,
            "response_type": "vp_token",
            "response_mode": "direct_post.jwt" if self.encrypted else "direct_post",
            "response_uri": f"{self.url}/answer",
            "nonce": self.nonce,
            "state": f"state-{self.number}",
            "dcql_query": self.asks,
            "client_metadata": metadata,
            "exp": int(time.time()) + 300,
            "wallet_nonce": wallet_nonce,
        }
        x5c = [base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()]
        signer = FileSigner.load(self.run.data / "verifier" / "reader.pem", "ES256")
        kept = {name: value for name, value in claims.items() if value is not None}
        return jose.sign(kept, signer, typ=TYP, headers={"kid": None, "x5c": x5c})

    def take(self, form: dict[str, str]) -> None:
        if "response" in form:
            found = json_decode(jwe.decrypt(form["response"], [self.key]).content)
        else:
            found = {**form, **({"vp_token": json_decode(form["vp_token"])} if "vp_token" in form else {})}
        assert isinstance(found, dict)
        self.arrived.append(found)


@contextmanager
def served(run: Run) -> Iterator[Site]:
    site = Site(run)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, "text/html; charset=utf-8", b"<!doctype html><title>Reader</title><p id=back>back</p>")

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            if self.path == "/request":
                self._say(200, f"application/{TYP}", site.token(form.get("wallet_nonce")).encode())
            else:
                site.take(form)
                self._say(200, "application/json", json_encode({"redirect_uri": f"{site.url}/back#{site.number}"}))

        def _say(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing to the tests' output."""

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    site.url = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
