"""The trust list: who may issue what, from when to when; and no way back to an older one."""

import json
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose, trust
from certs.authority import Authority
from certs.catalogue import Text
from certs.crl import Crls, Reason
from certs.crl import read as read_crl
from certs.encoding import b64url_decode
from certs.keys import MemorySigner
from certs.trust import Reader, Right, Service, TrustList, TrustStore
from certs.x509 import Usage, key_id
from tests.certs.refusals import refused
from tests.world import DAY, NOW, World

STANDING = World()
ROOT = STANDING.root.certificate


def listed(
    *services: Service,
    sequence: int = 1,
    issued: int = NOW,
    next_update: int = NOW + DAY,
    readers: tuple[Reader, ...] = (),
) -> TrustList:
    return TrustList(sequence, issued, next_update, services or STANDING.services(), readers=readers)


def signed(value: TrustList) -> str:
    return trust.sign(value, STANDING.list_desk.signer, [STANDING.list_desk.certificate])


def altered(change: Any, *, typ: str = trust.TYP, value: TrustList | None = None) -> str:
    """A list whose JSON was changed before the operator signed it."""
    content = json.loads(b64url_decode(signed(value or listed()).split(".")[1]))
    change(content["LoTE"])
    header = jose.parse(signed(listed())).header
    return jose.sign(content, STANDING.list_desk.signer, typ=typ, headers={"x5c": header["x5c"], "kid": None})


def read(token: str, now: int = NOW) -> TrustList:
    return trust.read(token, (ROOT,), now=now)


def test_a_list_survives_its_signed_form() -> None:
    value = listed(sequence=7)
    token = signed(value)
    again = read(token)
    assert sorted(again.services, key=repr) == sorted(value.services, key=repr)  # grouped by authority on the way
    assert replace(again, services=value.services) == replace(value, token=token)


def test_the_shape_is_that_of_ts_119_602() -> None:
    """Annex A: LoTE, ListAndSchemeInformation, TrustedEntitiesList; a list signed with x5c as JAdES baseline B does."""
    parsed = jose.parse(signed(listed()))
    assert set(parsed.header) == {"alg", "typ", "x5c"}
    content = json.loads(parsed.payload)["LoTE"]
    assert set(content) == {"ListAndSchemeInformation", "TrustedEntitiesList"}
    scheme = content["ListAndSchemeInformation"]
    assert {
        "LoTEVersionIdentifier",
        "LoTESequenceNumber",
        "LoTEType",
        "SchemeOperatorName",
        "ListIssueDateTime",
        "NextUpdate",
    } <= set(scheme)
    entity = content["TrustedEntitiesList"][0]
    assert set(entity) == {"TrustedEntityInformation", "TrustedEntityServices"}
    information = entity["TrustedEntityServices"][0]["ServiceInformation"]
    assert {"ServiceTypeIdentifier", "ServiceDigitalIdentity", "ServiceStatus", "StatusStartingTime"} <= set(
        information
    )


def test_a_service_that_ended_is_withdrawn_and_tells_its_history() -> None:
    transport = next(service for service in read(signed(listed())).services if service.authority == "transport")
    assert transport.until is not None and transport.since < transport.until
    content = json.loads(jose.parse(signed(listed(transport))).payload)["LoTE"]
    service = content["TrustedEntitiesList"][0]["TrustedEntityServices"][0]
    assert service["ServiceInformation"]["ServiceStatus"].endswith(":withdrawn")
    assert service["ServiceInformation"]["StatusStartingTime"] == "2025-03-01T00:00:00Z"
    assert [entry["ServiceStatus"].rsplit(":", 1)[1] for entry in service["ServiceHistory"]] == ["granted"]


@pytest.mark.parametrize(("at", "covered"), [(99, False), (100, True), (199, True), (200, False)])
def test_a_right_begins_on_its_day_and_ends_before_its_last(at: int, covered: bool) -> None:
    service = Service("health", Text("a", "b"), "health_record", (), 100, 200)
    assert service.covers(at) is covered
    assert replace(service, until=None).covers(at) is (at >= 100)


