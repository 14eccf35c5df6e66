"""The verdict: each step says no by itself, what cannot be known leaves the question open, and nothing else comes out."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certs import cbor, cose, qr
from certs.authority import Authority
from certs.catalogue import CATALOGUE
from certs.formats import Step
from certs.keys import MemorySigner
from certs.status import Status
from certs.x509 import Usage, key_id
from tests.certs import samples
from tests.shown import FORMS, show
from tests.world import DAY, RECORDS, World
from verifier import ADULT, DEFAULT, CheckOutcome, Outcome, Policy, Rejected, Undetermined, Unknown, Verifier
from verifier.batch.verdict import judged
from verifier.foreign.card import read


def at(world: World, seconds: int) -> Verifier:
    """The same trust data, that much later."""
    return Verifier(world.open_bundle(), clock=lambda: world.now + seconds)


def refusal(verifier: Verifier, text: str, policy: Policy = DEFAULT) -> tuple[str, Step]:
    with pytest.raises(Rejected) as caught:
        verifier.verify(text, policy=policy)
    report = verifier.inspect(text, policy=policy)
    assert report.outcome is Outcome.REJECTED and report.code == caught.value.code and report.verified is None
    assert report.checks[caught.value.step - 1].outcome is CheckOutcome.FAILED
    return caught.value.code, caught.value.step


def open_question(verifier: Verifier, text: str, policy: Policy = DEFAULT) -> tuple[str, Step]:
    with pytest.raises(Undetermined) as caught:
        verifier.verify(text, policy=policy)
    report = verifier.inspect(text, policy=policy)
    assert report.outcome is Outcome.UNDETERMINED and report.verified is None and report.code == caught.value.code
    assert report.checks[caught.value.step - 1].outcome is CheckOutcome.UNKNOWN
    return caught.value.code, caught.value.step


@pytest.mark.parametrize(
    "name", [f"{kind.name}.{view.name}" for kind in CATALOGUE.values() for view in kind.views if view.qr]
)
def test_every_view_of_every_document_is_accepted(world: World, verifier: Verifier, name: str) -> None:
    kind, view = name.split(".")
    verified = verifier.verify(world.present(world.issue(kind, view)), policy=Policy(documents=(name,)))
    cut = CATALOGUE[kind].view(view)
    record = samples.for_view(RECORDS[kind], cut)
    assert verified.claims == {field: record[field] for field in cut.fields if record.get(field) is not None}
    assert (verified.document, verified.view, verified.holder_bound) == (kind, view, True)
    assert (verified.audience, verified.presented_at, verified.status_as_of) == (None, world.now, world.now)


def test_all_checks_pass_in_order(world: World, verifier: Verifier) -> None:
    report = verifier.inspect(world.present(), policy=Policy(documents=("driving_licence",)))
    assert [check.step for check in report.checks] == list(Step)
    assert {check.outcome for check in report.checks} == {CheckOutcome.PASSED}


def test_a_policy_that_asks_nothing_is_told_as_not_looked_at(world: World, verifier: Verifier) -> None:
    report = verifier.inspect(world.printed(), policy=Policy(require_holder_proof=False))
    outcomes = {check.step: check.outcome for check in report.checks}
    assert outcomes[Step.POLICY] is outcomes[Step.HOLDER_PROOF] is CheckOutcome.SKIPPED
    assert report.verified is not None and not report.verified.holder_bound


# --- no, step by step -------------------------------------------------------------------------------------------------


def test_1_bounds(verifier: Verifier) -> None:
    assert refusal(verifier, "VN1:" + "0" * 4293) == ("oversize", Step.BOUNDS)
    assert refusal(verifier, "HC1:6BF") == ("prefix_unknown", Step.BOUNDS)
    assert refusal(verifier, "VN1:aaa") == ("encoding_invalid", Step.BOUNDS)
    assert refusal(verifier, "") == ("prefix_unknown", Step.BOUNDS)


def test_2_format(verifier: Verifier) -> None:
    assert refusal(verifier, qr.to_text(cbor.encode({}))) == ("type_mismatch", Step.FORMAT)
    assert refusal(verifier, qr.to_text(b"")) == ("malformed", Step.FORMAT)


def test_3_a_changed_bit_breaks_the_issuer_signature(world: World, verifier: Verifier) -> None:
    credential = world.issue()
    forged = credential.replace("Nguyễn".encode(), "Nguyện".encode())
    assert len(forged) == len(credential) and forged != credential
    code, step = refusal(verifier, world.present(forged))
    assert (code, step) == ("signature_invalid", Step.ISSUER_SIGNATURE)


def test_3_a_signer_that_nobody_listed(world: World, verifier: Verifier) -> None:
    stranger = world.desk("stranger", Usage.DOCUMENT_SIGNER)
    text = world.present(world.issue(desk=stranger))
    assert refusal(verifier, text) == ("key_not_found", Step.ISSUER_SIGNATURE)


def test_3_another_key_under_a_listed_key_id(world: World, verifier: Verifier) -> None:
    real = world.issuers["public-security"]
    fake = type(real)(MemorySigner.generate(), real.certificate)
    text = world.present(world.issue(desk=fake))
    assert refusal(verifier, text) == ("signature_invalid", Step.ISSUER_SIGNATURE)


def test_4_another_root(world: World) -> None:
    other = Authority.create("Other root", now=world.now - 400 * DAY)
    world.issuers["public-security"] = world.desk("public-security", Usage.DOCUMENT_SIGNER, root=other)
    assert refusal(at(world, 0), world.present()) == ("issuer_untrusted", Step.CERTIFICATE_PATH)


@pytest.mark.parametrize(("starts", "days", "code"), [(-400, 399, "cert_expired"), (1, 300, "cert_not_yet_valid")])
def test_4_a_certificate_out_of_its_time(world: World, starts: int, days: int, code: str) -> None:
    desk = world.desk("public-security", Usage.DOCUMENT_SIGNER, starts=starts, days=days)
    world.issuers["public-security"] = desk
    assert refusal(at(world, 0), world.present()) == (code, Step.CERTIFICATE_PATH)


def test_4_a_certificate_for_another_purpose(world: World) -> None:
    world.issuers["public-security"] = world.desk("public-security", Usage.STATUS_SIGNER)
    assert refusal(at(world, 0), world.present()) == ("cert_usage", Step.CERTIFICATE_PATH)


def test_5_an_authority_that_may_not_issue_this(world: World, verifier: Verifier) -> None:
    text = world.present(world.issue("driving_licence", authority="health"))
    assert refusal(verifier, text) == ("issuer_untrusted", Step.TRUST_LIST)


def test_5_the_transport_authority_after_its_right_ended(world: World, verifier: Verifier) -> None:
    """Licences passed to public security on 1 March 2025."""
    assert refusal(verifier, world.present(world.issue(authority="transport"))) == ("issuer_untrusted", Step.TRUST_LIST)


def test_5_the_transport_authority_before_that(world: World, verifier: Verifier) -> None:
    issued = world.now - 380 * DAY  # February 2025
    text = world.present(world.issue(authority="transport", issued=issued, days=400))
    assert verifier.verify(text).issuer == "transport"


def test_5_another_name_than_the_signer_has(world: World, verifier: Verifier) -> None:
    text = world.present(world.issue(authority="tax", desk=world.issuers["public-security"]))
    assert refusal(verifier, text) == ("issuer_untrusted", Step.TRUST_LIST)


def test_6_dates(world: World, verifier: Verifier) -> None:
    late = world.present(world.issue(issued=world.now - 31 * DAY))
    early = world.present(world.issue(issued=world.now + 120))
    assert refusal(verifier, late) == ("expired", Step.VALIDITY)
    assert refusal(verifier, early) == ("issued_in_future", Step.VALIDITY)


@pytest.mark.parametrize(
    ("state", "code"),
    [(Status.INVALID, "revoked"), (Status.SUSPENDED, "suspended"), (Status.HOLDER_LOCKED, "holder_locked")],
)
def test_7_status(world: World, state: Status, code: str) -> None:
    text = world.present(world.issue(index=77))
    assert at(world, 0).verify(text)
    world.set_state(77, state)
    assert refusal(at(world, 0), text) == (code, Step.STATUS)
    world.set_state(77, Status.VALID)
    assert at(world, 0).verify(text)


def test_8_without_holder_proof(world: World, verifier: Verifier) -> None:
    assert refusal(verifier, world.printed()) == ("holder_binding_missing", Step.HOLDER_PROOF)


def test_8_another_persons_key(world: World, verifier: Verifier) -> None:
    text = world.present(signer=MemorySigner.generate())
    assert refusal(verifier, text) == ("holder_binding_invalid", Step.HOLDER_PROOF)


def test_8_a_proof_is_fresh_for_a_minute_and_the_skew(world: World) -> None:
    text = world.present()
    assert at(world, 90).verify(text)
    assert refusal(at(world, 91), text) == ("presentation_stale", Step.HOLDER_PROOF)
    assert at(world, 0).verify(world.present(at=world.now + 30))
    assert refusal(at(world, 0), world.present(at=world.now + 31)) == ("issued_in_future", Step.HOLDER_PROOF)
    strict = Policy(fresh_for=10, skew=0)
    assert at(world, 10).verify(text, policy=strict)
    assert refusal(at(world, 11), text, strict) == ("presentation_stale", Step.HOLDER_PROOF)


def test_8_audience_and_challenge(world: World, verifier: Verifier) -> None:
    ours = Policy(audience="bank", challenge=b"1234")
    assert verifier.verify(world.present(audience="bank", challenge=b"1234"), policy=ours).audience == "bank"
    assert refusal(verifier, world.present(audience="shop", challenge=b"1234"), ours)[0] == "audience_mismatch"
    assert refusal(verifier, world.present(challenge=b"1234"), ours)[0] == "audience_mismatch"
    assert refusal(verifier, world.present(audience="bank", challenge=b"9999"), ours)[0] == "nonce_mismatch"
    assert refusal(verifier, world.present(audience="bank"), ours)[0] == "nonce_mismatch"
    assert refusal(verifier, world.present(audience="shop"))[0] == "audience_mismatch"


def test_9_another_kind_or_view_than_is_taken_here(world: World, verifier: Verifier) -> None:
    text = world.present(world.issue("driving_licence", "age_over_18"))
    for documents in (("driving_licence",), ("driving_licence.age_over_18",), ("tax_registration", "driving_licence")):
        assert verifier.verify(text, policy=Policy(documents=documents))
    for documents in (("health_record",), ("driving_licence.licence",), ("licence",)):
        assert refusal(verifier, text, Policy(documents=documents)) == ("policy_refused", Step.POLICY)


def test_9_a_fact_that_must_say_so(world: World, verifier: Verifier) -> None:
    child = {**RECORDS["citizen_identity"], "age_over_18": False}
    young = world.present(world.issue("citizen_identity", "age_over_18", child))
    assert verifier.verify(young).claims == {"age_over_18": False}
    assert refusal(verifier, young, ADULT) == ("policy_refused", Step.POLICY)
    assert verifier.verify(world.present(world.issue("citizen_identity", "age_over_18")), policy=ADULT)
    assert refusal(verifier, world.present(), ADULT) == ("policy_refused", Step.POLICY)
    assert refusal(verifier, world.present(), Policy(claims=ADULT.claims)) == ("claims_missing", Step.POLICY)


# --- cannot tell yet --------------------------------------------------------------------------------------------------


def test_a_missing_status_list_leaves_the_question_open(world: World, verifier: Verifier) -> None:
    text = world.present(world.issue(uri="http://localhost:5000/status-lists/9"))
    assert open_question(verifier, text) == ("status_unavailable", Step.STATUS)
    hard = Policy(status_unavailable=Unknown.REJECT)
    assert refusal(verifier, text, hard) == ("status_unavailable", Step.STATUS)


def test_an_old_status_list_leaves_the_question_open(world: World) -> None:
    text = world.present(at=world.now + DAY + 1)
    assert open_question(at(world, DAY + 1), text) == ("status_stale", Step.STATUS)
    patient = Policy(max_status_age=3 * DAY)
    assert at(world, DAY + 1).verify(text, policy=patient).status_as_of == world.now
    assert open_question(at(world, 60), world.present(), Policy(max_status_age=30)) == ("status_stale", Step.STATUS)


def test_a_no_is_final_whatever_cannot_be_known(world: World, verifier: Verifier) -> None:
    """A screenshot must not hide behind a missing status list: a counter may have a rule for *cannot tell yet*."""
    unknown = world.issue(uri="http://localhost:5000/status-lists/9")
    assert refusal(verifier, world.printed(unknown)) == ("holder_binding_missing", Step.HOLDER_PROOF)
    assert refusal(verifier, world.present(unknown, at=world.now - 3600))[0] == "presentation_stale"
    assert refusal(verifier, world.present(unknown), Policy(documents=("tax_registration",)))[0] == "policy_refused"
    old = Policy(status_stale=Unknown.REJECT, max_bundle_age=10)
    later = Verifier(verifier.bundle, clock=lambda: world.now + 11)
    assert refusal(later, world.present(unknown), old) == ("status_stale", Step.TRUST_LIST)


def test_an_old_revocation_list_of_signers_leaves_the_question_open(world: World) -> None:
    crls = (world.root.sign_crl((), number=1, now=world.now, days=1),)
    held = world.open_bundle(crls=crls)
    assert Verifier(held, clock=lambda: world.now).verify(world.present()).document == "driving_licence"
    later = Verifier(held, clock=lambda: world.now + DAY)
    text = world.present(at=world.now + DAY)
    assert open_question(later, text) == ("status_stale", Step.CERTIFICATE_PATH)
    hard = Policy(status_stale=Unknown.REJECT)
    assert refusal(later, text, hard) == ("status_stale", Step.CERTIFICATE_PATH)
    assert refusal(later, world.printed()) == ("holder_binding_missing", Step.HOLDER_PROOF)


def test_trust_data_past_its_end_or_its_age(world: World) -> None:
    long_list = {"status_lists": {}}
    verifier = Verifier(world.open_bundle(**long_list, lifetime=DAY), clock=lambda: world.now + DAY)
    text = world.present(at=world.now + DAY)
    assert open_question(verifier, text) == ("status_stale", Step.TRUST_LIST)
    young = Policy(max_bundle_age=3600, max_status_age=DAY)
    assert open_question(at(world, 3601), world.present(at=world.now + 3601), young)[0] == "status_stale"


def test_a_clock_behind_its_own_trust_data(world: World) -> None:
    text = world.present(world.issue(issued=world.now - 3600), at=world.now - 600)
    assert open_question(at(world, -600), text) == ("clock_unreliable", Step.VALIDITY)


def test_a_clock_behind_makes_nothing_of_the_future_bad(world: World) -> None:
    """What a customer shows now is of the future for a machine with a flat battery: that is no fault of the customer's."""
    text, hard = world.present(), Policy(clock_unreliable=Unknown.REJECT)
    for back in (-DAY, -300 * DAY, -800 * DAY, -world.now):
        assert open_question(at(world, back), text)[0] == "clock_unreliable"
        assert refusal(at(world, back), text, hard)[0] == "clock_unreliable"
    forged = World().present()
    assert refusal(at(world, -DAY), forged) == ("key_not_found", Step.ISSUER_SIGNATURE)
    assert (
        refusal(at(world, 0), world.present(at=world.now + 31))[0] == "issued_in_future"
    )  # where the clock may be right


