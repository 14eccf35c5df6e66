"""Each format from the register to the verdict, and copies that nothing links.

Spec: OpenID4VCI 1.0 §8.3, §15.4.1, Appendix A; SD-JWT VC §2.2.2; ISO/IEC 18013-5 §9.1.2; draft-ietf-oauth-status-list-20 §12.5.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from certs import cbor, cose, jose
from certs.authority import Authority
from certs.catalogue import CATALOGUE
from certs.encoding import b64url_decode, json_decode
from certs.formats import Verified, cwt, disclosures, mdoc, mso, sd_jwt, type_metadata
from certs.keys import MemorySigner
from certs.x509 import Usage
from idp.issuance.configurations import CONFIGURATIONS, Configuration, Format
from idp.issuance.metadata import BATCH_SIZE
from idp.issuance.signers import CertifiedSigner
from idp.issuance.signing import terms
from idp.model import Document, Grant, Token
from idp.oidc.secrets import token_hash
from tests.certs.samples import picture
from tests.idp.issuance.office import HEALTH, LICENCE, NOW, Office, body, placed

DAY = 86_400
PORTRAIT = picture(b"somebody")
KINDS = {"driving_licence": {**LICENCE, "portrait": PORTRAIT}, "health_record": HEALTH}
EACH = [
    each for each in CONFIGURATIONS.values() if each.document.name in KINDS and each.fits(KINDS[each.document.name])
]
every = pytest.mark.parametrize("configuration", EACH, ids=lambda each: each.id)


def verified(office: Office, configuration: Configuration, copy: str, *, now: int = NOW) -> Verified:
    """As a wallet looks at what it was given."""
    if configuration.format is Format.SD_JWT:
        return sd_jwt.verify_issued(copy, trust=office.trust, now=now)
    if configuration.format is Format.MDOC:
        return mdoc.verify_issued(b64url_decode(copy), trust=office.trust, now=now)
    return cwt.verify_issued(b64url_decode(copy), trust=office.trust, now=now)


@pytest.fixture
def office(office: Office) -> Office:
    """Two people whose records say the very same."""
    with office.storage.transaction() as ports:
        for document_id in ("licence-1", "licence-3"):
            assert ports.documents.set_record(document_id, KINDS["driving_licence"], valid_until="2031-03-01")
    return office


@every
def test_what_is_issued_verifies_and_says_what_the_register_says(office: Office, configuration: Configuration) -> None:
    keys = [MemorySigner.generate() for _ in range(3)]
    copies = office.copies(keys, configuration.id)
    found = [verified(office, configuration, copy) for copy in copies]
    record = KINDS[configuration.document.name]
    for each in found:
        assert each.document == configuration.document.name
        assert each.claims == {
            field.name: record[field.name]
            for field in configuration.document.fields
            if field in configuration.fields
            if field.name in record
        }
        assert each.issuer == configuration.document.issuers[-1].authority
    assert [each.holder_thumbprint for each in found] == [key.public.thumbprint() for key in keys]  # in the order sent


@every
def test_each_copy_is_on_record_with_a_place_of_its_own(office: Office, configuration: Configuration) -> None:
    keys = [MemorySigner.generate() for _ in range(3)]
    copies = office.copies(keys, configuration.id)
    with office.storage.reading() as ports:
        issued = ports.documents.issued(
            {"driving_licence": "licence-1", "health_record": "health-1"}[configuration.document.name]
        )
    assert {(each.status_list, each.status_index) for each in issued} == {
        placed(configuration.id, copy) for copy in copies
    }
    assert {each.holder_thumbprint for each in issued} == {key.public.thumbprint() for key in keys}
    assert {each.view for each in issued} == {configuration.id.partition(".")[2]}
    assert {each.issued_at for each in issued} == {NOW}  # the register knows the true time


@every
def test_the_journal_has_the_intent_first_and_names_without_values(
    office: Office, configuration: Configuration
) -> None:
    office.copies([MemorySigner.generate() for _ in range(2)], configuration.id)
    with office.storage.reading() as ports:
        issued, intended, *_ = ports.journal.read()
    assert (intended.kind, issued.kind) == ("credential_intended", "credential_issued")
    assert intended.details["view"] == configuration.id and intended.details["copies"] == 2
    assert intended.details["credential_ids"] == issued.details["credential_ids"]
    assert len(set(intended.details["credential_ids"])) == 2
    record = KINDS[configuration.document.name]
    assert issued.details["claims"] == sorted(field.name for field in configuration.fields if field.name in record)
    for value in ("Nguyễn", "999190000011", "790211234567", "Penicillin"):
        assert value not in repr((intended, issued))


def test_as_many_copies_as_the_metadata_says(office: Office) -> None:
    for configuration in EACH[:1] + EACH[-2:]:
        keys = [MemorySigner.generate() for _ in range(BATCH_SIZE)]
        assert len(office.copies(keys, configuration.id)) == BATCH_SIZE


def test_proofs_may_share_a_nonce_or_have_one_each(office: Office) -> None:
    token = office.token()
    proofs = [office.proof(), office.proof()]  # each with its own
    answer = office.ask(token, office.request(*proofs, configuration="driving_licence.mdoc"))
    assert answer.status == 200 and len(body(answer)["credentials"]) == 2


# --- each format in its own words -------------------------------------------------------------------------------------


def test_an_sd_jwt_vc(office: Office) -> None:
    (copy,) = office.copies([MemorySigner.generate()], "driving_licence.sd_jwt")
    token = disclosures.parse(copy)
    assert token.key_binding is None and copy.endswith("~")  # Appendix A.3.4: as it is, not encoded again
    signed = jose.parse(token.jwt)
    assert signed.header["typ"] == "dc+sd-jwt" and signed.header["alg"] == "ES256" and "kid" not in signed.header
    assert len(signed.header["x5c"]) == 1  # HAIP: the authority's certificate, and never the anchor
    payload = json_decode(signed.payload)
    kind = CATALOGUE["driving_licence"]
    assert payload["vct"] == type_metadata.type_of(kind)
    assert payload["vct#integrity"] == type_metadata.integrity(kind)
    assert payload["iss"] == "public-security" and set(payload["cnf"]) == {"jwk"}
    assert set(payload["cnf"]["jwk"]) == {"kty", "crv", "x", "y"}
    # Nothing about the person can be seen that is not disclosed, and no digest tells what is not there.
    assert set(payload) == {"vct", "vct#integrity", "iss", "iat", "exp", "cnf", "status", "_sd", "_sd_alg"}
    assert len(payload["_sd"]) == len(kind.fields) + 1
    names = {content[1] for content in map(_content, token.disclosures) if len(content) == 3}
    assert set(LICENCE) <= names and {"class", "issued", "expires"} <= names  # each class apart, too


def test_an_mdoc(office: Office) -> None:
    (copy,) = office.copies([MemorySigner.generate()], "driving_licence.mdoc")
    signed = mso.from_value(cbor.decode(b64url_decode(copy), mso.LIMITS))
    security = mso.security_object(signed)
    assert security.doc_type == "org.iso.18013.5.1.mDL" and len(signed.chain) == 1
    assert set(signed.items) == {"org.iso.18013.5.1", "org.iso.18013.5.1.VN"}
    assert {name: len(items) for name, items in signed.items.items()} == {
        name: len(digests) for name, digests in security.digests.items()
    }
    assert security.status == ("http://localhost:5000/status-lists/2", placed("driving_licence.mdoc", copy)[1])
    assert security.signed == security.valid_from < security.valid_until


# --- nothing links two copies -----------------------------------------------------------------------------------------


def _content(disclosure: str) -> list[Any]:
    content: list[Any] = json_decode(b64url_decode(disclosure))
    return content


def _leaves(value: Any) -> Iterator[Any]:
    """Every text, number and byte string in it, at any depth; what is encoded inside, opened."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(name)
            yield from _leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, cbor.Tag):
        inner = value.value
        yield from _leaves(cbor.decode(inner, mso.LIMITS) if value.number == mso.EMBEDDED else inner)
    elif not isinstance(value, bool):  # one bit links nobody
        yield value