# --- reading ----------------------------------------------------------------------------------------------------------


def test_only_a_trust_list_signer_signs_a_list() -> None:
    for desk in (STANDING.status_desk, STANDING.bundle_desk, STANDING.issuers["health"]):
        with refused("cert_usage"):
            read(STANDING.trust_list(desk=desk))


def test_a_list_under_another_root_or_by_another_key_is_refused() -> None:
    with refused("chain_invalid"):  # a root of the same name and another key
        trust.read(signed(listed()), (World().root.certificate,), now=NOW)
    with refused("issuer_untrusted"):
        trust.read(signed(listed()), (Authority.create("Other", now=NOW).certificate,), now=NOW)
    with refused("signature_invalid"):
        read(trust.sign(listed(), MemorySigner.generate(), [STANDING.list_desk.certificate]))


def test_a_list_whose_signer_expired_or_that_comes_from_the_future_is_refused() -> None:
    with refused("cert_expired"):
        read(signed(listed()), now=NOW + 800 * DAY)
    with refused("cert_not_yet_valid"):
        read(signed(listed()), now=NOW - 395 * DAY)
    read(signed(listed(issued=NOW + 300)))
    with refused("issued_in_future"):
        read(signed(listed(issued=NOW + 301)))


@pytest.mark.parametrize("x5c", [None, [], "MIIB", [5], ["%%%"], ["MIIB"] * 5, {}])
def test_a_list_without_a_chain_is_refused(x5c: Any) -> None:
    with refused("chain_invalid"):
        read(jose.sign({}, STANDING.list_desk.signer, typ=trust.TYP, headers={"x5c": x5c, "kid": None}))


def test_another_signed_thing_does_not_pass_for_a_list() -> None:
    with refused("type_mismatch"):
        read(altered(lambda content: None, typ="statuslist+jwt"))


def _scheme(**values: Any) -> Any:
    return lambda content: content["ListAndSchemeInformation"].update(values)


def _service(**values: Any) -> Any:
    def change(content: Any) -> None:
        content["TrustedEntitiesList"][0]["TrustedEntityServices"][0]["ServiceInformation"].update(values)

    return change


def _entity(**values: Any) -> Any:
    return lambda content: content["TrustedEntitiesList"][0]["TrustedEntityInformation"].update(values)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_scheme(LoTEVersionIdentifier=2), "type_mismatch"),
        (_scheme(LoTEType="urn:other"), "type_mismatch"),
        (_scheme(LoTESequenceNumber=0), "malformed"),
        (_scheme(LoTESequenceNumber="1"), "malformed"),
        (_scheme(LoTESequenceNumber=True), "malformed"),
        (_scheme(ListIssueDateTime="yesterday"), "malformed"),
        (_scheme(ListIssueDateTime=5), "malformed"),
        (_scheme(NextUpdate=None), "malformed"),
        (lambda content: content.pop("TrustedEntitiesList"), "malformed"),
        (lambda content: content.update(TrustedEntitiesList={"a": 1}), "malformed"),
        (_entity(TEName=[{"lang": "en", "value": "Health"}]), "malformed"),
        (_entity(TEName=[{"lang": "vi", "value": "Y tế\u202e"}, {"lang": "en", "value": "Health"}]), "text_unsafe"),
        (_entity(TEName=[{"lang": "vi", "value": 5}, {"lang": "en", "value": "Health"}]), "malformed"),
        (_entity(TETradeName=[]), "malformed"),
        (_service(ServiceStatus="urn:x:suspended"), "malformed"),
        (_service(ServiceStatus="urn:vneid-reference:svc-status:withdrawn"), "malformed"),  # without a history
        (_service(ServiceTypeIdentifier="urn:other:health_record"), "malformed"),
        (_service(ServiceDigitalIdentity={"X509Certificates": [{"val": "MIIB"}]}), "malformed"),
        (_service(ServiceDigitalIdentity={"X509Certificates": [{"val": "%"}]}), "malformed"),
        (_service(StatusStartingTime="2025-13-01T00:00:00Z"), "malformed"),
    ],
)
def test_a_list_of_another_shape_is_refused(change: Any, code: str) -> None:
    with refused(code):
        read(altered(change))


