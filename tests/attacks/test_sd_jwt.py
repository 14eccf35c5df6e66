"""Groups SD and KB: SD-JWTs that say more than was signed, and presentations that are not by the holder, here, now.

Where our code is not the catalogue's: a circle of digests (SD-14) repeats a digest and is refused as that; the JSON
serialization (KB-07) is not read at all, so its changes of disclosures are tried on the compact one.
"""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose
from certs.encoding import b64url_decode, b64url_encode, json_encode
from certs.errors import CertsError, Malformed
from certs.formats import disclosures, sd_jwt, type_metadata
from certs.formats.disclosures import DIGEST_LIMIT, DISCLOSURE_LIMIT, digest
from certs.keys import MemorySigner
from tests.certs.formats.sd_jwts import (
    ASKED,
    AUDIENCE,
    BUNDLE,
    DESK,
    GONE,
    LICENCE,
    NONCE,
    PAYLOAD,
    SALT,
    STANDING,
    UNBOUND,
    X5C,
    bound,
    concealing,
    disclosure,
    issue,
    present,
    signed,
    verify,
)
from tests.certs.refusals import refused
from tests.world import DAY, NOW, RECORDS, World
from verifier.policy.single import Policy, Refusal, document_refusal

NAME = disclosure(SALT, "full_name", "Nguyễn Văn A")
POINTS = disclosure(SALT, "points", 12)
GOOD = concealing([NAME, POINTS])


def look(text: str) -> dict[str, Any]:
    """What an SD-JWT says without a key binding."""
    return dict(verify(text, expected=UNBOUND).claims)


def test_what_the_tests_change_is_good_when_unchanged() -> None:
    assert look(GOOD) == {"full_name": "Nguyễn Văn A", "points": 12}
    assert verify(bound(GOOD)).holder_bound


# --- SD ---------------------------------------------------------------------------------------------------------------


def test_sd_01_signature_removed() -> None:
    jwt, rest = GOOD.split("~", 1)
    for signature in ("", "AA", b64url_encode(bytes(64))):
        with refused("signature_invalid"):
            look(".".join([*jwt.split(".")[:2], signature]) + "~" + rest)


def test_sd_01_payload_changed_by_one_bit() -> None:
    header, payload, rest = GOOD.split(".", 2)
    raw = b64url_decode(payload)
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with refused("signature_invalid"):
            look(f"{header}.{b64url_encode(bytes(changed))}.{rest}")


def test_sd_02_disclosure_without_a_digest() -> None:
    for stranger in (disclosure(SALT, "points", 99), disclosure(SALT, "age_over_18", True), disclosure(SALT, "x")):
        with refused("disclosure_invalid"):
            look(GOOD + stranger + "~")


def test_sd_03_digest_twice() -> None:
    d = digest(NAME)
    outer = disclosure(SALT, "residence", {"_sd": [d]})
    for payload, hidden in (
        ({"_sd": [d, d]}, [NAME]),
        ({"_sd": [d, d]}, []),  # also one that nobody opens
        ({"_sd": [d], "address": {"_sd": [d]}}, [NAME]),
        ({"_sd": [d], "list": [{"...": d}]}, []),
        ({"_sd": [d, digest(outer)]}, [NAME, outer]),  # in the payload and in what it reveals
    ):
        with refused("digest_mismatch"):
            look(signed(payload, hidden))


def test_sd_04_disclosure_twice() -> None:
    with refused("disclosure_invalid"):
        look(GOOD + NAME + "~")


def test_sd_05_another_order() -> None:
    jwt, *_ = GOOD.split("~")
    turned = f"{jwt}~{POINTS}~{NAME}~"
    assert look(turned) == look(GOOD)
    assert verify(bound(turned)).claims == look(GOOD)
    signature = bound(GOOD).rsplit("~", 1)[1]
    with refused("holder_binding_invalid"):  # but the holder signed one order
        verify(turned + signature)


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
def test_sd_06_reserved_name(name: str) -> None:
    with refused("disclosure_invalid"):
        look(concealing([disclosure(SALT, name, [])]))


def test_sd_07_name_of_a_plain_claim() -> None:
    with refused("claim_conflict"):
        look(concealing([NAME], {"full_name": "Trần Thị B"}))
    with refused("claim_conflict"):
        look(concealing([NAME, disclosure("another-salt-of-16-bytes", "full_name", "Trần Thị B")]))
    inner = disclosure(SALT, "class", "C")
    with refused("claim_conflict"):
        look(signed({"classes": [{"class": "B", "_sd": [digest(inner)]}]}, [inner]))