def everything_in(format_: Format, copy: str) -> set[Any]:
    if format_ is Format.SD_JWT:
        token = disclosures.parse(copy)
        head, payload, signature = token.jwt.split(".")
        parts = [json_decode(b64url_decode(head)), json_decode(b64url_decode(payload)), signature]
        contents = [_content(each) for each in token.disclosures]
        return set(_leaves([*parts, contents, [disclosures.digest(each) for each in token.disclosures]]))
    if format_ is Format.MDOC:
        raw = cbor.decode(b64url_decode(copy), mso.LIMITS)
        payload = mso.from_value(raw).auth.payload or b""
        return set(_leaves([raw, cbor.decode(payload, mso.LIMITS)]))
    message = cose.parse(b64url_decode(copy))
    return set(_leaves([message.header, cbor.decode(message.payload), message.signature]))


@every
def test_two_copies_share_only_what_they_share_with_everybody(office: Office, configuration: Configuration) -> None:
    """What is in both of mine is in the copy of a stranger too, who has the same record and asked hours later."""
    mine = [
        everything_in(configuration.format, copy)
        for copy in office.copies([MemorySigner.generate(), MemorySigner.generate()], configuration.id)
    ]
    office.now = NOW + 2 * 3600
    (strangers,) = office.copies([MemorySigner.generate()], configuration.id, account="account-3")
    common = mine[0] & mine[1]
    assert common <= everything_in(configuration.format, strangers)
    # So key, place in the list, salts, digests and signature differ; and there are enough of them.
    random = [leaf for leaf in mine[0] - common if isinstance(leaf, str | bytes) and len(leaf) >= 16]
    told = len(KINDS[configuration.document.name].keys() & {field.name for field in configuration.fields})
    assert len(random) >= 2 + (0 if configuration.format is Format.QR else 2 * told)