# --- taking the place of a held list ----------------------------------------------------------------------------------


def test_a_newer_list_takes_the_place_of_an_older_one() -> None:
    trust.check_successor(listed(sequence=3), listed(sequence=4), now=NOW)
    trust.check_successor(listed(sequence=3), listed(sequence=3, issued=NOW + 5), now=NOW)


def test_a_list_never_goes_back() -> None:
    held = listed(sequence=3)
    with refused("presentation_replayed"):
        trust.check_successor(held, listed(sequence=2), now=NOW)
    with refused("presentation_replayed"):  # two lists of one number: one of them lies
        trust.check_successor(held, listed(*STANDING.services()[1:], sequence=3), now=NOW)
    with refused("expired"):
        trust.check_successor(held, listed(sequence=4, next_update=NOW), now=NOW)


# --- the store --------------------------------------------------------------------------------------------------------


def test_a_signer_is_found_by_the_head_of_its_key_identifier() -> None:
    store = TrustStore((ROOT,), listed())
    desk = STANDING.issuers["public-security"]
    (signer,) = store.signers(key_id(desk.certificate))
    assert (signer.authority, signer.key) == ("public-security", desk.signer.public)
    assert {service.document for service in signer.services} >= {"citizen_identity", "driving_licence"}
    with refused("key_not_found"):
        store.signers(b"\0" * 8)


def test_a_signer_is_found_by_its_certificate() -> None:
    one, other = STANDING.issuers["health"].certificate, STANDING.issuers["tax"].certificate
    services = (
        Service("health", Text("a", "a"), "health_record", (one,), 0),
        Service("tax", Text("b", "b"), "tax_registration", (one,), 0),
    )
    store = TrustStore((ROOT,), listed(*services))
    assert {signer.authority for signer in store.listed(one.public_bytes(Encoding.DER))} == {"health", "tax"}
    for stranger in (other.public_bytes(Encoding.DER), one.public_bytes(Encoding.DER) + b"\0", b""):
        with refused("issuer_untrusted"):
            store.listed(stranger)


def test_signers_whose_identifiers_collide_are_all_tried() -> None:
    """Eight bytes of a hash can be made to collide: both are offered, and only the signature decides."""
    one, other = STANDING.issuers["health"].certificate, STANDING.issuers["tax"].certificate
    services = (
        Service("health", Text("a", "a"), "health_record", (one,), 0),
        Service("tax", Text("b", "b"), "tax_registration", (one, other), 0),
    )
    store = TrustStore((ROOT,), listed(*services))
    assert {signer.authority for signer in store.signers(key_id(one))} == {"health", "tax"}


def test_who_may_issue_what_and_when() -> None:
    store = TrustStore((ROOT,), listed())
    (transport,) = store.signers(key_id(STANDING.issuers["transport"].certificate))
    (police,) = store.signers(key_id(STANDING.issuers["public-security"].certificate))
    handover = 1_740_787_200  # 2025-03-01
    store.check_issuer(transport, authority="transport", document="driving_licence", at=handover - 1)
    store.check_issuer(police, authority="public-security", document="driving_licence", at=handover)
    for signer, authority, document, at in (
        (transport, "transport", "driving_licence", handover),
        (police, "public-security", "driving_licence", handover - 1),
        (police, "transport", "driving_licence", handover - 1),
        (police, "public-security", "health_record", handover),
        (police, "public-security", "", handover),
    ):
        with refused("issuer_untrusted"):
            store.check_issuer(signer, authority=authority, document=document, at=at)