@pytest.mark.parametrize(
    "raw",
    [
        b'["salt"]',
        b'["salt","full_name","x","y"]',
        b'["salt",5,"x"]',
        b'["salt",null,"x"]',
        b'[5,"full_name","x"]',
        b'[null,"full_name","x"]',
        b"[]",
        b"{}",
        b'"full_name"',
        b"full_name",
        b'["salt","full_name","x"',
        b'["salt","full_name",NaN]',
        b'["salt","full_name",{"a":1,"a":2}]',
        b'["salt","full_name","\\ud800"]',
        b'\xef\xbb\xbf["salt","full_name","x"]',
        b'["salt","full_name","\xff"]',
        '["salt","full_name","x"]'.encode("utf-16"),
        '["salt","full_name","x"]'.encode("utf-16-le"),
    ],
)
def test_sd_08_no_disclosure(raw: bytes) -> None:
    with refused("disclosure_invalid"):
        look(concealing([b64url_encode(raw)]))


@pytest.mark.parametrize("end", ["=", "==", "+", "/", " ", "\n"])
def test_sd_08_no_base64url(end: str) -> None:
    with refused("disclosure_invalid"):
        look(concealing([NAME + end]))


def test_sd_09_element_for_property_and_reverse() -> None:
    element = disclosure(SALT, {"class": "B"})
    with refused("disclosure_invalid"):
        look(concealing([element]))
    with refused("disclosure_invalid"):
        look(signed({"classes": [{"...": digest(NAME)}]}, [NAME]))


@pytest.mark.parametrize(
    "alg", ["md5", "sha-1", "sha1", "sha-512", "SHA-256", "sha256", "none", "", None, 256, ["sha-256"]]
)
def test_sd_10_another_digest(alg: Any) -> None:
    with refused("alg_not_allowed"):
        look(concealing([NAME], {"_sd_alg": alg}))


def test_sd_10_digest_named_in_a_disclosure() -> None:
    for hidden in ({"_sd_alg": "sha-256"}, {"deep": [{"_sd_alg": "md5"}]}):
        with refused("alg_not_allowed"):
            look(concealing([disclosure(SALT, "residence", hidden)]))
    with refused("alg_not_allowed"):
        look(signed({"residence": {"_sd_alg": "sha-256"}}))


@pytest.mark.parametrize("name", type_metadata.NEVER_HIDDEN)
def test_sd_11_what_may_not_be_hidden_is_disclosed(name: str) -> None:
    value = {**PAYLOAD, "nbf": 0, "vct#integrity": "sha256-", "aka_vcts": ["urn:x"]}[name]
    with refused("policy_refused"):
        look(concealing([disclosure(SALT, name, value)], {name: GONE}))


@pytest.mark.parametrize("name", ["vct", "iss", "iat", "exp", "status", "cnf"])
def test_sd_11_what_may_not_be_hidden_is_hidden(name: str) -> None:
    closed = digest(disclosure(SALT, name, PAYLOAD[name]))
    with refused("holder_binding_missing" if name == "cnf" else "policy_refused"):
        look(signed({"_sd": [closed], name: GONE}))


def test_sd_11_a_part_of_what_may_not_be_hidden() -> None:
    key = disclosure(SALT, "jwk", PAYLOAD["cnf"]["jwk"])
    reference = disclosure(SALT, "status_list", PAYLOAD["status"]["status_list"])
    for name, part in (("cnf", key), ("status", reference)):
        with refused("policy_refused"):
            look(signed({name: {"_sd": [digest(part)]}}, [part]))
    with refused("holder_binding_missing"):
        look(signed({"cnf": {"_sd": [digest(key)]}}))


def test_sd_12_expiry_in_a_disclosure_beside_the_real_one() -> None:
    with refused("claim_conflict"):
        look(concealing([disclosure(SALT, "exp", NOW + 3000 * DAY)], {"exp": NOW - 1}))


