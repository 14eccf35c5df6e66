"""Groups QR and KB where one presentation comes twice, or two people make one: in every form in which a document is shown."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from certs import cbor, cose, qr
from certs.encoding import b64url_decode, b64url_encode
from certs.formats import Step
from certs.keys import MemorySigner
from certs.x509 import Usage
from tests.certs.formats import mdocs
from tests.certs.formats.mdocs import TRANSCRIPT
from tests.shown import CONVERSATION, FORMS, Shown, show
from tests.world import DAY, PID, RECORDS, URI, World
from verifier import (
    AllOf,
    AnyOf,
    CheckOutcome,
    Link,
    MemoryOnce,
    Once,
    Outcome,
    Policy,
    PolicyError,
    Rejected,
    Undetermined,
    Verifier,
)
from verifier.storage.sqlite import SqliteOnce
from verifier.used import MARGIN

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # the order of P-256
NUMBER = "personal_identification_number"
OTHER_PID = "999103004321"


def at(world: World, seconds: int = 0, **bundle: Any) -> Verifier:
    return Verifier(world.open_bundle(**bundle), clock=lambda: world.now + seconds)


def other_half(signature: bytes) -> bytes:
    """(r, n - s): as good a signature of the same bytes, made without any key."""
    r, s = signature[:32], int.from_bytes(signature[32:], "big")
    return r + (N - s).to_bytes(32, "big")


def mirrored(shown: Shown) -> Shown:
    """The same presentation with the holder's signature written the other way, which still holds."""
    if shown.form == "vn1_cwt":
        message = cose.parse(qr.from_text(shown.text))
        parts = [message.protected, {}, message.payload, other_half(message.signature)]
        return Shown(shown.form, qr.to_text(cbor.encode(cbor.Tag(cose.SIGN1, parts))))
    if shown.form == "dc+sd-jwt":
        head, _, signature = shown.text.rpartition(".")
        return Shown(shown.form, f"{head}.{b64url_encode(other_half(b64url_decode(signature)))}")

    def change(value: dict[str, Any]) -> None:
        signed = mdocs.document_of(value)["deviceSigned"]["deviceAuth"]["deviceSignature"]
        signed[3] = other_half(signed[3])

    return Shown(shown.form, b64url_encode(mdocs.edited(b64url_decode(shown.text), change)))


def mirrored_issuer(shown: Shown) -> Shown:
    """An mdoc's device does not sign what its issuer signed: there the issuer's signature can be written the other way."""

    def change(value: dict[str, Any]) -> None:
        signed = mdocs.document_of(value)["issuerSigned"]["issuerAuth"]
        signed[3] = other_half(signed[3])

    return Shown(shown.form, b64url_encode(mdocs.edited(b64url_decode(shown.text), change)))


def fewer_elements(shown: Shown) -> Shown:
    """Nor which elements are shown: whoever saw them can leave some out."""

    def change(value: dict[str, Any]) -> None:
        spaces = mdocs.document_of(value)["issuerSigned"]["nameSpaces"]
        for space in spaces:
            spaces[space] = spaces[space][:1]

    return Shown(shown.form, b64url_encode(mdocs.edited(b64url_decode(shown.text), change)))


# --- one presentation, twice ------------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def guard(request: pytest.FixtureRequest, tmp_path: Path, world: World) -> Any:
    if request.param == "memory":
        return MemoryOnce(clock=lambda: world.now)
    guard = SqliteOnce(tmp_path / "once.sqlite", clock=lambda: world.now)
    request.addfinalizer(guard.close)
    return guard


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("form", FORMS)
def test_qr_13_kb_04_the_same_presentation_twice(world: World, guard: Once, form: str) -> None:
    shown, verifier = show(world, form), at(world)
    first = shown.inspect(verifier, once=guard)
    assert first.accepted and first.checks[Step.POLICY - 1].outcome is CheckOutcome.PASSED
    for wanted in ({}, {"one_time": True}, {"documents": ("driving_licence",)}):  # by whatever policy
        report = shown.inspect(verifier, once=guard, **wanted)
        assert (report.outcome, report.code, report.verified) == (Outcome.REJECTED, "presentation_replayed", None)
        assert report.checks[Step.POLICY - 1].outcome is CheckOutcome.FAILED
    if form == "vn1_cwt":  # online it is the next question that makes the next presentation
        assert show(world, form, at=world.now + 1).inspect(verifier, once=guard).accepted
    assert shown.inspect(verifier).accepted  # where nobody asks for one-time use


@pytest.mark.parametrize("form", FORMS)
def test_qr_13_the_signature_written_the_other_way_is_the_same_presentation(
    world: World, guard: Once, form: str
) -> None:
    shown, verifier = show(world, form), at(world)
    twin = mirrored(shown)
    assert twin.text != shown.text and twin.inspect(verifier).accepted  # it does hold
    assert shown.inspect(verifier, once=guard).accepted
    assert twin.inspect(verifier, once=guard).code == "presentation_replayed"