def test_a_path_once_found_is_still_looked_at_in_time() -> None:
    store = TrustStore((ROOT,), listed())
    (signer,) = store.signers(key_id(STANDING.issuers["tax"].certificate))
    store.check_path(signer, now=NOW)
    store.check_path(signer, now=NOW)
    with refused("cert_expired"):
        store.check_path(signer, now=NOW + 400 * DAY)
    with refused("cert_not_yet_valid"):
        store.check_path(signer, now=NOW - 391 * DAY)


def test_a_listed_certificate_of_another_usage_or_root_signs_no_documents() -> None:
    stranger = World()
    services = (
        Service("health", Text("a", "a"), "health_record", (STANDING.status_desk.certificate,), 0),
        Service("tax", Text("b", "b"), "tax_registration", (stranger.issuers["tax"].certificate,), 0),
    )
    store = TrustStore((ROOT,), listed(*services))
    (health,) = store.signers(key_id(STANDING.status_desk.certificate))
    with refused("cert_usage"):
        store.check_path(health, now=NOW)
    (tax,) = store.signers(key_id(stranger.issuers["tax"].certificate))
    with refused("chain_invalid"):  # both roots have one name
        store.check_path(tax, now=NOW)


def test_a_new_signer_of_an_authority_stands_beside_the_old_one() -> None:
    new = STANDING.desk("health 2", Usage.DOCUMENT_SIGNER)
    both = (STANDING.issuers["health"].certificate, new.certificate)
    store = TrustStore((ROOT,), listed(Service("health", Text("a", "a"), "health_record", both, 0)))
    for certificate in both:
        (signer,) = store.signers(key_id(certificate))
        store.check_path(signer, now=NOW)


# --- who may ask ------------------------------------------------------------------------------------------------------

BANK = STANDING.desk("bank", Usage.READER)
ACCOUNT = Reader(
    organisation="bank",
    name=Text("Ngân hàng Sen", "Lotus Bank"),
    purpose=Text("Mở tài khoản", "Open an account"),
    rights=(
        Right("citizen_identity", views=("age_over_18",), claims=("full_name", "personal_identification_number")),
        Right("driving_licence", claims=("licence_number",)),
    ),
    certificates=(BANK.certificate,),
    since=NOW - DAY,
)
CAR = replace(
    ACCOUNT,
    purpose=Text("Cho thuê xe", "Rent a car"),
    rights=(Right("driving_licence", views=("licence",)),),
    since=NOW - 5 * DAY,
    until=NOW + 5 * DAY,
)
READERS = (ACCOUNT, CAR)


def test_readers_survive_the_signed_form_beside_issuers() -> None:
    value = listed(sequence=7, readers=READERS)
    again = read(signed(value))
    assert again.readers == READERS
    assert sorted(again.services, key=repr) == sorted(value.services, key=repr)
    parsed = json.loads(jose.parse(signed(value)).payload)["LoTE"]["TrustedEntitiesList"]
    assert [entity["TrustedEntityInformation"]["TETradeName"][0]["value"] for entity in parsed].count("bank") == 1
    with refused("presentation_replayed"):  # one number, other readers: one of the two lies
        trust.check_successor(value, listed(sequence=7), now=NOW)


def test_a_list_without_readers_is_the_one_that_it_was() -> None:
    assert b"PermittedQueries" not in jose.parse(signed(listed())).payload
    assert read(signed(listed())).readers == ()


def test_how_a_reader_is_reached_survives_the_signed_form() -> None:
    reached = replace(ACCOUNT, contact="mailto:data@bank.example", website="https://bank.example/data")
    assert read(signed(listed(readers=(reached,)))).readers == (reached,)
    assert b"TEAddress" not in jose.parse(signed(listed(readers=READERS))).payload


@pytest.mark.parametrize(
    "reached",
    [
        {"contact": "javascript:alert(1)"},
        {"contact": "mailto:a@b.example?cc=c@d.example"},
        {"contact": "mailto:a@b.example\r\nBcc: c@d.example"},
        {"website": "http://bank.example/"},
        {"website": "https://bank.example@evil.example/"},
        {"website": "javascript:alert(1)"},
    ],
)
def test_a_reader_is_reached_by_mail_or_by_a_website_and_nothing_else(reached: dict[str, str]) -> None:
    with refused("malformed"):
        read(signed(listed(readers=(replace(ACCOUNT, **reached),))))


