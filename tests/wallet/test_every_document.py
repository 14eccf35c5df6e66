"""Every kind of document, from its register through offer and wallet to the verdict, in all three formats.

The registers are those of a synthetic nation, the issuer is the provider's own code, the holder a wallet with software keys.

Spec: OpenID4VCI 1.0 §4, §6 to §8; RFC 9901 §7.3 (verification); ISO/IEC 18013-5 §9.3
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from certs import bundle as bundles
from certs import qr
from certs.bundle import Bundle, fingerprint
from certs.catalogue import CATALOGUE
from certs.fetch import Response
from certs.formats import Expected, Verified, cwt, mdoc, sd_jwt
from certs.formats.session_transcript import redirect
from idp.issuance import offer
from idp.issuance.configurations import Format, of
from idp.issuance.entitlement import as_of
from idp.issuance.metadata import issuer_metadata
from idp.login.standing import today
from idp.model import Account, Document, DocumentState, Person
from idp.oidc.request import Response as Answer
from idp.registries.records import documents
from idp.registries.synthetic import current_people
from tests.idp.issuance.office import ISSUER, NOW, Office, build
from wallet.folder import FolderWallet
from wallet.keys import SoftwareKeys
from wallet.model import Copy
from wallet.present import mdoc_response, sd_jwt_text
from wallet.receive import COPIES
from wallet.storage.memory import MemoryStorage
from wallet.trust import TrustKeeper
from wallet.vault import Vault
from wallet.wallet import Wallet

SEED, DAY = 7, today(NOW)
OF_EACH = 2  # people
AUDIENCE, NONCE = "x509_san_dns:bank.example.vn", "n-0S6_WzA2Mj"


@dataclass
class Wire:
    """Implements `wallet.ports.Web` on the provider's functions."""

    office: Office

    def get(self, url: str, *, accept: str = "*/*", size_limit: int = 0) -> Response:
        path = url.removeprefix(ISSUER)
        if path == "/bundle":
            return Response(200, {}, self.office.publisher.bundle(now=self.office.now).body)
        if path == "/.well-known/openid-credential-issuer":
            return _json(issuer_metadata(ISSUER))
        if path == "/.well-known/oauth-authorization-server":
            return _json({"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"})
        with self.office.storage.reading() as ports:
            identifier = path.removeprefix("/credential-offers/")
            found = offer.published(ports, issuer=ISSUER, offer_id=identifier, language="vi", now=self.office.now)
        return _json(found) if found else Response(404, {}, b"{}")

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
        if path == "/token":
            sent = form or {}
            return _told(self.office.redeem(sent["pre-authorized_code"], sent.get("tx_code")))
        if path == "/nonce":
            return _json({"c_nonce": self.office.nonce()})
        token = (headers or {})["Authorization"].removeprefix("Bearer ")
        if path == "/notification":
            return _told(self.office.notify(token, dict(json or {})))
        return _told(self.office.ask(token, dict(json or {})))


def _json(value: Any) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(value).encode())


def _told(answer: Answer) -> Response:
    return Response(answer.status, {}, answer.body)


# --- who has what -----------------------------------------------------------------------------------------------------


def _holders() -> Iterator[tuple[Person, Document]]:
    """The first living people of a synthetic nation for each kind; the same ones at each run."""
    wanted = Counter(dict.fromkeys(CATALOGUE, OF_EACH))
    for person in islice(current_people(SEED, 20_000, DAY), 20_000):
        if not any(wanted.values()):
            return
        if person.deceased_on or person.locked:
            continue
        for held in documents(person, seed=SEED, today=DAY):
            good = held.state is DocumentState.VALID and (held.valid_until or "9999") > DAY.isoformat()
            if wanted[held.type] > 0 and good:
                wanted[held.type] -= 1
                yield person, held