@pytest.mark.parametrize(
    "text",
    [
        f'["{SALT}", "points", 12]',
        f'["{SALT}","points",12]\n',
        f'["{SALT}","point\\u0073",12]',
        f'["{SALT}","points",12.0]',
        f' ["{SALT}","points",12]',
    ],
)
def test_sd_13_disclosure_spelt_anew(text: str) -> None:
    jwt, name, _, end = GOOD.split("~")
    with refused("disclosure_invalid"):
        look("~".join([jwt, name, b64url_encode(text.encode()), end]))


def nested(levels: int) -> tuple[str, list[str]]:
    """The digest of a disclosure that holds a digest, and so on."""
    made = [disclosure(SALT, "a", 1)]
    for _ in range(levels - 1):
        made.append(disclosure(SALT, "a", {"_sd": [digest(made[-1])]}))
    return digest(made[-1]), made


def test_sd_14_a_hundred_levels() -> None:
    top, hidden = nested(100)
    with refused("limit_exceeded"):
        look(signed({"_sd": [top]}, hidden))
    top, hidden = nested(disclosures.DEPTH_LIMIT + 2)
    with refused("limit_exceeded"):
        look(signed({"_sd": [top]}, hidden))
    top, hidden = nested(disclosures.DEPTH_LIMIT + 1)
    look(signed({"_sd": [top]}, hidden))
    lists = [disclosure(SALT, 1)]
    for _ in range(20):
        lists.append(disclosure(SALT, [{"...": digest(lists[-1])}]))
    with refused("limit_exceeded"):
        look(signed({"a": [{"...": digest(lists[-1])}]}, lists))
    for deep in ("[" * 100 + "]" * 100, '{"a":' * 100 + "1" + "}" * 100):
        with refused("limit_exceeded"):
            look(concealing([b64url_encode(f'["{SALT}","a",{deep}]'.encode())]))


def test_sd_14_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """No circle of SHA-256 digests is known; with a digest that has one, the opening ends all the same."""
    there, back = disclosure(SALT, "a", {"_sd": ["two"]}), disclosure(SALT, "b", {"_sd": ["one"]})
    monkeypatch.setattr(disclosures, "digest", {there: "one", back: "two"}.__getitem__)
    with refused("digest_mismatch"):
        look(signed({"_sd": ["one"]}, [there, back]))
    with refused("disclosure_invalid"):
        look(signed({}, [there, back]))


def test_sd_15_ten_thousand() -> None:
    decoys = [digest(str(number)) for number in range(10_000)]
    small = [decoy[:16] for decoy in decoys]
    with refused("limit_exceeded"):
        look(signed({"_sd": small}))
    with refused("limit_exceeded"):
        look(signed({"_sd": small[:DIGEST_LIMIT], "list": [{"...": "one more"}]}))
    look(signed({"_sd": small[:DIGEST_LIMIT]}))
    with refused("limit_exceeded"):
        look(signed({}, ["W10"] * 10_000))
    many = [disclosure(SALT, f"claim {number}", number) for number in range(DISCLOSURE_LIMIT + 1)]
    with refused("limit_exceeded"):
        look(concealing(many))
    look(concealing(many[:-1]))


def test_sd_16_tildes() -> None:
    jwt = GOOD.split("~")[0]
    for text in (
        jwt,
        GOOD.removesuffix("~"),
        GOOD + "~",
        GOOD.replace("~", "~~", 1),
        "~" + GOOD,
        f"~{NAME}~",
        "~",
        "",
        jwt + "~~",
        f"{jwt}~{NAME}~~{POINTS}~",
    ):
        with refused("malformed"):
            look(text)


@pytest.mark.parametrize(
    "typ", ["jwt", "JWT", "vc+sd-jwt", "example+sd-jwt", "sd-jwt", "kb+jwt", "DC+SD-JWT", "", None, 5, ["dc+sd-jwt"]]
)
def test_sd_17_another_type(typ: Any) -> None:
    with refused("type_mismatch"):
        look(concealing([NAME], header={"typ": typ}))


@pytest.mark.parametrize(
    "vct",
    [
        "urn:vneid-reference:document:driving_licence",
        "urn:vneid-reference:document:driving_licence:2",
        "urn:vneid-reference:document:passport:1",
        "https://issuer.example/redirects/elsewhere",
        "http://169.254.169.254/latest/meta-data",
        "",
        5,
        None,
        ["urn:vneid-reference:document:driving_licence:1"],
        {"a": 1},
    ],
)
def test_sd_18_unknown_document_type(vct: Any) -> None:
    """The floor has no way to fetch a type: what it does not know it refuses."""
    with refused("type_mismatch"):
        look(concealing([NAME], {"vct": vct}))


