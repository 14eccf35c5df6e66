"""An issuer and a wallet that are not ours: npm `@openid4vc/openid4vci`, unmodified, issues to our holder, and receives from our
provider.

Spec: OpenID4VCI 1.0 §4.1.2, §4.1.3, §6, §7, §8, §9, §11, Appendix A.3. What it issues is signed by npm `@sd-jwt/sd-jwt-vc` with the
key of a test authority; what either side holds in the end is verified by our floor.
"""

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.catalogue import document_type
from certs.encoding import json_encode
from certs.fetch import FetchError, Response
from certs.formats import Expected, sd_jwt, type_metadata
from certs.keys import MemorySigner
from idp.issuance import holds
from idp.model import Hold
from idp.storage.place import opened as stored
from tests.certs.formats.test_sd_jwt_peer import private
from tests.idp.issuance.test_web import Place, built, place
from tests.peers import NODE
from tests.wallet.issuer import TX_CODE
from tests.world import DAY, PID, RECORDS, URI, World
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.formats import SD_JWT
from wallet.keys import SoftwareKeys
from wallet.model import Document
from wallet.receive import COPIES
from wallet.storage.memory import MemoryStorage
from wallet.trust import TrustKeeper
from wallet.vault import Vault
from wallet.wallet import Wallet

__all__ = ["built", "place"]

FOLDER = Path(__file__).parent.parent / "node"
THEIRS = "https://issuer.example.vn"
CONFIGURATION = "their_licence"


