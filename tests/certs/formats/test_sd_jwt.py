"""The credential for online use from issue to verdict, for every document type; what is hidden stays hidden; each check."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certs.catalogue import CATALOGUE, DocumentType, Kind, Text, View
from certs.encoding import b64url_decode
from certs.errors import CertsError
from certs.formats import Expected, Step, Trail, cwt, sd_jwt, shown, type_metadata
from certs.formats.disclosures import Path
from certs.keys import MemorySigner
from certs.status import Status
from certs.x509 import Usage
from tests.certs.formats.sd_jwts import (
    ASKED,
    AUDIENCE,
    BUNDLE,
    GONE,
    NONCE,
    PAYLOAD,
    STANDING,
    UNBOUND,
    bound,
    concealing,
    disclosure,
    issue,
    payload_of,
    present,
    signed,
    verify,
)
from tests.certs.records import records
from tests.certs.refusals import refused
from tests.certs.samples import for_view
from tests.world import DAY, NOW, RECORDS, URI, World

KINDS = list(CATALOGUE.values())
IDS = [kind.name for kind in KINDS]


def whole(kind: DocumentType) -> View:
    return View("whole", 0, Text("", ""), Text("", ""), tuple(field.name for field in kind.fields))


def opened(text: str) -> list[list[Any]]:
    """Every disclosure of a credential or presentation."""
    return [json.loads(b64url_decode(each)) for each in text.split("~")[1:-1]]


# --- any record -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_record_comes_back_and_what_is_hidden_does_not(kind: DocumentType, data: st.DataObject) -> None:
    record = data.draw(records(kind, whole(kind)))
    credential = issue(kind.name, record)
    told = {name: value for name, value in record.items() if value is not None}
    kept = sd_jwt.verify_issued(credential, trust=BUNDLE.trust, now=NOW)
    assert kept.claims == told and kept.partial == () and not kept.holder_bound

    chosen = data.draw(st.sets(st.sampled_from(sorted(told))))
    shown = present(credential, chosen)
    result = verify(shown)
    assert result.claims == {name: told[name] for name in told if name in chosen}
    assert result.partial == ()
    named = {content[1] for content in opened(shown) if len(content) == 3}
    columns = {column.name for name in chosen for column in kind.field(name).columns}  # some are called as a field is
    assert chosen <= named <= chosen | columns
    open_text = b"".join(map(b64url_decode, shown.split("~")[0].split(".")[:2])).decode()
    assert not any(f'"{name}"' in open_text for name in told)  # three letters of a digest may say "sex"


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_what_fits_the_qr_fits_here_and_says_the_same(kind: DocumentType) -> None:
    record = RECORDS[kind.name]
    online = sd_jwt.verify_issued(issue(kind.name), trust=BUNDLE.trust, now=NOW).claims
    for view in (view for view in kind.views if view.qr and not view.needs):
        claims = cwt.verify_issued(STANDING.issue(kind.name, view.name), trust=BUNDLE.trust, now=NOW).claims
        assert claims == {name: online[name] for name in view.fields if name in online}
    field = next(field for field in kind.fields if field.kind is Kind.TEXT)
    for bad in ("A\u202e", "A\n", "Nguye\u0302\u0303n"):
        with pytest.raises(CertsError):
            issue(kind.name, {**record, field.name: bad})
    with pytest.raises(ValueError, match="lacks"):
        issue(kind.name, {**record, "personal_identification_number": None})


def test_any_byte_flipped_is_refused() -> None:
    shown = present(issue(), ["full_name", ("classes", 1, "class")])
    assert verify(shown)
    for place in range(len(shown)):
        changed = shown[:place] + ("A" if shown[place] != "A" else "B") + shown[place + 1 :]
        with pytest.raises(CertsError):
            verify(changed)


@settings(max_examples=200)
@given(data=st.data())
def test_any_text_is_read_or_refused(data: st.DataObject) -> None:
    shown = SHOWN
    start = data.draw(st.integers(0, len(shown)))
    end = data.draw(st.integers(start, len(shown)))
    middle = data.draw(st.text("~.ABCxyz019-_=", max_size=8))
    changed = shown[:start] + middle + shown[end:]
    if changed != shown:
        with pytest.raises(CertsError):
            verify(changed)


SHOWN = present(issue(), ["full_name"])


def test_the_size_of_a_presented_licence() -> None:
    shown = present(issue(index=1 << 20, uri="https://idp.example/status-lists/12"), THREE)
    assert len(shown) <= 3000
    assert verify(present(issue(), THREE)).claims.keys() == set(THREE)


THREE = ("full_name", "birth_date", "licence_number")

# --- what the issuer signs --------------------------------------------------------------------------------------------


def test_what_stands_in_the_payload_itself() -> None:
    payload = payload_of(issue(index=9))
    assert payload.keys() == {*PAYLOAD, "vct#integrity", "_sd", "_sd_alg"}
    assert payload["vct"] == "urn:vneid-reference:document:driving_licence:1"
    assert payload["vct#integrity"] == type_metadata.integrity(CATALOGUE["driving_licence"])
    assert payload["status"] == {"status_list": {"idx": 9, "uri": URI}}
    assert payload["cnf"] == {"jwk": STANDING.holder.public.bare_jwk()}


def test_the_digests_do_not_tell_what_a_person_has_none_of() -> None:
    """Decoys fill the places of optional claims, and one stands there always; the order says nothing."""
    full = {**RECORDS["citizen_identity"], "valid_until": "2034-01-01"}
    with_it, without = (payload_of(issue("citizen_identity", {**full, "valid_until": until}))["_sd"] for until in ("2034-01-01", None))  # fmt: skip
    assert len(with_it) == len(without) == len(CATALOGUE["citizen_identity"].fields) + 1
    assert with_it == sorted(with_it)


def test_two_copies_have_nothing_in_common() -> None:
    one, two = (issue().split("~") for _ in range(2))
    assert set(one[1:-1]).isdisjoint(two[1:-1])
    assert set(payload_of(one[0] + "~")["_sd"]).isdisjoint(payload_of(two[0] + "~")["_sd"])


def test_a_certificate_of_another_key_is_not_signed_with() -> None:
    desk = STANDING.desk("other", Usage.DOCUMENT_SIGNER)
    with pytest.raises(ValueError, match="another key"):
        sd_jwt.issue(
            document=CATALOGUE["driving_licence"],
            record=RECORDS["driving_licence"],
            issuer="public-security",
            signer=STANDING.issuers["public-security"].signer,
            certificate=desk.certificate,
            holder=STANDING.holder.public,
            status_uri=URI,
            status_index=1,
            now=NOW,
            expires=NOW + DAY,
        )


# --- what the holder chooses ------------------------------------------------------------------------------------------

CLASSES = RECORDS["driving_licence"]["classes"]


@pytest.mark.parametrize(
    ("disclose", "claims", "partial"),
    [
        ([], {}, ()),
        (["points"], {"points": 12}, ()),
        (["classes"], {"classes": CLASSES}, ()),
        ([("classes",)], {"classes": CLASSES}, ()),
        ([("classes", 1)], {"classes": [CLASSES[1]]}, ("classes",)),
        ([("classes", 1, "class")], {"classes": [{"class": "B"}]}, ("classes",)),
        ([("classes", None, "class")], {"classes": [{"class": "A1"}, {"class": "B"}]}, ("classes",)),
        ([("classes", None)], {"classes": CLASSES}, ()),
        (
            [("classes", 0, "class"), ("classes", 1, "expires"), "points"],
            {"classes": [{"class": "A1"}, {"expires": "2035-03-10"}], "points": 12},
            ("classes",),
        ),
    ],
)
def test_a_holder_shows_a_part_and_its_parents(
    disclose: list[str | Path], claims: dict[str, Any], partial: tuple[str, ...]
) -> None:
    result = verify(present(issue(), disclose))
    assert (result.claims, result.partial) == (claims, partial)


def test_a_list_of_which_nothing_is_shown_is_not_a_list_of_nothing() -> None:
    credential = issue("health_record")
    jwt, *parts = sd_jwt.select(credential, ["vaccinations"]).split("~")
    only_the_list = [each for each in parts[:-1] if len(json.loads(b64url_decode(each))) == 3]
    result = verify("~".join([jwt, *only_the_list, ""]), expected=UNBOUND)
    assert (result.claims, result.partial) == ({"vaccinations": []}, ("vaccinations",))
    none = verify(present(issue("health_record"), ["conditions"]))
    assert (none.claims, none.partial) == ({"conditions": []}, ())


@pytest.mark.parametrize(
    "disclose",
    [
        "nickname",
        ("classes", 2),
        ("classes", -1),
        ("classes", "class"),
        ("full_name", None),
        (0,),
        (None,),
        (),
        ("classes", True),
    ],
)
def test_what_is_not_there_cannot_be_shown(disclose: Any) -> None:
    with refused("claims_missing"):
        present(issue(), [disclose])


def test_what_stands_open_needs_no_disclosure() -> None:
    assert present(issue(), ["exp", ("status", "status_list", "idx")]).count("~") == 1


def test_the_view_is_the_largest_that_is_whole() -> None:
    licence = CATALOGUE["driving_licence"]
    for view in licence.views:
        credential = issue(record=dict(for_view(RECORDS["driving_licence"], view)))
        assert verify(present(credential, view.fields)).view == view.name
    assert verify(present(issue(), ["full_name"])).view == ""
    fields: list[str | Path] = [name for name in licence.view("licence").fields if name != "classes"]
    assert verify(present(issue(), [*fields, ("classes", 0)])).view == ""


def test_a_wallet_keeps_only_what_is_whole() -> None:
    credential = issue()
    jwt, *parts = credential.split("~")
    for place in range(len(parts) - 1):
        with pytest.raises(CertsError) as caught:
            sd_jwt.verify_issued("~".join([jwt, *parts[:place], *parts[place + 1 :]]), trust=BUNDLE.trust, now=NOW)
        assert caught.value.code in ("claims_missing", "disclosure_invalid")
    with refused("expired"):
        sd_jwt.verify_issued(credential, trust=BUNDLE.trust, now=NOW + 31 * DAY)


def test_a_peek_reads_without_believing() -> None:
    stranger = World()
    credential = issue(world=stranger, index=11)
    contents = sd_jwt.peek(credential)
    assert (contents.document.name, contents.issuer, contents.status_uri) == ("driving_licence", "public-security", URI)
    assert (contents.claims, contents.holder) == (RECORDS["driving_licence"], stranger.holder.public)
    assert ("classes", 1, "expires") in contents.paths and ("exp",) not in contents.paths
    shown = sd_jwt.peek(present(credential, ["points"], signer=stranger.holder))
    assert (shown.claims, shown.status_index) == ({"points": 12}, 11)
    with refused("issuer_untrusted"):
        verify(present(credential, signer=stranger.holder))


# --- what the verifier checks -----------------------------------------------------------------------------------------


def test_all_that_is_verified() -> None:
    result = verify(present(issue(index=4)))
    assert (result.document, result.issuer, result.holder_bound) == ("driving_licence", "public-security", True)
    assert (result.issued, result.expires, result.presented_at) == (NOW - 60, NOW + 30 * DAY, NOW)
    assert (result.audience, result.challenge) == (AUDIENCE, NONCE.encode())
    assert (result.status_as_of, result.trust_as_of) == (NOW, NOW)
    assert result.holder_thumbprint == STANDING.holder.public.thumbprint()


def test_without_key_binding_only_where_the_policy_says_none() -> None:
    plain = sd_jwt.select(issue(), ["points"])
    with refused("holder_binding_missing"):
        verify(plain)
    result = verify(plain, expected=UNBOUND)
    assert (result.holder_bound, result.audience, result.presented_at) == (False, None, None)
    with refused("holder_binding_invalid"):  # one that is there is checked all the same
        verify(bound(plain, MemorySigner.generate()), expected=UNBOUND)
    with refused("audience_mismatch"):  # and was made for somebody
        verify(bound(plain), expected=UNBOUND)


def step_of(text: str, world: World | None = None, *, now: int = NOW, expected: Expected = ASKED) -> tuple[str, Step]:
    trail = Trail()
    try:
        verify(text, world=world, now=now, expected=expected, trail=trail)
    except CertsError as error:
        assert trail.steps == list(Step)[: trail.steps[-1]]  # one after the other, none left out
        return error.code, trail.steps[-1]
    raise AssertionError("accepted")


def test_the_first_thing_wrong_is_what_is_told(world: World) -> None:
    def fresh(**changes: Any) -> str:
        return present(issue(world=world, **changes), signer=world.holder)

    assert step_of("x", world) == ("malformed", Step.BOUNDS)
    assert step_of("x~", world) == ("malformed", Step.FORMAT)
    assert step_of(bound(signed(), typ="jwt"), world) == ("type_mismatch", Step.FORMAT)
    assert step_of(SHOWN, world) == ("issuer_untrusted", Step.ISSUER_SIGNATURE)
    assert step_of(fresh(kind="health_record", authority="tax"), world) == ("issuer_untrusted", Step.TRUST_LIST)
    assert step_of(fresh(issued=NOW + 61), world) == ("issued_in_future", Step.VALIDITY)
    assert step_of(fresh(issued=NOW - 30 * DAY, expires=NOW), world) == ("expired", Step.VALIDITY)
    world.set_state(5, Status.SUSPENDED)
    assert step_of(fresh(index=5), world) == ("suspended", Step.STATUS)
    assert step_of(fresh(uri=URI + "9"), world) == ("status_unavailable", Step.STATUS)
    assert step_of(sd_jwt.select(issue(world=world), []), world) == ("holder_binding_missing", Step.HOLDER_PROOF)
    late = present(issue(world=world), signer=world.holder, at=NOW - 301)
    assert step_of(late, world) == ("presentation_stale", Step.HOLDER_PROOF)


def test_a_signer_that_expired_is_told_before_its_right_to_issue() -> None:
    later = NOW + 400 * DAY
    credential = issue(issued=later - 60, expires=later + DAY)
    assert step_of(present(credential, at=later), now=later) == ("cert_expired", Step.CERTIFICATE_PATH)


def test_the_handover_of_driving_licences() -> None:
    handover = 1_740_787_200
    for authority, issued, accepted in (
        ("transport", handover - 5, True),
        ("transport", handover + 5, False),
        ("public-security", handover - 5, False),
        ("public-security", handover + 5, True),
    ):
        credential = issue(authority=authority, issued=issued)
        if accepted:
            assert sd_jwt.verify_issued(credential, trust=BUNDLE.trust, now=handover + 60).issuer == authority
        else:
            with refused("issuer_untrusted"):
                sd_jwt.verify_issued(credential, trust=BUNDLE.trust, now=handover + 60)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        *(({name: when}, "malformed") for name in ("iat", "exp", "nbf") for when in ("1", 1.5, True, None, -1, [1])),
        ({"exp": PAYLOAD["iat"]}, "malformed"),
        ({"nbf": NOW + 61}, "not_yet_valid"),
        *(({"iss": issuer}, "malformed") for issuer in (5, None, ["public-security"])),
        *(({"iss": issuer}, "issuer_untrusted") for issuer in ("", "public-security ", "tax", "public")),
        *(({"status": status}, "malformed") for status in (None, {}, {"status_list": []}, {"status_list": {"idx": 1}})),
        *(({"status": {"status_list": {"idx": i, "uri": URI}}}, "malformed") for i in (-1, True, "1", 1.0)),
        ({"status": {"status_list": {"idx": 1 << 40, "uri": URI}}}, "status_index_out_of_range"),
        *(({"points": points}, "malformed") for points in (-1, 1 << 32, True, "12", None)),
        *(({"full_name": name}, "malformed") for name in (5, None, ["x"], {"_sd": []})),
        *(({"full_name": name}, "text_unsafe") for name in ("x\u202e", "x\0", "Nguye\u0302\u0303n")),
        ({"full_name": "x" * 1025}, "oversize"),
        *(({"birth_date": day}, "malformed") for day in ("20030509", "2003-02-30", "2003-13", "1849", "２００３", 5, "2003-05-09\n")),
        *(({"licence_number": number}, "malformed") for number in ("1", "1" * 13, "１" * 12, 5)),
        *(({"age_over_18": adult}, "malformed") for adult in (1, "true", None)),
        *(({"classes": classes}, "malformed") for classes in ({}, "B", ["B"], [{"class": "Z"}], [{"class": "B", "x": 1}], [{"issued": None}], [{}] * 41)),
    ],
)  # fmt: skip
def test_a_payload_that_does_not_fit_is_refused(payload: dict[str, Any], code: str) -> None:
    with refused(code):
        verify(bound(signed(payload)))


def test_every_kind_of_field_can_be_read() -> None:
    assert set(shown._READ) == set(Kind)


def test_claims_that_need_no_hiding_and_claims_that_nobody_knows() -> None:
    """An issuer may leave a claim open; what the catalogue has no field for is passed over (RFC 7519 §4)."""
    text = concealing([disclosure("s" * 22, "shoe_size", 38)], {"points": 3, "nbf": NOW + 60, "jti": "x", "sub": GONE})
    assert verify(bound(text)).claims == {"points": 3}
    assert verify(bound(signed({"_sd": []}))).claims == {}
