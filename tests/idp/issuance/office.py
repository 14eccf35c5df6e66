"""A small issuing state in memory: a root, all signers, a trust list, three people with documents and accounts."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography import x509

from certs import trust
from certs.authority import Authority
from certs.catalogue import AUTHORITIES, CATALOGUE
from certs.encoding import b64url_decode
from certs.formats import cwt, mdoc, sd_jwt
from certs.keys import MemorySigner, Signer
from certs.proof import key_proof
from certs.trust import Service, TrustList, TrustStore
from certs.x509 import Usage
from idp.issuance import credential, deferred, nonce, notification, offer, pre_authorized, status
from idp.issuance.configurations import Format, find
from idp.issuance.publication import Files, Publisher
from idp.issuance.signers import BUNDLE, STATUS, CertifiedSigner, Signers
from idp.model import Account, Address, Document, Person
from idp.oidc import token as token_endpoint
from idp.oidc.context import Context
from idp.oidc.request import FORM, Parameters, Request, Response
from idp.oidc.secrets import new_secret
from idp.ports import Storage
from idp.storage.memory import MemoryStorage

NOW = 1_790_000_000  # 21 September 2026
ISSUER = "http://localhost:5000"
LICENCE = {
    "personal_identification_number": "999190000011",
    "full_name": "Nguyễn Thị Hoà",
    "birth_date": "1990-05-01",
    "nationality": "VN",
    "residence": "12 Lê Lợi, phường Bến Thành, Thành phố Hồ Chí Minh",
    "age_over_18": True,
    "licence_number": "790211234567",
    "classes": [{"class": "B", "issued": "2021-03-01", "expires": "2031-03-01"}],
    "points": 12,
    "issued_on": "2021-03-01",
}
HEALTH = {
    "personal_identification_number": "999190000011",
    "full_name": "Nguyễn Thị Hoà",
    "birth_date": "1990-05-01",
    "sex": "female",
    "health_insurance_number": "DN4790000000011",
    "first_facility": "Bệnh viện mô phỏng số 1",
    "insurance_until": "2027-12-31",
    "allergies": ["Penicillin"],
    "conditions": [],
    "vaccinations": ["Viêm gan B"],
}


@dataclass
class Office:
    storage: Storage
    context: Context
    signers: Signers
    root: x509.Certificate
    trust: TrustStore
    publisher: Publisher
    folder: Path
    authority: Authority
    now: int = NOW
    wallet_keys: list[Signer] = field(default_factory=list)

    def offer(self, kind: str = "driving_licence", account: str = "account-1") -> offer.Offer:
        with self.storage.transaction() as ports:
            made = offer.create(ports, account_id=account, kind=kind, now=self.now)
        assert isinstance(made, offer.Offer), made
        return made

    def redeem(self, code: str, tx_code: str | None) -> Response:
        form = {"grant_type": offer.GRANT_TYPE, "pre-authorized_code": code}
        if tx_code is not None:
            form["tx_code"] = tx_code
        parameters = Parameters.parse(urlencode(form).encode())
        request = Request("POST", form=parameters, media_type=FORM)
        with self.storage.transaction() as ports:
            return token_endpoint.respond(request, ports, self.context, self.now)

    def token(self, kind: str = "driving_licence", account: str = "account-1") -> str:
        made = self.offer(kind, account)
        return str(body(self.redeem(offer.code_of(made.offer_id), made.tx_code))["access_token"])

    def nonce(self) -> str:
        with self.storage.transaction() as ports:
            return str(nonce.issue(ports.ephemeral, now=self.now)["c_nonce"])

    def proof(self, *, key: Signer | None = None, value: str | None = None, audience: str = ISSUER) -> str:
        signer = key or MemorySigner.generate()
        return key_proof(signer, audience=audience, nonce=self.nonce() if value is None else value, now=self.now)

    def ask(
        self,
        token: str | None,
        content: object,
        *,
        media_type: str = "application/json",
        signers: Signers | None = None,
    ) -> Response:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        request = Request("POST", headers=headers, media_type=media_type, body=data)
        return credential.respond(
            self.storage, request, context=self.context, signers=signers or self.signers, now=self.now
        )

    def deferred(self, token: str, transaction: str, *, signers: Signers | None = None) -> Response:
        """The deferred credential endpoint, asked in clear."""
        return self.post(
            token, {"transaction_id": transaction}, at=partial(deferred.respond, signers=signers or self.signers)
        )

    def notify(self, token: str, content: object) -> Response:
        return self.post(token, content, at=notification.respond)

    def post(self, token: str | None, content: object, *, at: Callable[..., Response]) -> Response:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        request = Request("POST", headers=headers, media_type="application/json", body=data)
        return at(self.storage, request, context=self.context, now=self.now)

    def request(self, *proofs: str, configuration: str = "driving_licence.licence") -> dict[str, Any]:
        return {"credential_configuration_id": configuration, "proofs": {"jwt": list(proofs)}}

    def receive(self, key: Signer, configuration: str = "driving_licence.licence", token: str | None = None) -> bytes:
        """One view for the QR."""
        (only,) = self.copies([key], configuration, token)
        return b64url_decode(only)

    def copies(
        self,
        keys: Sequence[Signer],
        configuration: str,
        token: str | None = None,
        *,
        account: str = "account-1",
        signers: Signers | None = None,
    ) -> list[str]:
        """A copy for each key, as it stands in the response; the proofs share a nonce."""
        token = token or self.token(configuration.partition(".")[0], account)
        value = self.nonce()
        proofs = [self.proof(key=key, value=value) for key in keys]
        answer = self.ask(token, self.request(*proofs, configuration=configuration), signers=signers)
        assert answer.status == 200, answer.body
        return [each["credential"] for each in body(answer)["credentials"]]

    def kinds(self) -> list[str]:
        """What the journal holds, oldest first."""
        with self.storage.reading() as ports:
            return [event.kind for event in reversed(ports.journal.read())]

    def change_person(self, **values: Any) -> None:
        with self.storage.transaction() as ports:
            person = ports.population.get("person-1")
            assert person is not None
            ports.population.update(replace(person, **values))


def placed(configuration: str, copy: str) -> tuple[int, int]:
    """List and index in the status lists, as a copy of this configuration tells them."""
    found = find(configuration)
    assert found is not None
    if found.format is Format.SD_JWT:
        contents: Any = sd_jwt.peek(copy)
        uri, index = contents.status_uri, contents.status_index
    elif found.format is Format.MDOC:
        uri, index = mdoc.peek(b64url_decode(copy)).status or ("", -1)
    else:
        contents = cwt.peek(b64url_decode(copy))
        uri, index = contents.status_uri, contents.status_index
    return int(uri.rpartition("/")[2]), index


def body(response: Response) -> dict[str, Any]:
    content = json.loads(response.body)
    assert isinstance(content, dict)
    return content


def build(folder: Path, storage: Storage | None = None) -> Office:
    folder.mkdir(exist_ok=True)
    storage = storage or MemoryStorage()
    root = Authority.create("Test root", now=NOW - 86400)
    held = {}
    for name in AUTHORITIES:
        held[name] = _certified(root, name, Usage.DOCUMENT_SIGNER)
    held[STATUS] = _certified(root, "status", Usage.STATUS_SIGNER)
    held[BUNDLE] = _certified(root, "bundle", Usage.BUNDLE_SIGNER)
    signers = Signers(held)
    operator = _certified(root, "trust list", Usage.TRUST_LIST_SIGNER)
    services = tuple(
        Service(
            issuer.authority, AUTHORITIES[issuer.authority].name, kind.name, (held[issuer.authority].certificate,), 1
        )
        for kind in CATALOGUE.values()
        for issuer in kind.issuers
        if issuer.until is None
    )
    token = trust.sign(TrustList(1, NOW, NOW + 30 * 86400, services), operator.signer, (operator.certificate,))
    (folder / "trust-list.jwt").write_text(token)
    store = TrustStore((root.certificate,), trust.read(token, (root.certificate,), now=NOW))
    context = Context(
        issuer=ISSUER,
        signers={},
        grants={offer.GRANT_TYPE: pre_authorized.redeem},
        subject_key=b"k" * 32,
        nonce_key=b"n" * 32,
        new_secret=new_secret,
    )
    _populate(storage)
    publisher = Publisher(storage, issuer=ISSUER, signers=signers, root=root.certificate, files=Files.of(folder))
    return Office(storage, context, signers, root.certificate, store, publisher, folder, root)


def _certified(root: Authority, name: str, usage: Usage) -> CertifiedSigner:
    key = MemorySigner.generate()
    return CertifiedSigner(key, root.issue(f"Test {name}", key.public, usage, now=NOW - 3600))


def _populate(storage: Storage) -> None:
    with storage.transaction() as ports:
        status.create_lists(ports.statuses)
        for number in (1, 2, 3):
            person_id = f"person-{number}"
            residence = Address("12 Lê Lợi", "Phường Bến Thành", "Thành phố Hồ Chí Minh")
            person = Person(
                person_id,
                f"99919000001{number}",
                "Nguyễn Thị Hoà",
                "1990-05-01",
                "female",
                "VN",
                residence,
                "Thành phố Hồ Chí Minh",
            )
            ports.population.add([person])
            level = 1 if number == 2 else 2
            ports.accounts.add(
                Account(f"account-{number}", person_id, level, f"+8490000000{number}", None, "no password")
            )
            ports.documents.add(
                [
                    Document(f"licence-{number}", person_id, "driving_licence", LICENCE, valid_until="2031-03-01"),
                    Document(f"health-{number}", person_id, "health_record", HEALTH),
                ]
            )