@pytest.mark.parametrize("change", [mirrored_issuer, fewer_elements])
def test_qr_13_what_the_device_did_not_sign_makes_no_second_presentation(
    world: World, guard: Once, change: Callable[[Shown], Shown]
) -> None:
    shown, verifier = show(world, "mso_mdoc"), at(world)
    twin = change(shown)
    assert twin.text != shown.text and twin.inspect(verifier).accepted
    assert shown.inspect(verifier, once=guard).accepted
    assert twin.inspect(verifier, once=guard).code == "presentation_replayed"


def test_qr_13_two_documents_of_one_key_are_two_presentations(world: World, guard: Once) -> None:
    """A person with two vehicles shows both in one conversation."""
    verifier = at(world)
    plates = [{**RECORDS["vehicle_registration"], "plate": plate} for plate in ("29B1-123.45", "30A-678.90")]
    for record in plates:
        shown = show(world, "mso_mdoc", "vehicle_registration", record=record)
        assert shown.inspect(verifier, once=guard).accepted
        assert shown.inspect(verifier, once=guard).code == "presentation_replayed"


@pytest.mark.parametrize("form", FORMS)
def test_qr_13_what_is_refused_or_open_is_not_used_up(world: World, guard: Once, form: str) -> None:
    """A clerk refreshes the trust data, or chooses the right document, and scans the same code again."""
    shown = show(world, form, at=world.now + DAY + 1) if form != "mso_mdoc" else show(world, form)
    later = at(world, DAY + 1)
    assert shown.inspect(later, once=guard).code == "status_stale"
    assert shown.inspect(later, once=guard, documents=("tax_registration",)).code == "policy_refused"
    fresh = at(world, DAY + 1, status_lists={URI: world.status_list(ttl=3 * DAY)})
    assert shown.inspect(fresh, once=guard).accepted
    assert shown.inspect(fresh, once=guard).code == "presentation_replayed"


@pytest.mark.parametrize("form", FORMS)
def test_qr_13_many_counters_at_once_accept_one(world: World, guard: Once, form: str) -> None:
    shown, verifier, start = show(world, form), at(world), threading.Barrier(6)

    def race(_: int) -> str | None:
        start.wait()
        return shown.inspect(verifier, once=guard).code

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(map(str, pool.map(race, range(6))))
    assert codes == ["None"] + ["presentation_replayed"] * 5


@pytest.mark.parametrize("form", FORMS)
def test_qr_13_it_is_remembered_as_long_as_it_could_be_accepted(world: World, form: str) -> None:
    """And a while longer, since two machines that share a guard have two clocks."""
    shown, ends = show(world, form), []

    class Recording:
        def once(self, key: bytes, *, expires: int) -> bool:
            ends.append(expires)
            return True

    assert shown.inspect(at(world), once=Recording(), fresh_for=60, skew=30).accepted
    wanted = {"vn1_cwt": 90 + MARGIN, "dc+sd-jwt": 300 + MARGIN, "mso_mdoc": 30 * DAY - 60}[form]
    assert ends == [world.now + wanted]


class Broken:
    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def once(self, key: bytes, *, expires: int) -> bool:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize("answer", [OSError("disk"), RuntimeError("full"), None, 1, "yes"], ids=repr)
@pytest.mark.parametrize("form", FORMS)
def test_qr_13_a_guard_that_does_not_know_is_no_yes(world: World, form: str, answer: Any) -> None:
    report = show(world, form).inspect(at(world), once=Broken(answer))
    assert report.outcome is Outcome.REJECTED and report.verified is None
    assert report.code == ("internal" if isinstance(answer, Exception) else "presentation_replayed")


def test_qr_13_a_policy_that_asks_for_it_needs_a_guard(world: World) -> None:
    verifier, once = at(world), Policy(one_time=True)
    for policy in (once, AnyOf((Policy(), once))):
        with pytest.raises(PolicyError, match="give a guard"):
            verifier.verify("anything", policy=policy)
        with pytest.raises(PolicyError, match="give a guard"):
            verifier.inspect("anything", policy=policy)
    with pytest.raises(PolicyError, match="give a guard"):
        verifier.verify_all(["one", "two"], policy=AllOf((Policy(), once)))
    for copies in ({"accept_printed": True}, {"require_holder_proof": False}):
        with pytest.raises(PolicyError, match="a copy is the same"):
            Policy(one_time=True, **copies)