def test_sd_18_type_metadata_is_read_by_its_digest_alone() -> None:
    data, vct = type_metadata.document_bytes(LICENCE), type_metadata.type_of(LICENCE)
    good = type_metadata.integrity(LICENCE)
    assert type_metadata.read(data, vct=vct, integrity=good)["vct"] == vct
    with refused("digest_mismatch"):
        type_metadata.read(data + b" ", vct=vct, integrity=good)
    for none in ("", "sha1-x", "md5-x", good.replace("sha256", "sha512")):
        with refused("alg_not_allowed"):
            type_metadata.read(data, vct=vct, integrity=none)


def test_sd_19_required_claim_not_disclosed() -> None:
    wants = Policy(documents=("driving_licence",), claims=(("age_over_18", True),))
    assert document_refusal(verify(present(issue(), ["full_name"])), wants, now=NOW) == Refusal(
        "claims_missing", ("age_over_18",)
    )
    assert document_refusal(verify(present(issue(), ["age_over_18"])), wants, now=NOW) is None


def test_sd_20_parent_missing() -> None:
    jwt, *shown, _ = present(issue(), [("classes", 0, "class")]).split("~")
    by_form = {
        (len(content), content[1] if len(content) == 3 else ""): each for each in shown for content in [opened(each)]
    }
    whole, element, member = by_form[3, "classes"], by_form[2, ""], by_form[3, "class"]
    assert look(f"{jwt}~{member}~{element}~{whole}~") == {"classes": [{"class": "A1"}]}
    for orphans in ([member], [element], [element, member], [whole, member]):
        with refused("disclosure_invalid"):
            look("~".join([jwt, *orphans, ""]))


def opened(text: str) -> list[Any]:
    content = json.loads(b64url_decode(text))
    assert isinstance(content, list)
    return content


def test_sd_21_short_or_repeated_salt() -> None:
    with pytest.raises(ValueError, match="salt"):
        issue(random=lambda size: bytes(range(size - 1)))
    with pytest.raises(ValueError, match="salt"):
        issue(random=lambda size: bytes(size))
    drawn = iter(range(1000))
    salts = [
        json.loads(b64url_decode(each))[0]
        for each in issue(random=lambda size: next(drawn).to_bytes(size, "big")).split("~")[1:-1]
    ]
    assert len(set(salts)) == len(salts) and all(len(b64url_decode(salt)) == 16 for salt in salts)


def test_sd_22_digest_beside_other_members() -> None:
    element = disclosure(SALT, {"class": "B"})
    for payload in (
        {"classes": [{"...": digest(element), "class": "C"}]},
        {"classes": [{"...": digest(element), "_sd": []}]},
        {"classes": {"...": digest(element)}},
        {"...": digest(element)},
        {"classes": [{"...": 5}]},
        {"_sd": digest(NAME)},
        {"_sd": [5]},
        {"_sd": {"a": digest(NAME)}},
    ):
        with refused("malformed"):
            look(signed(payload))


def test_sd_23_key_binding_at_issuance() -> None:
    with refused("type_mismatch"):
        sd_jwt.verify_issued(present(issue(), ["full_name"]), trust=BUNDLE.trust, now=NOW)
    with refused("type_mismatch"):
        sd_jwt.select(present(issue(), ["full_name"]), ["full_name"])


# --- KB ---------------------------------------------------------------------------------------------------------------


def test_kb_01_stripped() -> None:
    shown = present(issue())
    with refused("holder_binding_missing"):
        verify(shown[: shown.rindex("~") + 1])


def test_kb_02_another_key() -> None:
    for key in (MemorySigner.generate(), DESK.signer):
        with refused("holder_binding_invalid"):
            verify(present(issue(), signer=key))


@pytest.mark.parametrize(
    "audience", ["https://other.example", AUDIENCE + "/", AUDIENCE.upper(), "", [AUDIENCE], None, GONE, 5]
)
def test_kb_03_another_audience(audience: Any) -> None:
    with refused("audience_mismatch"):
        verify(bound(GOOD, aud=audience))