def test_an_organisation_may_issue_and_ask() -> None:
    both = replace(ACCOUNT, organisation="tax", name=STANDING.services()[-1].name)
    again = read(signed(listed(readers=(both,))))
    assert again.readers[0].organisation == "tax"
    assert {service.authority for service in again.services} == {service.authority for service in STANDING.services()}


@pytest.mark.parametrize(
    ("document", "claims", "purposes"),
    [
        ("citizen_identity", ("full_name",), ("Open an account",)),
        ("citizen_identity", ("full_name", "age_over_18"), ("Open an account",)),  # by a claim, and by a view
        ("driving_licence", ("licence_number",), ("Open an account", "Rent a car")),
        ("driving_licence", ("licence_number", "classes"), ("Rent a car",)),
    ],
)
def test_who_may_ask_for_what_to_which_purpose(
    document: str, claims: tuple[str, ...], purposes: tuple[str, ...]
) -> None:
    store = TrustStore((ROOT,), listed(readers=READERS))
    allowed = store.check_reader(BANK.certificate, document, claims, at=NOW)
    assert tuple(reader.purpose.en for reader in allowed) == purposes


@pytest.mark.parametrize(
    ("document", "claims"),
    [
        ("citizen_identity", ("residence",)),
        ("citizen_identity", ("full_name", "residence")),
        ("citizen_identity", ()),  # nothing is no question
        ("citizen_identity", ("licence_number",)),  # of another document
        ("health_record", ("full_name",)),
        ("nothing", ("full_name",)),
        ("driving_licence", ("licence_number", "residence")),
    ],
)
def test_more_than_the_right_is_refused(document: str, claims: tuple[str, ...]) -> None:
    store = TrustStore((ROOT,), listed(readers=READERS))
    with refused("policy_refused"):
        store.check_reader(BANK.certificate, document, claims, at=NOW)


def test_purposes_are_never_added_up() -> None:
    apart = tuple(
        replace(ACCOUNT, rights=(Right("citizen_identity", claims=(claim,)),)) for claim in ("full_name", "residence")
    )
    store = TrustStore((ROOT,), listed(readers=apart))
    for claim in ("full_name", "residence"):
        store.check_reader(BANK.certificate, "citizen_identity", (claim,), at=NOW)
    with refused("policy_refused"):
        store.check_reader(BANK.certificate, "citizen_identity", ("full_name", "residence"), at=NOW)


def test_views_and_documents_of_a_later_catalogue_allow_nothing() -> None:
    later = replace(
        ACCOUNT, rights=(Right("citizen_identity", views=("aura",)), Right("passport", claims=("full_name",)))
    )
    store = TrustStore((ROOT,), listed(readers=(later,)))
    for document in ("citizen_identity", "passport"):
        with refused("policy_refused"):
            store.check_reader(BANK.certificate, document, ("full_name",), at=NOW)


def test_whoever_is_not_listed_or_out_of_time_or_certified_for_something_else_asks_nothing() -> None:
    store = TrustStore((ROOT,), listed(readers=(CAR,)))
    asked = ("driving_licence", ("licence_number",))
    for at, code in ((NOW - 6 * DAY, "issuer_untrusted"), (NOW + 5 * DAY, "issuer_untrusted"), (NOW, "")):
        with nullcontext() if not code else refused(code):
            store.check_reader(BANK.certificate, *asked, at=at)
    with refused("issuer_untrusted"):
        store.check_reader(STANDING.desk("bank", Usage.READER).certificate, *asked, at=NOW)
    with refused("cert_expired"):
        store.check_reader(BANK.certificate, *asked, at=NOW + 800 * DAY)
    for desk, code in ((STANDING.issuers["tax"], "cert_usage"), (World().desk("bank", Usage.READER), "chain_invalid")):
        by_mistake = TrustStore((ROOT,), listed(readers=(replace(CAR, certificates=(desk.certificate,)),)))
        with refused(code):
            by_mistake.check_reader(desk.certificate, *asked, at=NOW)