HOLDERS = list(_holders())
each_document = pytest.mark.parametrize(
    ("person", "document"), HOLDERS, ids=[f"{held.type}-{number % OF_EACH}" for number, (_, held) in enumerate(HOLDERS)]
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = build(tmp_path_factory.mktemp("office"))
    with made.storage.transaction() as ports:
        people = {person.person_id: person for person, _ in HOLDERS}
        ports.population.add(people.values())
        for number, person_id in enumerate(people):
            phone = f"+8498{number:07}"
            ports.accounts.add(Account(person_id, person_id, 2, phone, None, "no password", created_at=NOW))
        ports.documents.add({held.document_id: held for _, held in HOLDERS}.values())
    return made


@pytest.fixture
def folder(office: Office, tmp_path: Path) -> FolderWallet:
    wire = Wire(office)
    wallet = Wallet(MemoryStorage(), Vault(bytes(32)), wire)
    trust = TrustKeeper(
        web=wire, url=f"{ISSUER}/bundle", path=tmp_path / "bundle.cbor", root_sha256=fingerprint(office.root)
    )
    return FolderWallet(wallet, SoftwareKeys(tmp_path / "keys"), trust, ISSUER, lambda: office.now)


def test_every_kind_is_walked() -> None:
    assert Counter(held.type for _, held in HOLDERS) == dict.fromkeys(CATALOGUE, OF_EACH)


@each_document
def test_register_offer_wallet_verdict(
    office: Office, folder: FolderWallet, person: Person, document: Document
) -> None:
    kind = CATALOGUE[document.type]
    made = office.offer(kind.name, person.person_id)
    link = "openid-credential-offer://?" + urlencode({"credential_offer_uri": offer.uri(ISSUER, made.offer_id)})
    (kept,) = folder.receive(link, transaction_code=made.tx_code, pid=person.pid)
    assert folder.documents() == (kept,) and kept.type == kind.name
    record = as_of(document, kind, person, day=DAY)
    fits = {each.id for each in of(kind) if each.fits(record)}
    assert {copy.configuration for copy in kept.copies} == fits
    formats = Counter(copy.format for copy in kept.copies)
    assert formats[Format.SD_JWT] == formats[Format.MDOC] == COPIES and Format.QR in formats
    assert len({copy.thumbprint for copy in kept.copies}) == len(kept.copies)
    bundle = bundles.read(
        office.publisher.bundle(now=office.now).body, now=office.now, root_sha256=fingerprint(office.root)
    )
    whole = {name: value for name, value in record.items() if value is not None}
    for copy in kept.copies:
        found = _shown(copy, folder, bundle, now=office.now)
        assert (found.document, found.holder_bound, found.issuer) == (kind.name, True, kind.issuer_on(DAY))
        told = kind.view(copy.view).fields if copy.view else [field.name for field in kind.fields]
        assert found.claims == {name: whole[name] for name in told if name in whole}, copy.configuration


def _shown(copy: Copy, folder: FolderWallet, bundle: Bundle, *, now: int) -> Verified:
    """Everything that the copy can tell, shown to a verifier who was asked for and names a nonce."""
    signer = folder.keys.find(copy.thumbprint).signer
    believed: dict[str, Any] = {"trust": bundle.trust, "statuses": bundle.statuses, "now": now}
    if copy.format == Format.QR:
        text = qr.to_text(folder.keys.find(copy.thumbprint).holder_proof(copy.credential, now=now))
        return cwt.verify(qr.from_text(text), **believed, expected=Expected())
    expected = Expected(audience=AUDIENCE, challenge=NONCE.encode())
    if copy.format == Format.SD_JWT:
        names = sd_jwt.peek(copy.credential.decode()).claims
        shown = sd_jwt_text(copy, signer, disclose=names, audience=AUDIENCE, nonce=NONCE, now=now)
        return sd_jwt.verify(shown, **believed, expected=expected)
    transcript = redirect(
        client_id=AUDIENCE, nonce=NONCE, response_uri="https://bank.example.vn/answer", thumbprint=None
    )
    response = mdoc_response(copy, signer, elements=mdoc.peek(copy.credential).elements, transcript=transcript)
    return mdoc.verify(response, transcript=transcript, **believed, expected=expected)


def test_a_key_of_another_copy_shows_nothing(office: Office, folder: FolderWallet) -> None:
    person, document = next(each for each in HOLDERS if each[1].type == "driving_licence")
    made = office.offer(document.type, person.person_id)
    link = "openid-credential-offer://?" + urlencode({"credential_offer_uri": offer.uri(ISSUER, made.offer_id)})
    (kept,) = folder.receive(link, transaction_code=made.tx_code)
    one, other, *_ = (copy for copy in kept.copies if copy.format == Format.SD_JWT)
    with pytest.raises(Exception, match="key_elsewhere"):
        signer = folder.keys.find(other.thumbprint).signer
        sd_jwt_text(one, signer, disclose=["full_name"], audience=AUDIENCE, nonce=NONCE, now=office.now)