@pytest.mark.parametrize("nonce", ["other", NONCE + " ", NONCE[:-1], "", [NONCE], None, GONE, 5])
def test_kb_04_another_nonce(nonce: Any) -> None:
    with refused("nonce_mismatch"):
        verify(bound(GOOD, nonce=nonce))


def test_kb_04_reused() -> None:
    """What answered one question does not answer the next; who asks uses its question up."""
    shown = present(issue())
    assert verify(shown).challenge == NONCE.encode()
    with refused("nonce_mismatch"):
        verify(present(issue(), nonce="the first"))


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW - 301, "presentation_stale"),
        (NOW + 61, "issued_in_future"),
        (str(NOW), "malformed"),
        (float(NOW), "malformed"),
        (True, "malformed"),
        (None, "malformed"),
        (-1, "malformed"),
        (GONE, "malformed"),
    ],
)
def test_kb_05_time(at: Any, code: str) -> None:
    with refused(code):
        verify(bound(GOOD, iat=at))


def test_kb_05_times_that_are_good() -> None:
    for at in (NOW - 300, NOW, NOW + 60):
        assert verify(bound(GOOD, iat=at)).presented_at == at


def test_kb_06_digest_of_other_disclosures() -> None:
    jwt = GOOD.split("~")[0]
    for text in (jwt + "~", f"{jwt}~{NAME}~", f"{jwt}~{NAME}~{POINTS}", GOOD + NAME):
        with refused("holder_binding_invalid"):
            verify(bound(GOOD, sd_hash=bound_hash(text)))
    for value in (GONE, None, "", 5, bound_hash(GOOD) + "="):
        with refused("holder_binding_invalid"):
            verify(bound(GOOD, sd_hash=value))


def bound_hash(text: str) -> str:
    return digest(text)  # the same function of other characters


def test_kb_07_disclosure_added_or_removed() -> None:
    credential = issue()
    shown = present(credential, ["full_name", "points"])
    jwt, one, two, binding = shown.split("~")
    more = present(credential, ["birth_date"]).split("~")[1]
    for changed in ([jwt, one, binding], [jwt, two, binding], [jwt, binding], [jwt, one, two, more, binding]):
        with refused("holder_binding_invalid"):
            verify("~".join(changed))


def test_kb_07_json_serialization() -> None:
    jwt, name, points, binding = bound(GOOD).split("~")
    protected, payload, signature = jwt.split(".")
    for disclosed in ([name, points], [name], [name, points, NAME]):
        unprotected = {"disclosures": disclosed, "kb_jwt": binding}
        flat = {"protected": protected, "payload": payload, "signature": signature, "header": unprotected}
        one = {"protected": protected, "signature": signature, "header": unprotected}
        for form in (flat, {"payload": payload, "signatures": [one]}):
            for text in (json.dumps(form), json.dumps(form) + "~"):
                with pytest.raises(Malformed) as caught:
                    verify(text)
                assert caught.value.code in ("malformed", "encoding_invalid")


@pytest.mark.parametrize("typ", ["jwt", "JWT", "dc+sd-jwt", "KB+JWT", "openid4vci-proof+jwt", None, 5])
def test_kb_08_another_type(typ: Any) -> None:
    with refused("type_mismatch"):
        verify(bound(GOOD, typ=typ))


def test_kb_08_another_algorithm() -> None:
    claims = {"iat": NOW, "aud": AUDIENCE, "nonce": NONCE, "sd_hash": bound_hash(GOOD)}
    body = b64url_encode(json_encode(claims))
    for alg in ("none", "None", "HS256", "RS256", "ES384", None):
        header = {name: value for name, value in {"alg": alg, "typ": "kb+jwt"}.items() if value is not None}
        for signature in ("", b64url_encode(bytes(64)), b64url_encode(STANDING.holder.sign(b"x"))):
            with refused("alg_not_allowed"):
                verify(f"{GOOD}{b64url_encode(json_encode(header))}.{body}.{signature}")