# --- whatever comes ---------------------------------------------------------------------------------------------------


HOSTILE = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SHARED = World()
SHARED_VERIFIER = Verifier(SHARED.open_bundle(), clock=lambda: SHARED.now)
GOOD = SHARED.present()
GOOD_BYTES = qr.from_text(GOOD)


def never_yes(text: str) -> None:
    report = SHARED_VERIFIER.inspect(text)
    assert report.outcome is not Outcome.ACCEPTED and report.code not in (None, "internal"), (report.code, text[:80])
    with pytest.raises((Rejected, Undetermined)):
        SHARED_VERIFIER.verify(text)


@HOSTILE
@given(st.text())
def test_any_text_gets_a_no(text: str) -> None:
    never_yes(text)
    never_yes("VN1:" + text)


@HOSTILE
@given(st.binary(max_size=2800))
def test_any_bytes_in_a_code_get_a_no(data: bytes) -> None:
    never_yes(qr.to_text(data))


@HOSTILE
@given(st.integers(0, len(GOOD_BYTES) - 1), st.integers(1, 255))
def test_a_good_code_with_one_changed_byte_gets_a_no(place: int, change: int) -> None:
    data = bytearray(GOOD_BYTES)
    data[place] ^= change
    never_yes(qr.to_text(bytes(data)))