class Peer:
    """The library's process, and one JSON line each way."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            [NODE, "openid4vci.mjs", json.dumps(told)],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, value: Any) -> None:
        pipe: IO[str] | None = self._process.stdin
        assert pipe is not None
        pipe.write(json.dumps(value) + "\n")
        pipe.flush()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the library's process has ended"
        found = json.loads(line)
        assert isinstance(found, dict) and "failed" not in found, found
        return found

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


@contextmanager
def library(told: Mapping[str, Any]) -> Iterator[Peer]:
    peer = Peer(told)
    try:
        yield peer
    finally:
        peer.close()


# --- it issues to our holder ------------------------------------------------------------------------------------------------


class Theirs:
    """Implements `wallet.ports.Web`: the bundle comes from the nation, everything else from the library."""

    def __init__(self, world: World, peer: Peer) -> None:
        self._world, self._peer = world, peer
        self.asked: list[tuple[str, str]] = []

    def get(self, url: str, *, accept: str = "*/*", size_limit: int = 0) -> Response:
        if url == f"{THEIRS}/bundle":
            return Response(200, {}, self._world.bundle())
        return self._send("GET", url, {"Accept": accept}, "")

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        jwt: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        assert jwt is None, "it announced no encryption"
        if form is not None:
            return self._send("POST", url, {**(headers or {})}, urlencode(form))
        return self._send("POST", url, {**(headers or {})}, "" if json is None else json_encode(json).decode())

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: str) -> Response:
        if not url.startswith(THEIRS):
            raise FetchError("unreachable", url)
        self.asked.append((method, url.removeprefix(THEIRS)))
        self._peer.say({"method": method, "url": url, "headers": dict(headers), "body": body})
        answer = self._peer.hear()
        return Response(answer["status"], answer["headers"], answer["body"].encode())


def told(world: World, **more: Any) -> dict[str, Any]:
    kind = document_type("driving_licence")
    authority = kind.issuers[-1].authority
    desk, own = world.issuers[authority], MemorySigner.generate()
    begin = {"vct": type_metadata.type_of(kind), "iss": authority, "iat": world.now - 60, "exp": world.now + DAY}
    payloads = [{**begin, "status": {"status_list": {"idx": 100 + at, "uri": URI}}} for at in range(COPIES)]
    return {
        "role": "issuer",
        "now": world.now,
        "issuer": THEIRS,
        "configuration": CONFIGURATION,
        "payloads": payloads,
        "record": RECORDS["driving_licence"],
        "authority": private(desk.signer),
        "x5c": [base64.b64encode(desk.certificate.public_bytes(Encoding.DER)).decode()],
        "private": private(own),
        "public": own.public.bare_jwk(),
        **more,
    }


def holder(world: World, web: Theirs, home: Path) -> FolderWallet:
    wallet = Wallet(MemoryStorage(), Vault(b"v" * 32), web)
    trust = TrustKeeper(web=web, url=f"{THEIRS}/bundle", path=home / "bundle.cbor", root_sha256=world.root_sha256)
    return FolderWallet(wallet, SoftwareKeys(home / "keys"), trust, THEIRS, lambda: world.now)


@pytest.mark.parametrize("by_reference", [False, True], ids=["by value", "by reference"])
def test_it_issues_a_batch_to_our_holder(world: World, tmp_path: Path, by_reference: bool) -> None:
    with library(told(world, by_reference=by_reference)) as peer:
        link = peer.hear()["link"]
        assert ("credential_offer_uri=" in link) == by_reference
        web = Theirs(world, peer)
        folder = holder(world, web, tmp_path)
        (document,) = folder.receive(link, transaction_code=TX_CODE, pid=PID)
        assert web.asked.count(("POST", "/notification")) == 1
        assert (("GET", "/offers/1") in web.asked) == by_reference
    assert [copy.format for copy in document.copies] == [SD_JWT] * COPIES
    assert len({copy.thumbprint for copy in document.copies}) == COPIES
    assert document.notifications == ("about-1",)
    shown = folder.present("driving_licence", format=SD_JWT, claims=["full_name"], audience="bank", nonce="n-1")
    held, expected = folder.trust.current(now=world.now), Expected(audience="bank", challenge=b"n-1")
    verified = sd_jwt.verify(shown.decode(), trust=held.trust, statuses=held.statuses, now=world.now, expected=expected)
    assert verified.claims == {"full_name": RECORDS["driving_licence"]["full_name"]}


def test_it_gives_later_and_our_holder_waits(world: World, tmp_path: Path) -> None:
    with library(told(world, deferred=True)) as peer:
        web = Theirs(world, peer)
        link = peer.hear()["link"]
        folder = holder(world, web, tmp_path)
        (waiting,) = folder.take(link, transaction_code=TX_CODE, pid=PID).waiting
        assert waiting.again_at == world.now + 60
        world.now += 60
        document = folder.ask_again(waiting)
        assert isinstance(document, Document) and len(document.copies) == COPIES
        assert web.asked[-1] == ("POST", "/deferred_credential")


def test_what_it_binds_to_another_key_is_not_kept(world: World, tmp_path: Path) -> None:
    with library(told(world, foreign_key=True)) as peer:
        link = peer.hear()["link"]
        folder = holder(world, Theirs(world, peer), tmp_path)
        with pytest.raises(WalletError, match="not_my_key"):
            folder.receive(link, transaction_code=TX_CODE, pid=PID)
        assert folder.documents() == ()


def test_its_wrong_transaction_code_is_told_as_one(world: World, tmp_path: Path) -> None:
    with library(told(world)) as peer:
        link = peer.hear()["link"]
        folder = holder(world, Theirs(world, peer), tmp_path)
        with pytest.raises(WalletError, match="transaction_code_wrong"):
            folder.receive(link, transaction_code="000000", pid=PID)


# --- it receives from our provider --------------------------------------------------------------------------------------------


def answered(place: Place, asked: Mapping[str, Any]) -> dict[str, Any]:
    request = {"headers": asked["headers"], "content": asked["body"] or b""}
    answer = place.browser.client.request(asked["method"], asked["url"], **request)
    body = answer.text
    if asked["url"].endswith("/deferred_credential") and answer.status_code == 200:
        # By a slip 0.4.6 refuses such an answer when it names a notification (§9.2: it MAY).
        body = json.dumps({"credentials": answer.json()["credentials"]})
    return {
        "status": answer.status_code,
        "headers": {"content-type": answer.headers.get("content-type", "")},
        "body": body,
    }


@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
def test_it_receives_from_our_provider(place: Place, later: bool) -> None:
    page = place.browser.submit(place.sign_in(), "offer-driving_licence")
    link, code = page["open-wallet-app"].attributes["href"], page["transaction-code"].attributes["data-code"]
    url, key = f"sqlite:///{place.nation.idp / 'idp.sqlite'}", MemorySigner.generate()
    if later:
        with stored(url) as storage, storage.transaction() as ports:
            (made,) = ports.journal.read(kind="offer_made")
            document = str(made.details["document_id"])
            assert isinstance(holds.review(ports, document_id=document, by="officer", now=place.now), Hold)
    asked = {
        "role": "wallet",
        "now": place.now,
        "link": link,
        "tx_code": code,
        "configuration": "driving_licence.sd_jwt",
        "private": private(key),
        "public": key.public.bare_jwk(),
    }
    with library(asked) as peer:
        while "done" not in (said := peer.hear()):
            if "released" in said:
                with stored(url) as storage, storage.transaction() as ports:
                    holds.release(ports, document_id=document, by="officer", now=place.now)
                peer.say({})
            else:
                peer.say(answered(place, said))
    done = said["done"]
    assert done["version"] == "V1" and "driving_licence.licence" in done["configurations"]
    assert done["promise"] == ({"interval": 600, "still": True} if later else None)
    (credential,) = done["credentials"]
    assert sd_jwt.peek(credential).claims["personal_identification_number"]
    with stored(url) as storage, storage.reading() as ports:
        lines = ports.journal.read(kind="credential_notified")
    assert [line.details["event"] for line in lines] == ([] if later else ["credential_accepted"])