def test_qr_13_a_copy_has_nothing_that_is_new_each_time(world: World, guard: Once) -> None:
    """Where the policy takes prints, one is as good the second time; whoever holds a wallet shows each code once."""
    verifier, policy = at(world), Policy(accept_printed=True)
    printed, shown = world.paper(), world.present()
    for _ in range(2):
        assert verifier.inspect(printed, policy=policy, once=guard).accepted
    assert verifier.inspect(shown, policy=policy, once=guard).accepted
    assert verifier.inspect(shown, policy=policy, once=guard).code == "presentation_replayed"


def test_kb_04_a_nonce_that_is_used_again_by_somebody_else(world: World, guard: Once) -> None:
    """Another document in answer to the same question is another presentation: that a question is answered once is for who
    asks it (`verifier.transactions`, `verifier.challenge`). The same answer is refused, and an answer to another question."""
    verifier = at(world)
    for form in ("dc+sd-jwt", "mso_mdoc"):
        shown = show(world, form)
        assert shown.inspect(verifier, once=guard).accepted
        assert shown.inspect(verifier, once=guard).code == "presentation_replayed"
        assert shown.inspect(verifier, once=guard, challenge=b"another").code == "nonce_mismatch"


# --- nobody's proof, another's key, old trust data: in every form -------------------------------------------------------


def unbound(world: World, form: str) -> Shown:
    """What somebody who saw the document has of it: all but the holder's proof."""
    shown = show(world, form)
    if form == "vn1_cwt":
        return Shown(form, world.printed())
    if form == "dc+sd-jwt":
        return Shown(form, shown.text[: shown.text.rindex("~") + 1])
    return Shown(form, b64url_encode(mdocs.issued(world)))


@pytest.mark.parametrize("form", FORMS)
def test_qr_12_without_the_holders_proof_the_policy_decides_and_the_result_says_so(
    world: World, guard: Once, form: str
) -> None:
    copy, verifier = unbound(world, form), at(world)
    assert verifier.inspect(copy.text).code == "holder_binding_missing"
    for _ in range(2):
        report = verifier.inspect(copy.text, policy=Policy(require_holder_proof=False), once=guard)
        assert report.verified is not None and not report.verified.holder_bound
        assert report.verified.presentation_id is None and report.verified.presented_at is None
        assert report.checks[Step.HOLDER_PROOF - 1].outcome is CheckOutcome.SKIPPED


@pytest.mark.parametrize("form", FORMS)
def test_qr_14_a_key_made_for_something_else(world: World, form: str) -> None:
    for usage in (Usage.STATUS_SIGNER, Usage.READER):
        world.issuers["public-security"] = world.desk("public-security", usage)
        report = show(world, form).inspect(at(world))
        assert (report.outcome, report.code) == (Outcome.REJECTED, "cert_usage")


@pytest.mark.parametrize("form", FORMS)
def test_qr_15_offline_for_thirty_days(world: World, form: str) -> None:
    """Accepted where lists are good for so long, with the age of each piece of trust data; not known where the policy says."""
    days = 29
    month = {URI: world.status_list(ttl=30 * DAY, expires=world.now + 30 * DAY)}
    crls = (world.root.sign_crl((), number=1, now=world.now - DAY, days=60),)
    verifier = at(world, days * DAY, status_lists=month, crls=crls)
    shown = show(world, form, at=world.now + days * DAY, days=60)
    report = shown.inspect(verifier)
    assert report.accepted and report.trust is not None and report.verified is not None
    ages = {"bundle": days * DAY, "trust_list": days * DAY, "status_list": days * DAY, "crl": (days + 1) * DAY}
    assert report.trust.ages == ages == report.to_json()["trust"]["ages"]
    assert {name: world.now + days * DAY - known for name, known in report.verified.known_as_of.items()} == ages
    for strict in ({"max_bundle_age": 7 * DAY}, {"max_trust_list_age": 7 * DAY}, {"max_status_age": 7 * DAY}):
        told = shown.inspect(verifier, **strict)
        assert (told.outcome, told.code) == (Outcome.UNDETERMINED, "status_stale"), strict
    over = at(world, 31 * DAY, status_lists=month, crls=crls)
    assert show(world, form, at=world.now + 31 * DAY, days=60).inspect(over).code == "status_stale"


# --- two people -------------------------------------------------------------------------------------------------------


def someone_else(kind: str) -> dict[str, Any]:
    other = {**RECORDS[kind], NUMBER: OTHER_PID, "full_name": "Trần Văn Bình"}
    return {**other, "birth_date": "1990-01-01"} if "birth_date" in other else other


