"""The issuer's pages and addresses, through the real application on a small nation of its own."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import httpx
import pytest

from certs import bundle as bundles
from certs import delta, trust
from certs.catalogue import CATALOGUE
from certs.encoding import b64url_decode
from certs.formats import cwt, sd_jwt, type_metadata
from certs.keys import MemorySigner
from certs.proof import key_proof
from certs.status import read_cwt, read_jwt
from certs.trust import TrustStore
from idp import demo
from idp.app import create_app
from idp.config import Config
from idp.demo import Options
from idp.issuance.offer import GRANT_TYPE
from idp.nation import Nation
from idp.progress import Progress
from idp.registries.personas import persona
from idp.storage.tables import db
from tests.browser import Browser, Page

NOW = 1_790_000_000
ISSUER, WALLET = "http://localhost:5800", "http://localhost:5801"


@dataclass
class Place:
    nation: Nation
    browser: Browser
    now: int = NOW

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.browser.client.get(
            f"{ISSUER}{path}", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def post(self, path: str, **sent: object) -> httpx.Response:
        return self.browser.client.post(f"{ISSUER}{path}", **sent)  # type: ignore[arg-type]

    def sign_in(self, key: str = "minh-anh") -> Page:
        one = persona(key)
        page = self.browser.open(f"{ISSUER}/documents")
        return self.browser.submit(page, "sign-in", identifier=one.pid, password=one.password)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("issuance") / "nation"
    demo.prepare(Options(folder, 5800, 5801, 5802), now=NOW, progress=Progress(StringIO(), 8))
    return folder


@pytest.fixture
def place(built: Path, tmp_path: Path) -> Iterator[Place]:
    here = Nation(shutil.copytree(built, tmp_path / "nation"), ISSUER, WALLET, "http://localhost:5802")
    config = Config(
        issuer=ISSUER,
        data=here.idp,
        database_url=f"sqlite:///{here.idp / 'idp.sqlite'}",
        simulation=True,
        wallet_url=WALLET,
    )
    place = Place(here, Browser())
    app = create_app(config, clock=lambda: place.now)
    app.testing = True
    place.browser = Browser(transport=httpx.WSGITransport(app=app))
    yield place
    place.browser.client.close()
    with app.app_context():
        db.engine.dispose()


# --- the citizen's pages ----------------------------------------------------------------------------------------------


def test_documents_need_a_sign_in_and_come_back(place: Place) -> None:
    page = place.browser.open(f"{ISSUER}/documents")
    assert "/login/" in page.url
    page = place.sign_in()
    assert page.url == f"{ISSUER}/documents"
    assert {f"document-{kind}" for kind in ("driving_licence", "health_record", "citizen_identity")} <= set(page.ids)


def test_both_languages(place: Place) -> None:
    place.sign_in()
    for language, word, title in (
        ("vi", "Giấy tờ của tôi", "Giấy phép lái xe"),
        ("en", "My documents", "Driving licence"),
    ):
        page = place.browser.open(f"{ISSUER}/documents?lang={language}")
        assert word in page.response.text and title in page["document-driving_licence"].text


def test_an_offer_page(place: Place) -> None:
    page = place.browser.submit(place.sign_in(), "offer-driving_licence")
    assert page.status == 200
    code = page["transaction-code"]
    assert code.text == f"{code.attributes['data-code'][:3]} {code.attributes['data-code'][3:]}"
    assert page["open-wallet"].attributes["href"].startswith(f"{WALLET}/receive?credential_offer_uri=")
    assert page["open-wallet-app"].attributes["href"].startswith("openid-credential-offer://?credential_offer_uri=")
    assert "<svg" in page.response.text and "<?xml" not in page.response.text
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "unsafe" not in page.response.headers["Content-Security-Policy"]
    assert "style=" not in page.response.text


def test_an_offer_needs_the_form_of_our_own_page(place: Place) -> None:
    place.sign_in()
    answer = place.post("/documents/driving_licence/offer", data={"form_token": "0" * 64})
    assert answer.status_code == 403
    answer = place.post("/documents/driving_licence/offer", data={"other": "1"})
    assert answer.status_code == 403


def test_a_suspended_licence_has_no_button_and_cannot_be_forced(place: Place) -> None:
    page = place.sign_in("ngoc-diep")
    assert "offer-driving_licence" not in page.ids and "offer-health_record" in page.ids
    form = page.form("offer-health_record")
    # Its token is for another address, so that a form cannot be turned to another document either.
    forced = place.post("/documents/driving_licence/offer", data=dict(form.fields))
    assert forced.status_code == 403


def test_an_account_of_level_1_is_told_what_to_do(place: Place) -> None:
    page = place.sign_in("duc-hoa")
    assert not [form for form in page.forms if "/offer" in form.action]
    assert "mức 2" in page["document-driving_licence"].text


# --- the wallet's addresses -------------------------------------------------------------------------------------------


def _receive(place: Place) -> tuple[bytes, MemorySigner]:
    page = place.browser.submit(place.sign_in(), "offer-driving_licence")
    code = page["transaction-code"].attributes["data-code"]
    uri = httpx.URL(page["open-wallet"].attributes["href"]).params["credential_offer_uri"]
    offered = place.browser.client.get(uri)
    assert offered.headers["Content-Type"] == "application/json"
    grant = offered.json()["grants"][GRANT_TYPE]
    form = {"grant_type": GRANT_TYPE, "pre-authorized_code": grant["pre-authorized_code"], "tx_code": code}
    token = place.post("/token", data=form).json()["access_token"]
    assert place.browser.client.get(uri).status_code == 404  # used
    nonce = place.post("/nonce")
    assert nonce.headers["Cache-Control"] == "no-store"
    key = MemorySigner.generate()
    proof = key_proof(key, audience=ISSUER, nonce=nonce.json()["c_nonce"], now=place.now)
    body = {"credential_configuration_id": "driving_licence.licence", "proofs": {"jwt": [proof]}}
    answer = place.post("/credential", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return b64url_decode(answer.json()["credentials"][0]["credential"]), key


def test_a_credential_over_http(place: Place) -> None:
    credential, key = _receive(place)
    root = place.nation.root()
    listed = trust.read(place.get("/trust-list").text, (root,), now=NOW)
    verified = cwt.verify_issued(credential, trust=TrustStore((root,), listed), now=NOW)
    assert verified.claims["full_name"] == "Nguyễn Thị Minh Anh"
    assert verified.holder_thumbprint == key.public.thumbprint()


def test_a_full_status_list_is_followed_by_one_that_every_verifier_knows(place: Place) -> None:
    held = bundles.read(place.get("/bundle").content, now=NOW, root_sha256=place.nation.root_sha256())
    number = CATALOGUE["driving_licence"].code
    database = sqlite3.connect(place.nation.idp / "idp.sqlite")
    with closing(database), database:
        database.execute("UPDATE status_lists SET size = 1 WHERE number = ?", (number,))
        database.execute("INSERT INTO status_indexes (number, position) VALUES (?, 0)", (number,))
    credential, _ = _receive(place)
    contents = cwt.peek(credential)
    assert contents.status_uri == f"{ISSUER}/status-lists/{number + 1000}"
    assert held.statuses.check(contents.status_uri, contents.status_index, now=NOW)  # in the bundle before it was used
    listed = place.get("/status-lists").json()["status_lists"]
    assert f"{ISSUER}/status-lists/{number + 2000}" in listed  # and the next one is made already


def test_metadata(place: Place) -> None:
    answer = place.get("/.well-known/openid-credential-issuer")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["credential_issuer"] == ISSUER


def test_type_metadata_where_the_metadata_says_and_with_the_digest_that_credentials_carry(place: Place) -> None:
    offered = place.get("/.well-known/openid-credential-issuer").json()["credential_configurations_supported"]
    whole = [one for one in offered.values() if one["format"] == "dc+sd-jwt"]
    assert len(whole) == len(CATALOGUE)
    for one in whole:
        answer = place.get(one["type_metadata_uri"].removeprefix(ISSUER))
        assert answer.headers["Content-Type"] == "application/json" and answer.headers["ETag"]
        metadata = type_metadata.read(answer.content, vct=one["vct"], integrity=one["vct#integrity"])
        assert metadata["display"][0]["locale"] == "vi"


@pytest.mark.parametrize("vct", ["urn:vneid-reference:document:passport:1", "x", "driving_licence", "%00"])
def test_no_such_type(place: Place, vct: str) -> None:
    answer = place.get(f"/type-metadata/{vct}")
    assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/json"


def test_a_batch_over_http_and_who_saw_my_data(place: Place) -> None:
    page = place.browser.submit(place.sign_in(), "offer-driving_licence")
    code = page["transaction-code"].attributes["data-code"]
    uri = httpx.URL(page["open-wallet"].attributes["href"]).params["credential_offer_uri"]
    offered = place.browser.client.get(uri).json()
    assert {"driving_licence.sd_jwt", "driving_licence.mdoc"} < set(offered["credential_configuration_ids"])
    grant = offered["grants"][GRANT_TYPE]
    form = {"grant_type": GRANT_TYPE, "pre-authorized_code": grant["pre-authorized_code"], "tx_code": code}
    token = place.post("/token", data=form).json()["access_token"]
    nonce = place.post("/nonce").json()["c_nonce"]
    proofs = [key_proof(MemorySigner.generate(), audience=ISSUER, nonce=nonce, now=place.now) for _ in range(3)]
    body = {"credential_configuration_id": "driving_licence.sd_jwt", "proofs": {"jwt": proofs}}
    answer = place.post("/credential", json=body, headers={"Authorization": f"Bearer {token}"})
    copies = [each["credential"] for each in answer.json()["credentials"]]
    root = place.nation.root()
    store = TrustStore((root,), trust.read(place.get("/trust-list").text, (root,), now=NOW))
    names = {sd_jwt.verify_issued(copy, trust=store, now=NOW).claims["full_name"] for copy in copies}
    assert len(copies) == 3 and names == {"Nguyễn Thị Minh Anh"}
    told = place.browser.open(f"{ISSUER}/account/activity?lang=en").response.text
    assert "Driving licence (Whole, shown in parts (SD-JWT VC)) – 3 copies" in told
    assert "Place of residence" in told and "You fetched it yourself" in told


def test_credential_errors_are_json_and_challenge(place: Place) -> None:
    answer = place.post("/credential", json={})
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("offer_id", ["x", "A" * 43, "A" * 65, "%00", "../token"])
def test_unknown_offers(place: Place, offer_id: str) -> None:
    answer = place.get(f"/credential-offers/{offer_id}")
    assert answer.status_code in (404, 405)
    assert "Traceback" not in answer.text


def test_a_provider_without_its_keys_answers_503(place: Place) -> None:
    (place.nation.signers / "public-security.pem").unlink()
    config = Config(
        issuer=ISSUER,
        data=place.nation.idp,
        database_url=f"sqlite:///{place.nation.idp / 'idp.sqlite'}",
        simulation=True,
        wallet_url=WALLET,
    )
    app = create_app(config, clock=lambda: NOW)
    place.browser = Browser(transport=httpx.WSGITransport(app=app))
    with pytest.raises(AssertionError, match="temporarily_unavailable"):
        _receive(place)
    with app.app_context():
        db.engine.dispose()


# --- what verifiers fetch ---------------------------------------------------------------------------------------------


def test_status_lists_in_both_forms(place: Place) -> None:
    uri, root = f"{ISSUER}/status-lists/2", place.nation.root()
    as_cwt = place.get("/status-lists/2", Accept="application/statuslist+cwt")
    assert as_cwt.headers["Content-Type"] == "application/statuslist+cwt"
    assert "Content-Encoding" not in as_cwt.headers
    of_cwt = read_cwt(as_cwt.content, uri=uri, anchors=(root,), now=NOW)
    as_jwt = place.get("/status-lists/2", Accept="application/statuslist+jwt")
    assert as_jwt.headers["Content-Type"] == "application/statuslist+jwt"
    assert as_jwt.headers["Content-Encoding"] == "gzip"  # §8.2
    of_jwt = read_jwt(as_jwt.text, uri=uri, anchors=(root,), now=NOW)
    assert of_cwt.bits == of_jwt.bits == 2 and of_cwt.data == of_jwt.data
    assert len(of_cwt) == len(of_jwt) == of_cwt.size == of_jwt.size == len(of_cwt.data) * 4 == 1 << 20
    assert of_cwt.aggregation == of_jwt.aggregation == f"{ISSUER}/status-lists"
    assert as_cwt.headers["Vary"] == as_jwt.headers["Vary"] == "Accept, Accept-Encoding"
    assert as_cwt.headers["Cache-Control"].startswith("public, max-age=")
    plain = place.get("/status-lists/2", Accept="application/statuslist+jwt", Accept_Encoding="gzip;q=0, identity")
    assert "Content-Encoding" not in plain.headers and plain.text == as_jwt.text
    assert plain.headers["ETag"] != as_jwt.headers["ETag"]  # RFC 9110 §8.8.3.3
    assert as_cwt.headers["Access-Control-Allow-Origin"] == "*"  # §8.1


def test_all_lists_are_named_in_one_place(place: Place) -> None:
    """§9.1, §9.2, §9.3."""
    told = place.get("/.well-known/oauth-authorization-server").json()["status_list_aggregation_endpoint"]
    assert told == f"{ISSUER}/status-lists"
    answer = place.get("/status-lists")
    assert answer.headers["Content-Type"] == "application/json"
    (named,) = answer.json().values()
    held = bundles.read(place.get("/bundle").content, now=NOW, root_sha256=place.nation.root_sha256())
    assert sorted(named) == sorted(one.uri for one in held.statuses)
    for uri in named:
        read_cwt(place.get(uri.removeprefix(ISSUER)).content, uri=uri, anchors=(place.nation.root(),), now=NOW)


@pytest.mark.parametrize("time", ["1686925000", str(NOW), "", "x", "-1"])
def test_no_history_is_told(place: Place, time: str) -> None:
    """§8.4: not implemented; §12.7 advises against it."""
    assert place.get(f"/status-lists/2?time={time}").status_code == 501


@pytest.mark.parametrize("path", ["/status-lists/0", "/status-lists/999", "/status-lists/-1", "/status-lists/x"])
def test_no_such_list(place: Place, path: str) -> None:
    answer = place.get(path)
    assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/bundle", "/trust-list", "/status-lists/1"])
def test_an_unchanged_publication_costs_no_bytes(place: Place, path: str) -> None:
    first = place.get(path)
    again = place.get(path, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_the_bundle_over_http(place: Place) -> None:
    answer = place.get("/bundle")
    assert answer.headers["Content-Type"] == "application/cose"
    held = bundles.read(answer.content, now=NOW, root_sha256=place.nation.root_sha256())
    assert answer.content == place.nation.bundle.read_bytes()  # the verifier's first one: one sequence, one bundle
    place.now += 400
    newer = bundles.update(held, place.get("/bundle").content, now=place.now)
    assert newer.sequence == held.sequence + 1


def test_what_changed_in_the_bundle_over_http(place: Place) -> None:
    held = bundles.read(place.get("/bundle").content, now=NOW, root_sha256=place.nation.root_sha256())
    place.now += 400
    answer = place.get(f"/bundle?from={held.sequence}")
    whole = place.get("/bundle").content
    assert delta.is_delta(answer.content) and len(answer.content) < len(whole) / 4
    assert delta.update(held, answer.content, now=place.now).raw == whole
    for unknown in ("0", "999999", str(held.sequence + 1), "", "x", "-1", "٣", "1" * 19):
        assert place.get(f"/bundle?from={unknown}").content == whole


def test_revocation_lists_of_certificates(place: Place) -> None:
    folder = place.nation.idp / "crls"
    there = sorted(path.stem for path in folder.iterdir()) if folder.is_dir() else []
    for name in there:
        answer = place.get(f"/crls/{name}.crl")
        assert answer.headers["Content-Type"] == "application/pkix-crl"
    for name in ("nobody", "..%2froot", "%2e%2e", "root.der"):
        assert place.get(f"/crls/{name}.crl").status_code == 404


def test_the_journal_never_holds_a_number_or_code(place: Place) -> None:
    _receive(place)
    with demo._storage(place.nation) as storage, storage.reading() as ports:
        text = repr(ports.journal.read())
    assert "999196000346" not in text
    assert "credential_issued" in text
