"""A nation in memory: root, authorities, trust list, status lists, bundles, people's keys; and its mistakes on purpose.

Everything is real but the sockets and the clock: the signatures, the certificates, the QR texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from certs import bundle as bundles
from certs import cbor, cose, qr, status, trust
from certs.authority import Authority
from certs.bundle import Bundle
from certs.catalogue import AUTHORITIES, CATALOGUE, document_type
from certs.formats import cwt
from certs.keys import MemorySigner, Signer
from certs.status import Status, StatusList
from certs.trust import Reader, Service, TrustList
from certs.x509 import Usage, key_id
from tests.certs import samples

NOW = int(datetime(2026, 3, 2, 8, 0, tzinfo=UTC).timestamp())  # a Monday, after every right to issue began
DAY = 86_400
URI = "http://localhost:5000/status-lists/1"
LIST_SIZE = 1024
MISSING = object()  # in `issue_with`: leave this key out

PID = "999203001234"  # prefix 999 is nobody's
RECORDS: Mapping[str, dict[str, Any]] = {
    "driving_licence": {
        "personal_identification_number": PID,
        "full_name": "Nguyễn Thị Thuỳ Dương",
        "birth_date": "2003-05-09",
        "nationality": "Việt Nam",
        "residence": "12 Ngõ Huế, Phường Cửa Nam, Thành phố Hà Nội",
        "age_over_18": True,
        "licence_number": "012345678901",
        "classes": [
            {"class": "A1", "issued": "2021-06-01", "expires": None},
            {"class": "B", "issued": "2025-03-10", "expires": "2035-03-10"},
        ],
        "points": 12,
        "issued_on": "2025-03-10",
    },
    "health_record": {
        "personal_identification_number": PID,
        "full_name": "Nguyễn Thị Thuỳ Dương",
        "birth_date": "2003",
        "sex": "female",
        "health_insurance_number": "DN4011234567890",
        "first_facility": "Bệnh viện Đa khoa Đống Đa",
        "insurance_until": "2026-12-31",
        "blood_group": "O+",
        "allergies": ["Penicillin"],
        "conditions": [],
        "vaccinations": ["Sởi", "Uốn ván"],
        "last_visit": "2026-01-15",
    },
    "citizen_identity": {
        "personal_identification_number": PID,
        "full_name": "Nguyễn Thị Thuỳ Dương",
        "birth_date": "2003-05-09",
        "sex": "female",
        "nationality": "Việt Nam",
        "residence": "12 Ngõ Huế, Phường Cửa Nam, Thành phố Hà Nội",
        "age_over_18": True,
        "place_of_birth": "Hà Nội",
        "valid_from": "2024-08-01",
        "valid_until": None,
    },
    "health_insurance_card": {
        "personal_identification_number": PID,
        "full_name": "Nguyễn Thị Thuỳ Dương",
        "birth_date": "2003-05-09",
        "sex": "female",
        "card_number": "DN4011234567890",
        "first_facility": "Bệnh viện Đa khoa Đống Đa",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "benefit_level": 4,
    },
    "tax_registration": {
        "personal_identification_number": PID,
        "full_name": "Nguyễn Thị Thuỳ Dương",
        "tax_code": PID,
        "tax_office": "Thuế thành phố Hà Nội",
        "registered_on": "2025-07-01",
    },
    **samples.RECORDS,
}


@dataclass(frozen=True)
class Desk:
    """Somebody with a key and the certificate for it."""

    signer: MemorySigner
    certificate: x509.Certificate


@dataclass
class World:
    """One nation at one time. Change a field, publish a new bundle, and see who still believes what."""

    now: int = NOW
    root: Authority = field(init=False)
    holder: MemorySigner = field(default_factory=MemorySigner.generate)
    states: dict[int, int] = field(default_factory=dict)
    issuers: dict[str, Desk] = field(init=False)
    sequence: int = 1
    list_sequence: int = 1
    next_index: int = 0
    readers: tuple[Reader, ...] = ()  # who may ask, on the trust list

    def __post_init__(self) -> None:
        self.root = Authority.create("Test root", now=self.now - 400 * DAY)
        self.issuers = {name: self.desk(name, Usage.DOCUMENT_SIGNER) for name in AUTHORITIES}
        self.list_desk = self.desk("trust list", Usage.TRUST_LIST_SIGNER)
        self.status_desk = self.desk("status", Usage.STATUS_SIGNER)
        self.bundle_desk = self.desk("bundle", Usage.BUNDLE_SIGNER)

    @property
    def root_sha256(self) -> str:
        return bundles.fingerprint(self.root.certificate)

    def desk(
        self, name: str, usage: Usage, *, root: Authority | None = None, starts: int = -390, days: int = 730
    ) -> Desk:
        """A new key with a certificate that begins `starts` days from now."""
        signer = MemorySigner.generate()
        hosts = ("bank.example",) if usage is Usage.READER else ()
        certificate = (root or self.root).issue(
            name,
            signer.public,
            usage,
            now=self.now,
            starts=self.now + starts * DAY,
            days=days,
            hosts=hosts,
        )
        return Desk(signer, certificate)

    # --- what the state publishes ---------------------------------------------------------------------------------

    def trust_list(self, *, services: tuple[Service, ...] | None = None, desk: Desk | None = None) -> str:
        by = desk or self.list_desk
        offered = self.services() if services is None else services
        listed = TrustList(self.list_sequence, self.now, self.now + 30 * DAY, offered, readers=self.readers)
        return trust.sign(listed, by.signer, [by.certificate])

    def services(self) -> tuple[Service, ...]:
        return tuple(
            Service(
                issuer.authority,
                AUTHORITIES[issuer.authority].name,
                kind.name,
                (self.issuers[issuer.authority].certificate,),
                _seconds(issuer.since),
                None if issuer.until is None else _seconds(issuer.until),
            )
            for kind in CATALOGUE.values()
            for issuer in kind.issuers
        )

    def status_list(
        self,
        *,
        uri: str = URI,
        size: int = LIST_SIZE,
        issued: int | None = None,
        expires: int | None = None,
        ttl: int = DAY,
        desk: Desk | None = None,
    ) -> bytes:
        by, at = desk or self.status_desk, self.now if issued is None else issued
        listed = StatusList(uri, 2, status.pack(size, self.states), at, expires or at + 7 * DAY, ttl)
        return status.sign_cwt(listed, by.signer, [by.certificate])

    def bundle(
        self,
        *,
        sequence: int | None = None,
        trust_list: str | None = None,
        status_lists: Mapping[str, bytes] | None = None,
        anchors: tuple[x509.Certificate, ...] | None = None,
        desk: Desk | None = None,
        lifetime: int = 30 * DAY,
        crls: tuple[bytes, ...] = (),
    ) -> bytes:
        by = desk or self.bundle_desk
        return bundles.build(
            sequence=self.sequence if sequence is None else sequence,
            now=self.now,
            lifetime=lifetime,
            anchors=anchors or (self.root.certificate,),
            trust_list=trust_list or self.trust_list(),
            status_lists={URI: self.status_list()} if status_lists is None else status_lists,
            signer=by.signer,
            chain=[by.certificate],
            crls=crls,
        )

    def open_bundle(self, **changes: Any) -> Bundle:
        return bundles.read(self.bundle(**changes), now=self.now)

    def write_bundle(self, path: Path, **changes: Any) -> Path:
        path.write_bytes(self.bundle(**changes))
        return path

    def set_state(self, index: int, state: Status) -> None:
        self.states[index] = state

    # --- what a person gets and shows -----------------------------------------------------------------------------

    def issue(
        self,
        kind: str = "driving_licence",
        view: str | None = None,
        record: Mapping[str, Any] | None = None,
        *,
        authority: str | None = None,
        desk: Desk | None = None,
        holder: MemorySigner | None = None,
        index: int | None = None,
        uri: str = URI,
        issued: int | None = None,
        days: int | None = None,
    ) -> bytes:
        """A credential; by default from the authority in charge, valid, bound to `world.holder`, with a new index."""
        document = document_type(kind)
        at = self.now - 60 if issued is None else issued
        named = (
            authority or document.issuer_on(datetime.fromtimestamp(at, UTC).date()) or document.issuers[-1].authority
        )
        by = desk or self.issuers[named]
        if index is None:
            index, self.next_index = self.next_index, self.next_index + 1
        return cwt.issue(
            document=document,
            view=view or document.views[0].name,
            record=samples.for_view(RECORDS[kind], document.view(view or document.views[0].name))
            if record is None
            else record,
            issuer=named,
            signer=by.signer,
            kid=key_id(by.certificate),
            holder=(holder or self.holder).public,
            status_uri=uri,
            status_index=index,
            now=at,
            expires=at + (document.credential_days if days is None else days) * DAY,
        )

    def issue_with(
        self, changes: Mapping[int, Any], *, kind: str = "driving_licence", view: str | None = None
    ) -> bytes:
        """A credential that its authority signed although these keys of its document map are not as they should be."""
        document = document_type(kind)
        desk = self.issuers[document.issuers[-1].authority]
        parsed = cose.parse(self.issue(kind, view))
        claims = cbor.decode(parsed.payload)
        changed = {**claims[cwt.DOCUMENT], **changes}
        claims[cwt.DOCUMENT] = {key: value for key, value in changed.items() if value is not MISSING}
        header = {cose.KID: key_id(desk.certificate), cose.TYP: cwt.TYP}
        return cose.sign(cbor.encode(claims), desk.signer, header=header)

    def present(
        self,
        credential: bytes | None = None,
        *,
        signer: Signer | None = None,
        at: int | None = None,
        audience: str | None = None,
        challenge: bytes | None = None,
    ) -> str:
        """The QR text that a holder shows now."""
        shown = cwt.present(
            self.issue() if credential is None else credential,
            signer or self.holder,
            now=self.now if at is None else at,
            audience=audience,
            challenge=challenge,
        )
        return qr.to_text(shown)

    def present_text(self, kind: str = "driving_licence", view: str | None = None) -> str:
        """The QR text of a fresh credential of that kind, shown now."""
        return self.present(self.issue(kind, view))

    def paper(self, kind: str = "driving_licence", view: str | None = None, *, days: int | None = None) -> str:
        """The QR text that is printed: bound to nobody."""
        document = document_type(kind)
        named = document.issuers[-1].authority
        by, cut = self.issuers[named], view or document.views[0].name
        index, self.next_index = self.next_index, self.next_index + 1
        credential = cwt.issue_printed(
            document=document,
            view=cut,
            record=samples.for_view(RECORDS[kind], document.view(cut)),
            issuer=named,
            signer=by.signer,
            kid=key_id(by.certificate),
            status_uri=URI,
            status_index=index,
            now=self.now - 60,
            expires=self.now + (document.printed_days if days is None else days) * DAY,
        )
        return qr.to_text(credential)

    def printed(self, credential: bytes | None = None) -> str:
        """The QR text of a credential without holder proof: what a copy from somebody's wallet would be."""
        return qr.to_text(self.issue() if credential is None else credential)


def _seconds(day: Any) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