@pytest.mark.parametrize("second", FORMS)
@pytest.mark.parametrize("first", FORMS)
def test_kb_10_two_people_are_not_one(world: World, first: str, second: str) -> None:
    """Each proves its own key and is accepted alone; together they are refused, and nothing of either is told."""
    verifier, stranger = at(world), MemorySigner.generate()
    identity = show(world, first, "citizen_identity")
    licence = show(world, second, record=someone_else("driving_licence"), holder=stranger)
    asked = dict.fromkeys(("audience", "challenge"))
    parts = tuple(
        Policy(documents=(kind,), **{**asked, **shown.asked})
        for kind, shown in (("citizen_identity", identity), ("driving_licence", licence))
    )
    for text, part in ((identity.text, parts[0]), (licence.text, parts[1])):
        assert verifier.verify(text, policy=part, conversation=CONVERSATION)
    texts, policy = [identity.text, licence.text], AllOf(parts)
    with pytest.raises(Rejected) as caught:
        verifier.verify_all(texts, policy=policy, conversation=CONVERSATION)
    assert (caught.value.code, caught.value.fields) == ("claim_conflict", (NUMBER,))
    report = verifier.inspect_all(texts, policy=policy, conversation=CONVERSATION)
    assert (report.outcome, report.code, report.together) == (Outcome.REJECTED, "claim_conflict", None)
    assert OTHER_PID not in str(report.to_json()) and PID not in str(report.to_json())
    own = show(world, second, holder=stranger)  # the same person, another key: a wallet has one for each document
    together = verifier.verify_all([own.text, identity.text], policy=policy, conversation=CONVERSATION)
    assert [each.document for each in together.documents] == ["citizen_identity", "driving_licence"]
    assert together.linked_by == (Link.NUMBER,) and together.of("driving_licence").claims[NUMBER] == PID


@pytest.mark.parametrize("form", FORMS)
def test_kb_10_anothers_key_proves_nothing_of_a_second_document(world: World, form: str) -> None:
    """Each presentation is checked against the key of its own document."""
    thief = MemorySigner.generate()
    mine = show(world, form, "citizen_identity", record=someone_else("citizen_identity"), holder=thief)
    theirs = Shown(form, stolen(world, form, thief))
    parts = tuple(Policy(documents=(kind,), **mine.asked) for kind in ("citizen_identity", "driving_licence"))
    with pytest.raises(Rejected) as caught:
        at(world).verify_all([mine.text, theirs.text], policy=AllOf(parts), conversation=CONVERSATION)
    assert caught.value.code == "holder_binding_invalid"


def stolen(world: World, form: str, thief: MemorySigner) -> str:
    """The victim's credential under the thief's proof."""
    if form == "vn1_cwt":
        return world.present(world.issue(), signer=thief)
    if form == "mso_mdoc":
        return b64url_encode(mdocs.presented(world, mdocs.issued(world), signer=thief))
    from_victim = show(world, form).text
    selection = from_victim[: from_victim.rindex("~") + 1]
    binding = show(world, form, holder=thief).text.rpartition("~")[2]
    return selection + binding


def test_kb_10_one_person_is_not_shown_by_silence(world: World) -> None:
    """Views that tell nobody apart are not one person's, whosever key they are under: a wallet may hold a child's papers."""
    verifier = at(world)
    age = world.present(world.issue("citizen_identity", "age_over_18"))
    card = world.present(world.issue("health_insurance_card"))
    parts = Policy(documents=("citizen_identity.age_over_18",)), Policy(documents=("health_insurance_card",))
    with pytest.raises(Rejected) as caught:
        verifier.verify_all([age, card], policy=AllOf(parts))
    assert (caught.value.code, caught.value.fields) == ("claims_missing", (NUMBER,))
    assert verifier.verify_all([card, age], policy=AllOf(parts, (Link.HOLDER_KEY,))).linked_by == (Link.HOLDER_KEY,)


def test_kb_10_qr_13_all_are_used_up_together_or_none(world: World, guard: Once) -> None:
    verifier = at(world)
    identity, licence = world.present(world.issue("citizen_identity")), world.present()
    policy = AllOf((Policy(documents=("citizen_identity",), one_time=True), Policy(documents=("driving_licence",))))
    stranger = world.present(world.issue(record=strangers_licence(), holder=world.holder))
    assert verifier.inspect_all([identity, stranger], policy=policy, once=guard).code == "claim_conflict"
    assert verifier.inspect_all([identity, licence], policy=policy, once=guard).accepted
    report = verifier.inspect_all([identity, licence], policy=policy, once=guard)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "presentation_replayed")
    assert verifier.inspect_all([identity, identity], policy=policy, once=guard).code == "presentation_replayed"
    with pytest.raises((Rejected, Undetermined)):
        verifier.verify_all([licence, licence], policy=policy, once=guard)


def strangers_licence() -> dict[str, Any]:
    told = someone_else("driving_licence")
    return {name: told[name] for name in (NUMBER, "full_name", "birth_date", "licence_number", "classes", "points")}


def test_the_question_of_an_mdoc_is_in_its_conversation() -> None:
    """What these tests rest on: the same question for all forms online."""
    assert CONVERSATION.transcript is TRANSCRIPT