@HOSTILE
@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_a_good_text_with_one_changed_character_gets_a_no(place: int, character: str) -> None:
    changed = GOOD[:place] + character + GOOD[place + 1 :]
    if changed != GOOD:
        never_yes(changed)


@HOSTILE
@given(st.integers(0, len(GOOD) - 1))
def test_a_good_text_cut_short_gets_a_no(length: int) -> None:
    never_yes(GOOD[:length])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.integers(-70000, 70000) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=20,
)


@HOSTILE
@given(VALUES)
def test_any_value_that_a_listed_authority_signs_gets_a_verdict(value: object) -> None:
    """Even an issuer gone mad breaks nothing: its signature holds, and the contents are refused."""
    desk = SHARED.issuers["public-security"]
    header = {cose.KID: key_id(desk.certificate), cose.TYP: "vn1+cwt"}
    never_yes(qr.to_text(cose.sign(cbor.encode(value), desk.signer, header=header)[:2860]))


@pytest.mark.parametrize("length", [4296, 4297, 65_536, 1024 * 1024])
@pytest.mark.parametrize("character", ["0", "Đ", "\x00", "\ud800", "𝟎"])
def test_texts_up_to_a_mebibyte_get_a_no(length: int, character: str) -> None:
    never_yes("VN1:" + character * (length - 4))