def test_a_reader_whose_revocation_list_is_missing_is_not_known_to_be_good() -> None:
    key = MemorySigner.generate()
    issued = STANDING.root.issue(
        "bank", key.public, Usage.READER, now=NOW, hosts=("bank.example",), crl_uri="http://ca.example/root.crl"
    )
    value, asked = listed(readers=(replace(CAR, certificates=(issued,)),)), ("driving_licence", ("licence_number",))
    with refused("status_unavailable"):
        TrustStore((ROOT,), value).check_reader(issued, *asked, at=NOW)
    revoked = STANDING.root.revoke(issued, reason=Reason.privilege_withdrawn, now=NOW)
    for entries, code in (((), ""), ((revoked,), "cert_revoked")):
        crl = read_crl(STANDING.root.sign_crl(entries, number=1, now=NOW), (ROOT,), now=NOW)
        with nullcontext() if not code else refused(code):
            TrustStore((ROOT,), value, Crls([crl])).check_reader(issued, *asked, at=NOW)


def _asking(change: Any) -> Any:
    def changed(content: Any) -> None:
        (entity,) = (
            each
            for each in content["TrustedEntitiesList"]
            if each["TrustedEntityInformation"]["TETradeName"][0]["value"] == "bank"
        )
        change(entity["TrustedEntityServices"][0]["ServiceInformation"])

    return changed


def _queries(value: Any) -> Any:
    return _asking(lambda service: service.update(ServiceInformationExtensions=[{"PermittedQueries": value}]))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_asking(lambda service: service.pop("ServiceInformationExtensions")), "malformed"),
        (_asking(lambda service: service.update(ServiceInformationExtensions=[])), "malformed"),
        (_asking(lambda service: service.update(ServiceName=[{"lang": "en", "value": "x"}])), "malformed"),
        (_asking(lambda service: service["ServiceName"][0].update(value="a\u202eb")), "text_unsafe"),
        (_queries([]), "malformed"),
        (_queries({"document": "x"}), "malformed"),
        (_queries([{"document": "x", "views": [], "claims": []}]), "malformed"),
        (_queries([{"document": "x", "views": "age", "claims": []}]), "malformed"),
        (_queries([{"document": "x", "views": [5], "claims": []}]), "malformed"),
        (_queries([{"document": 5, "views": ["age"], "claims": []}]), "malformed"),
        (_queries([{"document": "x", "views": ["age"]}]), "malformed"),
        (_queries([{"document": "x", "views": ["age"], "claims": []}] * 65), "malformed"),
        (_queries([{"document": "x", "views": ["age"] * 65, "claims": []}]), "malformed"),
    ],
)
def test_a_reader_of_another_shape_refuses_the_list(change: Any, code: str) -> None:
    with refused(code):
        read(altered(change, value=listed(readers=READERS)))


@pytest.mark.parametrize("turned", [False, True])
def test_a_path_that_ended_is_looked_for_anew(turned: bool) -> None:
    """One key under two roots' certificates, as in a rotation: the shorter one ends, and the signer is still good."""
    short, long = (Authority.create("Root", now=NOW - DAY, days=days, key=ROOT_KEY) for days in (10, 1000))
    signer = MemorySigner.generate()
    leaf = long.issue("health", signer.public, Usage.DOCUMENT_SIGNER, now=NOW)
    service = Service("health", Text("Y tế", "Health"), "health_record", (leaf,), NOW)
    anchors = (short.certificate, long.certificate)
    store = TrustStore(anchors[::-1] if turned else anchors, TrustList(1, NOW, NOW + DAY, (service,)))
    (listed,) = store.signers(key_id(leaf))
    for later in (0, 20, 0, 700):
        store.check_path(listed, now=NOW + later * DAY)
    with refused("cert_expired"):
        store.check_path(listed, now=NOW + 800 * DAY)


ROOT_KEY = MemorySigner.generate()
