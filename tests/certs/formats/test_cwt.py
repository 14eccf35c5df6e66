"""The credential of the QR from issue to verdict, for every document type and view; its sizes; each check in its turn."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certs import cbor, cose, qr
from certs.catalogue import DocumentType, View, document_type
from certs.errors import CertsError
from certs.formats import Expected, Step, Trail, Verified, cwt
from certs.keys import MemorySigner
from certs.proof import HOLDER_PROOF_TYP
from certs.status import Status
from certs.x509 import key_id
from tests.certs.records import VIEW_IDS, VIEWS, records
from tests.certs.refusals import refused
from tests.world import DAY, NOW, RECORDS, URI, World

STANDING = World()
BUNDLE = STANDING.open_bundle()


def verified(data: bytes, *, now: int = NOW, trail: Trail | None = None, **expected: Any) -> Verified:
    return cwt.verify(
        data, trust=BUNDLE.trust, statuses=BUNDLE.statuses, now=now, expected=Expected(**expected), trail=trail
    )


def present(credential: bytes, signer: MemorySigner | None = None, *, at: int = NOW, **proof: Any) -> bytes:
    return cwt.present(credential, signer or STANDING.holder, now=at, **proof)


@pytest.mark.parametrize(("document", "view"), VIEWS, ids=VIEW_IDS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_view_survives_issue_present_verify(document: DocumentType, view: View, data: st.DataObject) -> None:
    record = data.draw(records(document, view))
    credential = STANDING.issue(document.name, view.name, record, index=7)
    text = qr.to_text(present(credential))
    result = verified(qr.from_text(text))
    assert result.claims == {name: record[name] for name in view.fields if record.get(name) is not None}
    assert (result.document, result.view, result.holder_bound) == (document.name, view.name, True)
    assert (result.issuer, result.issued, result.presented_at) == (document.issuers[-1].authority, NOW - 60, NOW)
    assert (result.audience, result.challenge, result.status_as_of, result.trust_as_of) == (None, None, NOW, NOW)
    assert result.holder_thumbprint == STANDING.holder.public.thumbprint()


@pytest.mark.parametrize(
    ("name", "view", "size", "version"),
    [
        ("driving_licence", "licence", 530, 18),
        ("driving_licence", "age_over_18", 530, 15),
        ("driving_licence", "full", 640, 20),
        ("health_record", "summary", 640, 20),
        ("citizen_identity", "identity", 640, 20),
    ],
)
def test_the_reference_documents_stay_small(name: str, view: str, size: int, version: int) -> None:
    """What a phone's camera reads at arm's length; with audience and challenge, as a counter asks for them."""
    credential = STANDING.issue(name, view, index=1 << 20, uri="https://idp.vneid-reference.example/status-lists/12")
    assert len(present(credential)) <= size
    shown = present(credential, audience="https://counter.bank.example", challenge=bytes(16))
    assert qr.version(qr.to_text(present(credential))) <= version
    assert qr.version(qr.to_text(shown)) <= 20


def test_age_over_18_tells_nothing_else() -> None:
    credential = STANDING.issue("driving_licence", "age_over_18")
    claims = cbor.decode(cose.parse(credential).payload)
    assert claims[cwt.DOCUMENT] == {1: 2, 2: 2, 9: True}
    for secret in (RECORDS["driving_licence"]["full_name"].encode(), cbor.encode(999203001234), b"999203001234"):
        assert secret not in credential


def test_audience_and_challenge_are_for_whom_they_are_for() -> None:
    credential = STANDING.issue()
    both = present(credential, audience="bank", challenge=b"12345678")
    result = verified(both, audience="bank", challenge=b"12345678")
    assert (result.audience, result.challenge) == ("bank", b"12345678")
    for shown, expected, code in (
        (both, {"audience": "other", "challenge": b"12345678"}, "audience_mismatch"),
        (both, {"challenge": b"12345678"}, "audience_mismatch"),  # made for the bank, shown to somebody unnamed
        (both, {"audience": "bank", "challenge": b"87654321"}, "nonce_mismatch"),
        (both, {"audience": "bank"}, "nonce_mismatch"),
        (present(credential), {"audience": "bank"}, "audience_mismatch"),
        (present(credential), {"challenge": b"12345678"}, "nonce_mismatch"),
    ):
        with refused(code):
            verified(shown, **expected)


def test_a_credential_alone_proves_nobody_and_says_so() -> None:
    alone = STANDING.issue()
    for expected in ({}, {"printed": True}):  # it is no print either
        with refused("holder_binding_missing"):
            verified(alone, **expected)
    result = verified(alone, holder_proof=False)
    assert (result.holder_bound, result.printed, result.presented_at, result.audience) == (False, False, None, None)
    shown = verified(present(alone), holder_proof=False)  # a proof that is there is checked all the same
    assert shown.holder_bound
    with refused("holder_binding_invalid"):
        verified(present(alone, MemorySigner.generate()), holder_proof=False)


def test_a_printed_code_is_a_kind_of_its_own() -> None:
    paper = qr.from_text(STANDING.paper())
    assert cwt.peek(paper).printed and cwt.peek(paper).holder is None and cwt.CNF not in claims_of(paper)
    with refused("holder_binding_missing"):
        verified(paper)
    for expected in ({"printed": True}, {"holder_proof": False}, {"printed": True, "audience": "bank"}):
        result = verified(paper, **expected)
        assert (result.printed, result.holder_bound, result.holder, result.holder_thumbprint) == (
            True,
            False,
            None,
            None,
        )
        assert (result.audience, result.challenge, result.presented_at, result.status_as_of) == (None, None, None, NOW)
    with refused("expired"):
        verified(qr.from_text(STANDING.paper(days=0)), printed=True)


def claims_of(credential: bytes) -> dict[int, Any]:
    claims = cbor.decode(cose.parse(credential).payload)
    assert isinstance(claims, dict)
    return claims


def resigned(credential: bytes, typ: str, **changes: Any) -> bytes:
    """Signed anew by the real authority, as another type."""
    claims = {**claims_of(credential), **changes.get("claims", {})}
    desk = STANDING.issuers["public-security"]
    header = {cose.KID: key_id(desk.certificate), cose.TYP: typ}
    return cose.sign(cbor.encode({k: v for k, v in claims.items() if v is not None}), desk.signer, header=header)


def test_neither_kind_passes_for_the_other() -> None:
    bound, paper = STANDING.issue(), qr.from_text(STANDING.paper())
    anything = {"holder_proof": False, "printed": True}
    for data in (resigned(bound, cwt.PRINTED_TYP), resigned(paper, cwt.TYP)):
        with refused("malformed"):  # the type alone makes no other kind of it, though the authority itself signed that
            verified(data, **anything)
    for data in (present(paper), present(resigned(bound, cwt.PRINTED_TYP, claims={cwt.CNF: None}))):
        with refused("type_mismatch"):  # nobody proves to hold a print
            verified(data, **anything)
    with refused("type_mismatch"):  # and no wallet keeps one
        cwt.verify_issued(paper, trust=BUNDLE.trust, now=NOW)
    message = cose.parse(bound)
    other = cbor.encode({**message.header, cose.TYP: cwt.PRINTED_TYP})
    forged = cbor.Tag(cose.SIGN1, [other, {}, cose.parse(paper).payload, message.signature])
    with refused("signature_invalid"):
        verified(cbor.encode(forged), **anything)


def test_a_wallet_checks_all_but_status_and_holder_proof() -> None:
    credential = STANDING.issue(index=3)
    kept = cwt.verify_issued(credential, trust=BUNDLE.trust, now=NOW)
    assert (kept.holder_bound, kept.status_as_of, kept.claims["points"]) == (False, None, 12)
    with refused("expired"):
        cwt.verify_issued(credential, trust=BUNDLE.trust, now=NOW + 31 * DAY)
    with refused("type_mismatch"):  # a presentation is no credential
        cwt.verify_issued(present(credential), trust=BUNDLE.trust, now=NOW)


def test_a_peek_reads_without_believing() -> None:
    stranger = World()
    credential = stranger.issue(index=11)
    for data in (credential, stranger.present(credential)):
        contents = cwt.peek(qr.from_text(data) if isinstance(data, str) else data)
        assert (contents.document.name, contents.view.name, contents.issuer) == (
            "driving_licence",
            "licence",
            "public-security",
        )
        assert (contents.status_uri, contents.status_index, contents.holder) == (URI, 11, stranger.holder.public)


# --- each step in its turn --------------------------------------------------------------------------------------------


def step_of(data: bytes, world: World = STANDING, *, now: int = NOW, **expected: Any) -> tuple[str, Step]:
    held, trail = world.open_bundle(), Trail()
    try:
        cwt.verify(data, trust=held.trust, statuses=held.statuses, now=now, expected=Expected(**expected), trail=trail)
    except CertsError as error:
        assert trail.steps == list(Step)[1 : trail.steps[-1]]  # one after the other, none left out
        return error.code, trail.steps[-1]
    raise AssertionError("accepted")


def test_the_first_thing_wrong_is_what_is_told(world: World) -> None:
    good = world.issue(index=5)
    stranger = World()
    assert step_of(b"\xff", world) == ("malformed", Step.FORMAT)
    assert step_of(stranger.issue(), world) == ("key_not_found", Step.ISSUER_SIGNATURE)
    forged = replace_signature(good)
    assert step_of(forged, world) == ("signature_invalid", Step.ISSUER_SIGNATURE)
    assert step_of(world.issue("health_record", authority="tax"), world) == ("issuer_untrusted", Step.TRUST_LIST)
    assert step_of(world.issue(issued=NOW + 61), world) == ("issued_in_future", Step.VALIDITY)
    assert step_of(world.issue(issued=NOW - 30 * DAY), world) == ("expired", Step.VALIDITY)
    world.set_state(5, Status.SUSPENDED)
    assert step_of(world.issue(index=5), world) == ("suspended", Step.STATUS)
    assert step_of(world.issue(uri=URI + "9"), world) == ("status_unavailable", Step.STATUS)
    assert step_of(world.issue(), world) == ("holder_binding_missing", Step.HOLDER_PROOF)
    assert step_of(present(world.issue(index=50), world.holder, at=NOW - 91), world) == (
        "presentation_stale",
        Step.HOLDER_PROOF,
    )


def test_a_signer_that_expired_is_told_before_its_right_to_issue(world: World) -> None:
    held = world.open_bundle()
    later = NOW + 400 * DAY
    credential = world.issue(issued=later - 60)
    trail = Trail()
    with refused("cert_expired"):
        cwt.verify(
            present(credential, world.holder, at=later),
            trust=held.trust,
            statuses=held.statuses,
            now=later,
            expected=Expected(),
            trail=trail,
        )
    assert trail.steps[-1] is Step.CERTIFICATE_PATH


def replace_signature(credential: bytes, signer: MemorySigner | None = None) -> bytes:
    message = cose.parse(credential)
    header = {key: value for key, value in message.header.items() if key != cose.ALG and isinstance(key, int)}
    return cose.sign(message.payload, signer or MemorySigner.generate(), header=header)


def test_the_times_of_a_credential() -> None:
    credential = STANDING.issue(issued=NOW, days=1)
    for now in (NOW - 60, NOW, NOW + DAY - 1):
        cwt.verify_issued(credential, trust=BUNDLE.trust, now=now)
    with refused("issued_in_future"):
        cwt.verify_issued(credential, trust=BUNDLE.trust, now=NOW - 61)
    with refused("expired"):
        cwt.verify_issued(credential, trust=BUNDLE.trust, now=NOW + DAY)


def test_the_handover_of_driving_licences() -> None:
    """Circular 12/2025/TT-BCA: from 1 March 2025 the public security authority issues; what transport issued before stays."""
    handover = 1_740_787_200
    old, new = handover - 5, handover + 5
    for authority, issued, accepted in (
        ("transport", old, True),
        ("transport", new, False),
        ("public-security", old, False),
        ("public-security", new, True),
    ):
        credential = STANDING.issue(authority=authority, issued=issued)
        if accepted:
            assert cwt.verify_issued(credential, trust=BUNDLE.trust, now=new + 60).issuer == authority
        else:
            with refused("issuer_untrusted"):
                cwt.verify_issued(credential, trust=BUNDLE.trust, now=new + 60)


# --- a closed set of headers and claims -------------------------------------------------------------------------------

DESK = STANDING.issuers["public-security"]
CLAIMS = cbor.decode(cose.parse(STANDING.issue(index=9)).payload)
CNF = CLAIMS[cwt.CNF]
REFERENCE = CLAIMS[65535]["status_list"]


def signed(claims: dict[int, Any] | None = None, header: dict[int, Any] | None = None) -> bytes:
    """A credential of the real authority with other contents; "gone" takes one away."""
    whole = {**CLAIMS, **(claims or {})}
    headers = {cose.KID: key_id(DESK.certificate), cose.TYP: cwt.TYP, **(header or {})}
    return cose.sign(
        cbor.encode({key: value for key, value in whole.items() if value != "gone"}),
        DESK.signer,
        header={key: value for key, value in headers.items() if value != "gone"},
    )


def test_what_the_tests_change_is_good_when_unchanged() -> None:
    verified(present(signed()))


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        *(({key: "gone"}, "malformed") for key in (1, 4, 6, 8, 65535, -65537)),
        *(({1: issuer}, "malformed") for issuer in (5, None, b"public-security", ["public-security"])),
        *(({1: issuer}, "issuer_untrusted") for issuer in ("", "public-security ", "Public-security", "tax", "public")),
        *(({4: when}, "malformed") for when in ("x", True, None, -1, NOW - 61, NOW - 60)),
        *(({6: when}, "malformed") for when in ("x", True, None, -1)),
        *(
            ({8: cnf}, "malformed")
            for cnf in (
                {},
                [],
                None,
                {1: CNF[1], 2: b"x"},
                {2: CNF[1]},
                {1: b"x"},
                {1: {}},
                {1: {**CNF[1], -4: b"x" * 32}},
            )
        ),
        *(
            ({65535: status}, "malformed")
            for status in (
                {},
                [],
                None,
                {"status_list": {}},
                {"status_list": REFERENCE, "x": 1},
                {"identifier_list": REFERENCE},
            )
        ),
        *(({65535: {"status_list": {**REFERENCE, "idx": index}}}, "malformed") for index in (-1, True, "5", None)),
        *(({65535: {"status_list": {**REFERENCE, "uri": uri}}}, "malformed") for uri in (5, None, b"x")),
        ({65535: {"status_list": {**REFERENCE, "idx": 1 << 40}}}, "status_index_out_of_range"),
        *(({-65537: document}, "malformed") for document in ([], None, 5)),
        ({2: "sub"}, "malformed"),
        ({5: NOW}, "malformed"),
        ({7: b"cti"}, "malformed"),
    ],
)
def test_a_credential_with_other_claims_is_refused(claims: dict[int, Any], code: str) -> None:
    with refused(code):
        verified(present(signed(claims)))


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({cose.KID: "gone"}, "malformed"),
        ({cose.KID: b""}, "key_not_found"),
        ({cose.KID: b"\0" * 8}, "key_not_found"),
        ({cose.KID: "text"}, "key_not_found"),
        ({cose.TYP: "gone"}, "type_mismatch"),
        ({cose.TYP: 61}, "type_mismatch"),
        ({cose.TYP: "application/statuslist+cwt"}, "type_mismatch"),
        ({cose.TYP: HOLDER_PROOF_TYP}, "malformed"),
        ({cose.X5CHAIN: b"der"}, "malformed"),
        ({3: 0}, "malformed"),
    ],
)
def test_a_credential_with_another_header_is_refused(header: dict[int, Any], code: str) -> None:
    with refused(code):
        verified(signed(header=header), holder_proof=False)


def test_a_presentation_inside_a_presentation_is_refused() -> None:
    once = present(STANDING.issue())
    with refused("type_mismatch"):
        verified(present(once))


def test_nothing_is_signed_when_the_record_does_not_fit() -> None:
    class Watched(MemorySigner):
        def sign(self, message: bytes) -> bytes:
            raise AssertionError("signed")

    watched = Watched(DESK.signer.crypto(), "ES256")
    for record in (
        {},
        {**RECORDS["driving_licence"], "points": -1},
        {**RECORDS["driving_licence"], "full_name": "\u202e"},
    ):
        with pytest.raises((ValueError, CertsError)):
            STANDING.issue(record=record, desk=replace(DESK, signer=watched))
    with pytest.raises(KeyError):
        document_type("driving_licence").view("everything")


# --- whatever a QR may carry ------------------------------------------------------------------------------------------

GOOD = present(STANDING.issue(index=2))


@settings(max_examples=300)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_changed_byte_passes(at: int, change: int) -> None:
    changed = bytearray(GOOD)
    changed[at] ^= change
    with pytest.raises(CertsError):
        verified(bytes(changed))


@given(
    st.binary(max_size=200)
    | st.integers(0, len(GOOD)).map(lambda end: GOOD[:end])
    | st.binary(min_size=1, max_size=9).map(lambda more: GOOD + more)
)
def test_other_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    if data != GOOD:
        with pytest.raises(CertsError):
            verified(data)