@pytest.mark.parametrize(
    ("confirmation", "code"),
    [
        (GONE, "holder_binding_missing"),
        ({}, "holder_binding_missing"),
        (None, "holder_binding_missing"),
        ("x", "holder_binding_missing"),
        ({"kid": "holder"}, "holder_binding_missing"),
        ({"jku": "https://evil.example"}, "holder_binding_missing"),
        ({"jwk": {**PAYLOAD["cnf"]["jwk"], "d": "AA"}}, "malformed"),
        ({"jwk": {"kty": "EC"}}, "malformed"),
        ({"jwk": "x"}, "malformed"),
        ({"jwk": {"kty": "oct", "k": "AA"}}, "malformed"),
        ({"jwk": MemorySigner.generate("EdDSA").public.bare_jwk()}, "alg_not_allowed"),
        ({"jwk": MemorySigner.generate("RS256").public.bare_jwk()}, "alg_not_allowed"),
    ],
)
def test_kb_09_no_usable_key(confirmation: Any, code: str) -> None:
    text = signed({"cnf": confirmation})
    with refused(code):
        verify(bound(text))
    with refused(code):
        look(text)


def test_kb_10_two_holders() -> None:
    """Each presentation stands on its own key; what two people show is not one person."""
    other = MemorySigner.generate()
    mine, theirs = issue(), issue("citizen_identity", holder=other)
    first, second = verify(present(mine)), verify(present(theirs, signer=other))
    assert first.holder_thumbprint != second.holder_thumbprint
    with refused("holder_binding_invalid"):  # one person's key for both
        verify(present(theirs))


def test_kb_11_disclosures_of_another_credential() -> None:
    theirs = issue(record={**RECORDS["driving_licence"], "full_name": "Trần Thị B"}, holder=MemorySigner.generate())
    foreign = sd_jwt.select(theirs, ["full_name"]).split("~")[1]
    jwt = issue().split("~")[0]
    with refused("disclosure_invalid"):
        verify(bound(f"{jwt}~{foreign}~"))


# --- whose signature it is --------------------------------------------------------------------------------------------


def test_a_certificate_in_the_header_is_believed_in_nothing() -> None:
    stranger = World()
    desk = stranger.issuers["public-security"]
    x5c = [base64.b64encode(desk.certificate.public_bytes(Encoding.DER)).decode()]
    with refused("issuer_untrusted"):
        look(concealing([NAME], signer=desk.signer, header={"x5c": x5c}))
    with refused("signature_invalid"):  # the right certificate, another's key
        look(concealing([NAME], signer=desk.signer))
    for header, code in (
        ({"x5c": None}, "key_not_found"),
        ({"x5c": None, "jwk": DESK.signer.public.bare_jwk()}, "key_not_found"),
        ({"x5c": None, "kid": "https://issuer.example/keys#1"}, "key_not_found"),
        ({"x5c": None, "x5u": "https://issuer.example/chain"}, "key_not_found"),
        ({"x5c": []}, "chain_invalid"),
        ({"x5c": [*X5C, *X5C]}, "chain_invalid"),
        ({"x5c": X5C[0]}, "chain_invalid"),
        ({"x5c": [5]}, "chain_invalid"),
        ({"x5c": ["é"]}, "chain_invalid"),
        ({"x5c": [X5C[0] + "\n"]}, "chain_invalid"),
        ({"x5c": ["AAAA"]}, "issuer_untrusted"),
        ({"alg": "ES384"}, "alg_not_allowed"),
        ({"alg": "none"}, "alg_not_allowed"),
        ({"crit": ["x5c"]}, "crit_unknown"),
    ):
        with refused(code):
            look(concealing([NAME], header=header))


def test_a_text_that_no_parser_should_see() -> None:
    for text in ("x" * (disclosures.SIZE_LIMIT + 1), GOOD + "A" * disclosures.SIZE_LIMIT):
        with refused("oversize"):
            look(text)
    for text in (None, b"x", 5, "é~", "\ud800~"):
        with refused("malformed"):
            look(text)


def test_a_payload_that_is_no_object() -> None:
    for payload in (b"[]", b'"x"', b"5", b"null"):
        jwt = jose.sign(payload, DESK.signer, typ=sd_jwt.TYP, headers={"kid": None, "x5c": X5C})
        with refused("malformed"):
            look(jwt + "~")


def test_a_refusal_is_short() -> None:
    for text in (GOOD + disclosure(SALT, "x" * 5000, 1) + "~", concealing([NAME], {"vct": "v" * 5000})):
        with pytest.raises(CertsError) as caught:
            look(text)
        assert len(repr(caught.value)) < 300


def test_the_signed_header_is_not_the_holders() -> None:
    assert jose.parse(present(issue()).split("~")[-1]).header.keys() == {"alg", "typ"}
    assert ASKED.holder_proof
