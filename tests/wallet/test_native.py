"""The command's wallet as a native application, at the real provider: pushed request, browser, loopback address, bound tokens,
encryption, a promise that outlives the access token, and the news of what became of it.

Spec: RFC 8252 §7.3, §8; RFC 9126; RFC 7636; RFC 9449 §5; OpenID4VCI 1.0 §3.4, §3.5, §8 to §11
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from certs.encoding import json_encode
from certs.fetch import FetchError, Response
from idp.issuance import deferred, holds, pre_authorized
from idp.issuance.configurations import CREDENTIAL_SCOPES
from idp.model import Hold
from idp.oidc.profiles import PUBLIC
from idp.oidc.scopes import OFFLINE
from idp.ports import Ports
from idp.storage.place import opened as stored
from tests.idp.issuance.test_web import ISSUER, Place, built, place
from tests.world_idp import client
from wallet.authorization import ClientCredentials
from wallet.commands.loopback import PATIENCE, Loopback
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.keys import SoftwareKeys
from wallet.model import Document
from wallet.receive import COPIES
from wallet.storage.memory import MemoryStorage
from wallet.trust import TrustKeeper
from wallet.vault import Vault
from wallet.waiting import Waiting
from wallet.wallet import Wallet

__all__ = ["built", "place"]

WHO = "wallet-on-the-desk"


@dataclass
class Wire:
    """Implements `wallet.ports.Web` on the provider in process."""

    place: Place
    asked: list[tuple[str, Mapping[str, str], str]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)

    def get(self, url: str, *, accept: str = "*/*", size_limit: int = 0) -> Response:
        return self._told(self.place.browser.client.get(url, headers={"Accept": accept}))

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        jwt: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        path = url.removeprefix(ISSUER)
        if path in self.down:
            raise FetchError("unreachable", url)
        kind, content = {}, json_encode(json) if json is not None else (jwt or "").encode()
        if form is None and content:
            kind = {"Content-Type": "application/jwt" if jwt is not None else "application/json"}
        self.asked.append((path, {**(headers or {}), **kind}, "" if form is None else str(dict(form))))
        sent: dict[str, Any] = {"data": dict(form)} if form is not None else {"content": content}
        fresh = httpx.Client(
            transport=self.place.browser.client._transport, trust_env=False
        )  # no cookies of the person
        return self._told(fresh.post(url, headers={**(headers or {}), **kind}, **sent))

    def _told(self, answer: httpx.Response) -> Response:
        return Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)


@pytest.fixture
def wire(place: Place) -> Wire:
    change(
        place,
        lambda ports: ports.clients.add(
            client(
                WHO,
                token_endpoint_auth_method=PUBLIC,
                application_type="native",
                secret_hash=None,
                redirect_uris=("http://127.0.0.1/callback",),
                scopes=(OFFLINE, *CREDENTIAL_SCOPES),
            )
        ),
    )
    return Wire(place)


@pytest.fixture
def folder(wire: Wire, tmp_path: Path) -> FolderWallet:
    root = wire.place.nation.root_sha256()
    wallet = Wallet(MemoryStorage(), Vault(b"v" * 32), wire)
    trust = TrustKeeper(web=wire, url=f"{ISSUER}/bundle", path=tmp_path / "bundle.cbor", root_sha256=root)
    return FolderWallet(wallet, SoftwareKeys(tmp_path / "keys"), trust, ISSUER, lambda: wire.place.now)


def change(place: Place, act: Callable[[Ports], Any]) -> Any:
    with stored(f"sqlite:///{place.nation.idp / 'idp.sqlite'}") as storage, storage.transaction() as ports:
        return act(ports)


def agree(place: Place, address: str) -> str:
    """The person signs in, shares, and is sent on: where to."""
    page = place.browser.open(address)
    assert "/consent/" in page.url, page.url
    form = page.form("share")
    name, value = form.buttons["share"]
    sent = {**dict(form.fields), **({name: value} if name else {})}
    answer = place.browser.client.post(form.action, data=sent, follow_redirects=False)
    while answer.headers.get("Location", "").startswith((ISSUER, "/")):
        answer = place.browser.client.get(httpx.URL(ISSUER).join(answer.headers["Location"]), follow_redirects=False)
    return str(answer.headers["Location"])


def signed_in(folder: FolderWallet, wire: Wire, wanted: str) -> tuple[Any, ClientCredentials]:
    if "/login/" in wire.place.browser.open(f"{ISSUER}/documents").url:
        wire.place.sign_in()
    with Loopback() as here, ThreadPoolExecutor(1) as pool:
        native = ClientCredentials(WHO, None, here.redirect_uri)

        def come_back(address: str, state: str) -> Mapping[str, str]:
            assert set(dict(parse_qsl(urlsplit(address).query))) == {"client_id", "request_uri"}
            going = pool.submit(httpx.get, agree(wire.place, address), trust_env=False)
            answer = here.wait(state, clock=lambda: int(time.time()))
            assert going.result().status_code == 200
            return answer

        return folder.ask(wanted, native, come_back), native


def held(place: Place, kind: str = "driving_licence") -> str:
    """That document of the person is looked at first."""
    from_offer = place.browser.submit(place.sign_in(), f"offer-{kind}")
    assert from_offer.status == 200
    made = change(place, lambda ports: ports.journal.read(kind="offer_made"))[0]
    document = str(made.details["document_id"])
    put = change(place, lambda ports: holds.review(ports, document_id=document, by="officer", now=place.now))
    assert isinstance(put, Hold)
    return document


def released(place: Place, document: str) -> None:
    change(place, lambda ports: holds.release(ports, document_id=document, by="officer", now=place.now))


def told(place: Place) -> list[str]:
    lines = change(place, lambda ports: ports.journal.read(kind="credential_notified"))
    return [line.details["event"] for line in lines]


def test_a_kind_by_signing_in(folder: FolderWallet, wire: Wire) -> None:
    done, _ = signed_in(folder, wire, "driving_licence")
    (document,) = done.documents
    assert (document.type, document.renewal) == ("driving_licence", None)
    assert len([copy for copy in document.copies if not copy.view]) == 2 * COPIES
    paths = [path for path, _, _ in wire.asked]
    assert paths[0] == "/par" and paths.count("/revoke") == 1, "the refresh token is given back"
    credential = next(headers for path, headers, _ in wire.asked if path == "/credential")
    assert credential["Authorization"].startswith("DPoP ") and credential["Content-Type"] == "application/jwt"
    assert told(wire.place) == ["credential_accepted"] * len(document.notifications)
    assert folder.qr_text("driving_licence")


def test_a_promise_outlives_its_access_token(folder: FolderWallet, wire: Wire) -> None:
    document = held(wire.place)
    done, native = signed_in(folder, wire, "driving_licence")
    (waiting,) = done.waiting
    assert done.documents == () and waiting.again_at == wire.place.now + 600
    wire.place.now += 600
    still = folder.ask_again(waiting, client=native)
    assert isinstance(still, Waiting)
    released(wire.place, document)
    wire.place.now += 86_400
    kept = folder.ask_again(still, client=native)
    assert isinstance(kept, Document) and kept.renewal is None
    assert set(told(wire.place)) == {"credential_accepted"} and folder.waiting() == ()


def test_an_offer_of_what_must_wait_gives_a_right_that_waits(folder: FolderWallet, wire: Wire) -> None:
    """By the pre-authorised code, with a key: §13.10 lets such a token live longer."""
    document = held(wire.place)
    page = wire.place.browser.submit(wire.place.browser.open(f"{ISSUER}/documents"), "offer-driving_licence")
    link, code = page["open-wallet-app"].attributes["href"], page["transaction-code"].attributes["data-code"]
    assert len(link) < 160, "by reference"
    (waiting,) = folder.take(link, transaction_code=code).waiting
    wire.place.now += 10 * pre_authorized.TOKEN_LIFETIME
    released(wire.place, document)
    assert deferred.LIFETIME > 10 * pre_authorized.TOKEN_LIFETIME
    kept = folder.ask_again(waiting)
    assert isinstance(kept, Document) and len(folder.documents()) == 1


def test_an_issuer_that_is_down_for_a_while(folder: FolderWallet, wire: Wire) -> None:
    document = held(wire.place)
    done, native = signed_in(folder, wire, "driving_licence")
    released(wire.place, document)
    wire.place.now += 600
    wire.down = {"/deferred_credential"}
    with pytest.raises(WalletError, match="issuer_unreachable"):
        folder.ask_again(done.waiting[0], client=native)
    wire.down = set()
    wire.place.now += 300
    assert isinstance(folder.ask_again(folder.waiting()[0], client=native), Document)


# --- the loopback address -------------------------------------------------------------------------------------------------------


def test_only_the_answer_to_its_state_ends_the_waiting() -> None:
    with Loopback() as here, ThreadPoolExecutor(1) as pool:
        assert here.redirect_uri.startswith("http://127.0.0.1:")
        waiting = pool.submit(here.wait, "the-state", clock=lambda: int(time.time()))
        for query in ("", "?state=another&code=x", "?state=the-state&state=the-state", "?state=", "?" + "x" * 5_000):
            assert httpx.get(here.redirect_uri + query, trust_env=False).status_code == 404
        elsewhere = here.redirect_uri.replace("/callback", "/")
        assert httpx.get(f"{elsewhere}?state=the-state&code=x", trust_env=False).status_code == 404
        assert not waiting.done()
        done = httpx.get(here.redirect_uri, params={"state": "the-state", "code": "c", "iss": "i"}, trust_env=False)
        assert done.status_code == 200 and done.headers["Cache-Control"] == "no-store" and "c" not in done.headers
        assert waiting.result() == {"state": "the-state", "code": "c", "iss": "i"}


def test_nobody_comes() -> None:
    seconds = iter((0, 0, PATIENCE))
    with Loopback() as here, pytest.raises(WalletError, match="asking_unknown"):
        here.timeout = 0.01
        here.wait("the-state", clock=lambda: next(seconds))