@pytest.mark.parametrize("thing", [None, b"VN1:", 7, ["VN1:"]])
def test_what_is_no_text_gets_a_no(thing: object) -> None:
    never_yes_thing: str = thing  # type: ignore[assignment]
    assert SHARED_VERIFIER.inspect(never_yes_thing).code == "encoding_invalid"


def test_our_own_failure_is_a_no_and_tells_nothing(
    world: World, verifier: Verifier, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Verifier(None, clock=lambda: world.now)  # type: ignore[arg-type]
    with pytest.raises(Rejected) as caught:
        broken.verify(world.present())
    assert caught.value.code == "internal" and "NoneType" not in caught.value.reason.en
    assert world.present()[:40] not in caplog.text


@pytest.mark.parametrize("form", FORMS)
def test_what_is_said_of_a_person_stands_in_no_repr(world: World, form: str) -> None:
    """Whoever logs a report, or a traceback with its variables, writes down nobody's papers."""
    shown, verifier = show(world, form), at(world, 0)
    report = shown.inspect(verifier)
    assert report.verified is not None and report.verified.claims["full_name"] in str(report.to_json())
    card = "999203001234||Nguyễn Thị Thuỳ Dương|09052003|Nữ|Hà Nội|10032025"
    row = judged(world.present(), verifier, DEFAULT, ("full_name",))
    assert row.claims
    for value in (report, read(card), row):
        assert not any(secret in repr(value) for secret in ("999203001234", "Dương", "2003-05-09", "Hà Nội"))
