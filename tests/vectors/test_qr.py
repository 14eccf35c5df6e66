"""The vectors that we publish: the file is what the command prints, our verifier agrees with it, and so does a stranger's.

Source: `tests/vectors/qr/vectors.json`, made by `python -m certs vectors`; `certs/qr.md`, `certs/qr.cddl`.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import bundle, cbor, qr, vectors
from certs.__main__ import main
from certs.catalogue import CATALOGUE, Field
from certs.encoding import b64url_decode, base45_decode, base45_encode
from certs.errors import CertsError
from certs.formats import Expected, Step, Trail, cwt
from certs.keys import MemorySigner, PublicKey
from certs.proof import holder_proof
from certs.vectors.nation import NOW, Nation, altered, shown, signer
from certs.x509 import Usage
from tests.vectors import stranger

FOLDER = Path(__file__).parent / "qr"
PUBLISHED: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text("utf-8"))
PAGE = (Path(vectors.__file__).parents[1] / "qr.md").read_text("utf-8")
GRAMMAR = (Path(vectors.__file__).parents[1] / "qr.cddl").read_text("utf-8")
HELD = bundle.read(b64url_decode(PUBLISHED["trust"]["bundle"]), now=NOW, root_sha256=PUBLISHED["trust"]["root_sha256"])


def ids(kind: str) -> list[str]:
    return [case["id"] for case in PUBLISHED[kind]]


def answer(case: dict[str, Any]) -> tuple[int, str] | dict[str, Any]:
    """Step and code, or the result, of our own verifier, from nothing but the published file."""
    wanted, trail = case["expected"], Trail()
    challenge = None if wanted["challenge"] is None else bytes.fromhex(wanted["challenge"])
    expected = Expected(
        holder_proof=wanted["holder_proof"],
        printed=wanted["printed"],
        audience=wanted["audience"],
        challenge=challenge,
    )
    trail.begin(Step.BOUNDS)
    try:
        data = qr.from_text(case["text"])
        verified = cwt.verify(
            data, trust=HELD.trust, statuses=HELD.statuses, now=case["now"], expected=expected, trail=trail
        )
    except CertsError as error:
        return int(trail.steps[-1]), error.code
    told = {name: getattr(verified, name) for name in case.get("result", {}) if name not in ("challenge", "claims")}
    return told | {"challenge": verified.challenge and verified.challenge.hex(), "claims": dict(verified.claims)}


@pytest.mark.parametrize("case", PUBLISHED["accepted"], ids=ids("accepted"))
def test_what_is_accepted(case: dict[str, Any]) -> None:
    assert answer(case) == case["result"]


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=ids("refused"))
def test_what_is_refused(case: dict[str, Any]) -> None:
    assert answer(case) == (case["step"], case["code"])
    undetermined = case["code"] in ("status_unavailable", "status_stale")
    assert case["outcome"] == ("undetermined" if undetermined else "rejected")


def test_the_published_file_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors"]) == 0
    printed = json.loads(capsys.readouterr().out)
    # The bundle holds a zlib stream, which another zlib may pack otherwise; what is in it is compared by the other members.
    for each in (printed, PUBLISHED):
        assert each["trust"].pop("bundle")
    assert printed == PUBLISHED


def test_ids_are_unique_and_every_step_has_examples() -> None:
    names = ids("accepted") + ids("refused")
    assert len(set(names)) == len(names) >= 75
    assert {case["step"] for case in PUBLISHED["refused"]} == set(range(1, 9))


def test_the_unpacked_trust_is_that_of_the_bundle() -> None:
    services = {
        (each["authority"], each["document"], each["since"], each["until"]) for each in PUBLISHED["trust"]["services"]
    }
    assert services == {(each.authority, each.document, each.since, each.until) for each in HELD.trust.list.services}
    (listed,) = PUBLISHED["trust"]["status_lists"]
    (held,) = HELD.statuses
    assert (listed["uri"], bytes.fromhex(listed["bytes"]), listed["ttl"]) == (held.uri, held.data, held.ttl)
    for service in PUBLISHED["trust"]["services"]:
        for listed_signer in service["signers"]:
            assert HELD.trust.signers(bytes.fromhex(listed_signer["kid"]))


def test_the_published_keys_are_the_keys_of_the_nation() -> None:
    for name, jwk in PUBLISHED["keys"].items():
        number = int.from_bytes(b64url_decode(jwk["d"]), "big")
        key = MemorySigner(ec.derive_private_key(number, ec.SECP256R1()), "ES256")
        public = {part: value for part, value in jwk.items() if part != "d"}
        assert PublicKey.from_jwk(public) == key.public, name


def test_base45_pairs() -> None:
    for raw, text in PUBLISHED["base45"]:
        assert base45_encode(bytes.fromhex(raw)) == text
        assert base45_decode(text) == bytes.fromhex(raw)


def test_the_holder_s_half_step_by_step() -> None:
    steps = PUBLISHED["holder_proof"]
    protected, payload = bytes.fromhex(steps["protected"]), bytes.fromhex(steps["payload"])
    assert bytes.fromhex(steps["to_be_signed"]) == cbor.encode(["Signature1", protected, b"", payload])
    jwk = PUBLISHED["keys"]["holder"]
    PublicKey.from_jwk({part: value for part, value in jwk.items() if part != "d"}).verify(
        bytes.fromhex(steps["signature"]), bytes.fromhex(steps["to_be_signed"])
    )
    again = holder_proof(
        bytes.fromhex(steps["credential"]),
        signer("holder"),
        now=steps["now"],
        audience=steps["audience"],
        challenge=bytes.fromhex(steps["challenge"]),
    )
    assert qr.to_text(again) == steps["text"]  # RFC 6979: to the last bit of the signature
    assert steps["text"] == next(
        case["text"] for case in PUBLISHED["accepted"] if case["id"] == "licence-for-a-counter"
    )


# --- the page ---------------------------------------------------------------------------------------------------------


def test_a_verifier_written_from_the_page_gives_the_same_answers() -> None:
    source = Path(stranger.__file__).read_text("utf-8")
    assert not re.search(r"^\s*(from|import) (certs|verifier|idp|wallet)", source, re.MULTILINE)
    for case in PUBLISHED["accepted"]:
        told = stranger.verify(case["text"], PUBLISHED["trust"], now=case["now"], expected=case["expected"])
        assert told == {name: value for name, value in case["result"].items() if name != "trust_as_of"}, case["id"]
    for case in PUBLISHED["refused"]:
        with pytest.raises(stranger.Refused) as caught:
            stranger.verify(case["text"], PUBLISHED["trust"], now=case["now"], expected=case["expected"])
        assert caught.value.answer == (case["step"], case["code"]), case["id"]


NATION = Nation()
SOUND = [qr.from_text(case["text"]) for case in PUBLISHED["accepted"]]
CLAIMS = cbor.decode(cbor.decode(NATION.issue()).value[2])
leaves = (
    st.integers(-3, 70)
    | st.integers(-(2**40), 2**40)
    | st.booleans()
    | st.none()
    | st.text("ab\u0301Đ\u202e\u0430 0", max_size=4)
    | st.sampled_from(["2003", "2003-05", "2003-13", "1849"])
    | st.binary(max_size=3)
)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(-1, 13), inner, max_size=3)
)


def both_say(data: bytes) -> tuple[object, object]:
    """What each verifier says of these bytes: step and code, or what it read. Of several faults of form, either may be told."""
    case = {
        "text": qr.to_text(data),
        "now": NOW,
        "expected": {"holder_proof": False, "printed": False, "audience": None, "challenge": None},
    }
    ours = answer(case | {"result": {"document": "", "view": "", "presented_at": 0}})
    try:
        read = stranger.verify(case["text"], PUBLISHED["trust"], now=case["now"], expected=case["expected"])
    except stranger.Refused as error:
        step, code = error.answer
        return (2 if isinstance(ours, tuple) and ours[0] == 2 else ours), (2 if step == 2 else (step, code))
    return ours, {name: read[name] for name in ("document", "view", "presented_at", "challenge", "claims")}


@settings(max_examples=400)
@given(st.data())
def test_both_verifiers_say_the_same_of_damaged_codes(data: st.DataObject) -> None:
    changed = bytearray(data.draw(st.sampled_from(SOUND)))
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    ours, theirs = both_say(bytes(changed))
    assert ours == theirs


@settings(max_examples=400)
@given(
    st.dictionaries(st.sampled_from([1, 4, 6, 8, 65535, 5]), anything, max_size=2),
    st.dictionaries(st.integers(1, 14), anything, max_size=3),
)
def test_both_verifiers_say_the_same_of_whatever_an_issuer_signs(
    claims: dict[int, Any], fields: dict[int, Any]
) -> None:
    document = {-65537: {**CLAIMS[-65537], **fields}}
    ours, theirs = both_say(NATION.show(altered(NATION, {**document, **claims})))
    assert ours == theirs


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from([3, 6, 39, 4]), anything | st.just(NOW), max_size=3))
def test_both_verifiers_say_the_same_of_whatever_a_holder_signs(claims: dict[int, Any]) -> None:
    ours, theirs = both_say(shown(NATION, claims=claims))
    assert ours == theirs


def kind_on_the_page(field: Field) -> str:
    form = {"digits": f"digits {field.width}", "choice": f"choice of {', '.join(field.choices)}"}.get(
        field.kind, field.kind.value
    )
    return form if field.required else f"{form}, optional"


def test_the_registry_of_the_page_is_the_catalogue() -> None:
    seen = stranger.registry(PAGE)
    in_codes = {(document.code, view.code) for document in CATALOGUE.values() for view in document.views if view.qr}
    assert set(seen) == in_codes
    for document in CATALOGUE.values():
        assert f"### {document.code} `{document.name}` — {document.title.vi} / {document.title.en}\n" in PAGE
        for field in document.fields:
            for place, each in [("", field), *((f".{number}", each) for number, each in enumerate(field.columns))]:
                label = f"{each.label.vi} / {each.label.en}"
                row = f"| {field.key}{place} | `{each.name}` | {kind_on_the_page(each)} | {label} |\n"
                assert row in PAGE, row
        for view in document.views:
            if not view.qr:
                assert re.search(rf"^Online only, in no code: .*\b{view.code} `{view.name}`", PAGE, re.MULTILINE)
                continue
            read = seen[document.code, view.code]
            assert read.document == document.name
            assert list(read.fields) == [document.field(name).key for name in view.fields]
            assert {field.name for field in read.fields.values() if not field.optional} == set(document.needed(view))


def test_the_grammar_has_every_view_with_its_fields() -> None:
    for document in CATALOGUE.values():
        (rule,) = re.findall(
            rf"^{document.name.replace('_', '-')} = (\{{.*?^\}}(?: / \{{.*?^\}})*)", GRAMMAR, re.MULTILINE | re.DOTALL
        )
        bodies = re.findall(r"\{(.*?)\}", rule, re.DOTALL)
        views = [view for view in document.views if view.qr]
        assert len(bodies) == len(views)
        for body, view in zip(bodies, views, strict=True):
            keys = [(mark == "?", int(key)) for mark, key in re.findall(r"(\?)? ?(\d+) =>", body)]
            needed = document.needed(view)
            assert keys == [
                (False, 1),
                (False, 2),
                *((name not in needed, document.field(name).key) for name in view.fields),
            ]
            assert f"1 => {document.code}, 2 => {view.code}," in body


def test_the_page_names_the_numbers_of_the_code() -> None:
    for usage in (Usage.DOCUMENT_SIGNER, Usage.TRUST_LIST_SIGNER, Usage.BUNDLE_SIGNER, Usage.STATUS_SIGNER):
        assert f"| {usage.value.dotted_string} |" in PAGE
    for code in {case["code"] for case in PUBLISHED["refused"]}:
        assert f"`{code}`" in PAGE
    for name in (
        "vn1+cwt",
        "vn1-printed+cwt",
        "vn1-kb+cwt",
        "application/statuslist+cwt",
        "application/vn-bundle+cose",
    ):
        assert f"`{name}`" in PAGE and f'"{name}"' in GRAMMAR
    age = next(case["text"] for case in PUBLISHED["accepted"] if case["id"] == "age")
    assert f"\n{age}\n" in PAGE
    assert "[`tests/vectors/qr/vectors.json`](../tests/vectors/qr/vectors.json)" in PAGE


@pytest.mark.parametrize(
    ("name", "size", "characters", "version"),
    [
        ("licence", 411, 621, 16),
        ("licence-for-a-counter", 462, 697, 17),
        ("full", 489, 738, 18),
        ("age", 339, 513, 14),
        ("printed", 279, 423, 13),
    ],
)
def test_the_sizes_that_the_page_tells(name: str, size: int, characters: int, version: int) -> None:
    text = next(case["text"] for case in PUBLISHED["accepted"] if case["id"] == name)
    assert (len(qr.from_text(text)), len(text), qr.version(text)) == (size, characters, version)