@every
def test_times_are_of_the_day(office: Office, configuration: Configuration) -> None:
    """Whoever asks on one day gets the same times, whatever the second: here three people's worth of hours."""
    office.now = NOW + DAY - NOW % DAY  # midnight, when the signers' certificates are older than the day
    times = set()
    for hours in (0, 7, 23):
        office.now = NOW + DAY - NOW % DAY + hours * 3600 + 11 * hours
        (copy,) = office.copies([MemorySigner.generate()], configuration.id)
        told = verified(office, configuration, copy, now=office.now)
        times.add((told.issued, told.expires))
    ((issued, expires),) = times
    assert issued % DAY == 0 and expires == issued + configuration.document.credential_days * DAY


def test_a_signer_that_began_today_signs_nothing_from_before(office: Office) -> None:
    began = int(office.signers.of("public-security").certificate.not_valid_before_utc.timestamp())
    assert began % DAY  # not at midnight
    for configuration in EACH:
        (copy,) = office.copies([MemorySigner.generate()], configuration.id)
        assert verified(office, configuration, copy).issued >= NOW - NOW % DAY
    (copy,) = office.copies([MemorySigner.generate()], "driving_licence.mdoc")
    assert mdoc.peek(b64url_decode(copy)).issued == began


def test_an_authority_signs_nothing_from_before_its_right() -> None:
    """Licences went to public security on 1 March 2025, at a midnight that is the afternoon before in UTC."""
    key, start = MemorySigner.generate(), 1_700_000_000
    certificate = Authority.create("Test root", now=start).issue(
        "x", key.public, Usage.DOCUMENT_SIGNER, now=start, days=700
    )
    midnight = 1_740_762_000  # 1 March 2025, 00:00 at +07:00
    licence = Document("d", "p", "driving_licence", LICENCE)
    for now, issued in (
        (midnight, midnight),
        (midnight + 6 * 3600, midnight),
        (midnight + 8 * 3600, midnight + 7 * 3600),
    ):
        made = terms(
            CONFIGURATIONS["driving_licence.mdoc"],
            licence,
            authority="public-security",
            by=CertifiedSigner(key, certificate),
            now=now,
        )
        assert made.issued == issued


@every
def test_a_copy_never_outlives_its_document(office: Office, configuration: Configuration) -> None:
    with office.storage.transaction() as ports:
        record = KINDS[configuration.document.name]
        short = Document("short", "person-3", configuration.document.name, record, valid_until="2026-09-25")
        for held in ports.documents.of_person("person-3"):
            if held.type == short.type:
                ports.documents.set_state(held.document_id, type(held.state).REVOKED)
        ports.documents.add([replace(short)])
    (copy,) = office.copies([MemorySigner.generate()], configuration.id, account="account-3")
    assert verified(office, configuration, copy).expires == 1_790_355_599  # 25 September 2026, 23:59:59 at +07:00


def test_a_view_with_a_portrait_is_not_signed_without(office: Office) -> None:
    """People whose numbers are synthetic have a face drawn; whoever has a real one has a picture in the register, or none."""
    with office.storage.transaction() as ports:
        ports.documents.set_record("licence-1", LICENCE, valid_until="2031-03-01")
        ports.population.reset_pid("person-1", "079190000011", on="2026-09-01", reason="test")
    assert "driving_licence.portrait" not in office.offer().configuration_ids
    with office.storage.transaction() as ports:  # as a wallet that asks by itself
        grant = Grant("g", "account-1", "wallet", ("credential:driving_licence.portrait",), "issuance", NOW, NOW + 300)
        ports.grants.open(grant, [Token(token_hash("t"), "g", "access", NOW + 300)])
    answer = office.ask("t", office.request(office.proof(), configuration="driving_licence.portrait"))
    assert body(answer)["error"] == "credential_request_denied"
    with office.storage.reading() as ports:
        assert not ports.documents.issued("licence-1") and not ports.journal.read(kind="credential_intended")
