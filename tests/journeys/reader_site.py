"""A reader with a site of its own on this machine: a page with a link, signed questions, and an address for answers; all that it
knows of OpenID4VP is `verifier.request` and `verifier.response`."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from cryptography import x509

from certs.encoding import json_encode
from certs.keys import FileSigner
from tests.smoke import Run
from verifier import Policy, Verifier
from verifier.answer import Presented
from verifier.question import Question
from verifier.request import MEDIA_TYPE, Addresses, Refused, RelyingParty, Started, begin, request_object
from verifier.response import Reply, collect, receive
from verifier.transactions import MemoryTransactions

LICENCE = Policy(documents=("driving_licence",))


@dataclass
class Site:
    """What it asks, and how it answered the wallet each time."""

    party: RelyingParty
    verifier: Callable[[], Verifier]
    url: str = ""
    question: Question | None = None
    started: Started | None = None
    replies: list[Reply] = field(default_factory=list)
    transactions: MemoryTransactions = field(default_factory=MemoryTransactions)

    @property
    def known(self) -> dict[str, Any]:
        questions = {"q": self.question} if self.question else {}
        return {
            "transactions": self.transactions,
            "questions": questions,
            "verifier": self.verifier(),
        }

    def ask(self, value: Mapping[str, Any], *, encrypted: bool, same_device: bool) -> Started:
        """Each credential query has to be answered by a driving licence; several need not be of one person."""
        self.question = Question(
            value, {each["id"]: LICENCE for each in value["credentials"]}, linked_by=None, apart=False
        )
        self.started = begin(
            self.question,
            self.party,
            self.transactions,
            about="q",
            addresses=Addresses(f"{self.url}/requests", f"{self.url}/answers", f"{self.url}/back"),
            same_device=same_device,
            encrypted=encrypted,
            now=int(time.time()),
        )
        return self.started

    def told(self, back: str) -> Presented:
        """What the page gets that the wallet sent its holder back to; in another browser without the address."""
        assert self.started is not None
        code = parse_qs(back.partition("?")[2])["response_code"][0] if back else ""
        return collect(self.started.transaction_id, code, **self.known).presented()


def of_the_bank(run: Run) -> Site:
    """With the certificate that the nation's trust list names."""
    folder = run.data / "verifier"
    certificate = x509.load_der_x509_certificate((folder / "reader.der").read_bytes())
    party = RelyingParty(FileSigner.load(folder / "reader.pem", "ES256"), certificate)
    return Site(party, lambda: Verifier.from_bundle(run.bundle))


@contextmanager
def served(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/requests/"):
                return self._request(None)
            self._say(200, "text/html; charset=utf-8", b"<!doctype html><title>Reader</title><p id=back>back</p>")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/requests/"):
                return self._request(dict(parse_qsl(body.decode())).get("wallet_nonce"))
            reply = receive(body, self.path.rpartition("/")[2], **site.known)
            site.replies.append(reply)
            self._say(reply.status, "application/json", json_encode(dict(reply.body)))

        def _request(self, wallet_nonce: str | None) -> None:
            id_, now = self.path.rpartition("/")[2], int(time.time())
            try:
                token = request_object(site.party, site.transactions, id_, wallet_nonce=wallet_nonce, now=now)
            except Refused as error:
                return self._say(error.status, "application/json", json_encode(error.body))
            self._say(200, MEDIA_TYPE, token.encode())

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
