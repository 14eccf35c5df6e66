"""One harness a parser: what it reads, how its valid inputs are changed, and what it may answer to that.

Besides the changes of a stranger, who has no key, there are those of an issuer: what the real authority signed although it is not as
it should be gets past the signature, and must end in a declared refusal or in claims that the catalogue knows.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from certs import cbor, cose, jose, qr
from certs.catalogue import CATALOGUE
from certs.cose import KID, TYP
from certs.encoding import b64url_decode, base45_decode, base45_encode, json_decode, json_encode
from certs.errors import CertsError, Malformed
from certs.formats import Expected, Step, Verified, cwt, mdoc
from certs.jose import KeySet
from certs.x509 import key_id
from tests.certs.formats import mdocs, sd_jwts
from tests.fuzz.driver import Change, Harness
from tests.fuzz.mutation import changed, changed_cbor, changed_parts, changed_value
from tests.pictures import picture_of
from tests.world import DAY, NOW, World
from verifier import Policy, Verifier
from verifier.foreign import loose_cbor
from verifier.result import Rejected, Undetermined, Verdict

WORLD = World()
HELD = WORLD.open_bundle()
DESK = WORLD.issuers["public-security"]
BEARER = Policy(require_holder_proof=False)
CREDENTIALS = tuple(
    WORLD.issue(kind, view, index=5) for kind, view in (("driving_licence", "full"), ("driving_licence", None))
)


def contents(verified: Verified) -> tuple[Any, ...]:
    """What a relying party acts on, of a verified document."""
    told = verified.document, verified.view, dict(verified.claims), verified.issuer, verified.issued, verified.expires
    return (
        *told,
        verified.holder_thumbprint,
        verified.holder_bound,
        verified.printed,
        verified.audience,
        verified.challenge,
    )


def knows(_data: bytes, verified: Any) -> None:
    """Whatever an issuer signs, what is accepted has claims of the catalogue alone, and as texts, numbers and the like."""
    if isinstance(verified, Verified):
        document = CATALOGUE[verified.document]
        assert set(verified.claims) <= {field.name for field in document.fields}, (
            "a claim that the catalogue does not know"
        )
        assert verified.issued <= NOW + 300 and verified.expires > NOW, "out of its time"
        json_encode(dict(verified.claims))


def inside(decode: Callable[[bytes], bytes], encode: Callable[[bytes], bytes], *changes: Change) -> Change:
    """Changes of what a form carries, put into the form again."""

    def change(data: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
        try:
            inner = [decode(other) for other in others]
            return encode(chance.choice(changes)(decode(data), chance, inner))
        except (CertsError, ValueError):
            return changed(data, chance, others)

    return change


def as_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


# --- text: QR text -> verdict -----------------------------------------------------------------------------------------------


def _verdict(data: bytes) -> tuple[Any, ...]:
    report = Verifier(HELD, clock=lambda: NOW).inspect(as_text(data), policy=BEARER)
    assert report.code != "internal", "an error of ours"
    if report.verified is None:
        raise Rejected(report.code or "", report.checks[0].step)
    return contents(report.verified)


_FROM_TEXT = inside(
    lambda data: qr.from_text(data.decode()), lambda inner: qr.to_text(inner).encode(), changed, changed_cbor
)


def text() -> Harness:
    shown = [*map(WORLD.present, CREDENTIALS), WORLD.paper(), WORLD.printed(CREDENTIALS[1])]
    texts = tuple(each.encode() for each in shown)
    return Harness("text", texts, _verdict, (changed, _FROM_TEXT, _FROM_TEXT), (Verdict,))


def signed_text() -> Harness:
    """A credential that its authority signed, whatever it says."""
    header = {KID: key_id(DESK.certificate), TYP: cwt.TYP}

    def read(payload: bytes) -> Verified:
        try:
            shown = WORLD.present(cose.sign(payload, DESK.signer, header=header))
        except Malformed as error:  # no code holds that much
            raise Rejected(error.code, Step.BOUNDS) from error
        return Verifier(HELD, clock=lambda: NOW).verify(shown, policy=BEARER)

    payloads = tuple(cose.parse(each).payload for each in CREDENTIALS)
    return Harness(
        "signed-text", payloads, read, (changed_cbor, changed_cbor, changed), (Rejected, Undetermined), knows
    )


# --- base45, CBOR -----------------------------------------------------------------------------------------------------------


def base45() -> Harness:
    def same(data: bytes, value: bytes) -> None:
        assert base45_encode(value).encode() == data, "two spellings of one value"

    seeds = tuple(base45_encode(bytes(range(size))).encode() for size in (0, 1, 2, 33, 256))
    return Harness("base45", seeds, lambda data: base45_decode(as_text(data)), declared=(Malformed,), judge=same)


def cbor_() -> Harness:
    """Ours has one spelling for each value; and where it reads one, the looser decoder of foreign formats reads the same."""
    limits = cbor.CREDENTIAL._replace(size=32 * 1024, tags=frozenset({18, 24, 1004}))

    def same(data: bytes, value: Any) -> None:
        assert cbor.encode(value) == data, "two spellings of one value"
        assert loose_cbor.decode(data, tags=limits.tags) == value, "the two decoders differ"
        strict = _or_none(cbor.decode, data)
        assert strict is None or strict == value

    seeds = (
        *CREDENTIALS,
        *(cose.parse(each).payload for each in CREDENTIALS),
        qr.from_text(WORLD.present(CREDENTIALS[0])),
    )

    def loosely(data: bytes) -> Any:
        _or_none(lambda given: loose_cbor.decode(given, tags=limits.tags), data)
        return cbor.decode(data, limits)

    return Harness("cbor", seeds, loosely, (changed, changed, changed_cbor), (Malformed,), same)


def _or_none(decode: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return decode(data)
    except Malformed:
        return None


# --- COSE, JOSE -------------------------------------------------------------------------------------------------------------


def cose_() -> Harness:
    def read(data: bytes) -> bytes:
        message = cose.parse(data)
        cose.expect_typ(message, cwt.TYP)
        cose.verify(message, DESK.signer.public)
        return message.payload

    return Harness("cose", CREDENTIALS, read, (changed, changed_cbor))


def jose_() -> Harness:
    signers = DESK.signer, WORLD.list_desk.signer
    keys = KeySet(tuple(signer.public for signer in signers))
    claims = {"iss": "a", "iat": NOW, "exp": NOW + DAY, "aud": "b"}
    tokens = tuple(jose.sign({**claims, "n": n}, signer, typ="at+jwt").encode() for n, signer in enumerate(signers))

    def read(data: bytes) -> Any:
        return jose.verify_jwt(as_text(data), keys, typ="at+jwt", issuer="a", audience="b", now=NOW)

    return Harness("jose", tokens, read, (changed, changed_parts, changed_parts))


def signed_jose() -> Harness:
    """A token that its issuer signed, whatever its claims."""
    keys = KeySet((DESK.signer.public,))

    def read(payload: bytes) -> Any:
        return jose.verify_jwt(
            jose.sign(payload, DESK.signer, typ="JWT"), keys, typ="JWT", issuer="a", audience="b", now=NOW
        )

    def timely(_data: bytes, claims: Any) -> None:
        assert claims["iss"] == "a" and claims["aud"] == "b" and claims["exp"] > NOW >= claims["iat"]

    seed = json_encode({"iss": "a", "iat": NOW, "exp": NOW + DAY, "aud": "b", "nbf": NOW, "x": {"y": ["é", 1.5, None]}})
    return Harness("signed-jose", (seed,), read, (changed, changed_json), judge=timely)


def changed_json(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    try:
        return json_encode(changed_value(json_decode(data), chance))
    except (TypeError, ValueError, UnicodeEncodeError, CertsError):
        return data


# --- SD-JWT VC, mdoc --------------------------------------------------------------------------------------------------------


def sd_jwt_() -> Harness:
    credentials = sd_jwts.issue(), sd_jwts.issue("health_record", index=1)
    shown = (("full_name",), ("full_name", "birth_date", "nationality"), ())
    texts = [sd_jwts.present(credentials[0], names) for names in shown] + [sd_jwts.present(credentials[1])]

    def read(data: bytes) -> Any:
        return contents(sd_jwts.verify(as_text(data)))

    seeds = tuple(each.encode() for each in texts)
    return Harness("sd-jwt", seeds, read, (changed, changed_parts, changed_parts, changed_parts))


def signed_sd_jwt() -> Harness:
    """An SD-JWT that its authority signed, and then shown without its holder: claims may be left out, none added or changed."""
    issued = sd_jwts.issue()
    held = contents(sd_jwts.verify(issued, expected=sd_jwts.UNBOUND))

    def read(data: bytes) -> Any:
        return contents(sd_jwts.verify(as_text(data), expected=sd_jwts.UNBOUND))

    def no_more(_data: bytes, answer: Any) -> None:
        assert answer[0] == held[0] and answer[3:7] == held[3:7]
        for name, value in answer[2].items():
            assert value == held[2][name] or isinstance(value, list | dict), "a claim that nobody signed"

    def resigned(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
        jwt, *hidden = data.decode().split("~")
        payload = json_decode(b64url_decode(jwt.split(".")[1]))
        try:
            return sd_jwts.signed(changed_value(payload, chance), [each for each in hidden if each]).encode()
        except (AttributeError, TypeError, ValueError):
            return data

    def judge(data: bytes, answer: Any) -> None:
        if data.split(b".")[1] == issued.encode().split(b".")[1]:
            no_more(data, answer)

    return Harness("signed-sd-jwt", (issued.encode(),), read, (changed_parts, resigned, resigned), judge=judge)


def mdoc_() -> Harness:
    """Its holder signs no list of what is shown (ISO/IEC 18013-5 §9.1.3.4): on the way an element may get lost, or come from
    another showing of the same copy; what its issuer did not sign neither comes nor changes."""
    credential = mdocs.issued(WORLD)
    names = dict.fromkeys(("full_name", "birth_date", "licence_number", "classes"), True)
    seeds = tuple(
        mdocs.presented(WORLD, credential, elements)
        for elements in (mdocs.whole(mdocs.LICENCE, names), mdocs.NAME_AND_AGE)
    )
    shown = [_mdoc(seed) for seed in seeds]

    def no_more(_data: bytes, answer: Any) -> None:
        told, elements = answer
        assert any((told[0], *told[3:]) == (other[0], *other[3:]) for other, _ in shown)
        assert all(
            any(name in other[2] and other[2][name] == value for other, _ in shown) for name, value in told[2].items()
        )
        for space, named in elements.items():
            signed = [others.get(space, {}) for _, others in shown]
            for name, value in named.items():
                assert any(name in each and each[name] == value for each in signed), "an element that nobody signed"

    return Harness("mdoc", seeds, _mdoc, (changed, changed_cbor, changed_cbor), judge=no_more)


def _mdoc(data: bytes) -> Any:
    verified = mdoc.verify(
        data, transcript=mdocs.TRANSCRIPT, trust=HELD.trust, statuses=HELD.statuses, now=NOW, expected=Expected()
    )
    return contents(verified), {space: dict(named) for space, named in verified.elements.items()}


def signed_mdoc() -> Harness:
    """A security object that its authority signed, whatever it says, shown by its holder."""
    credential = mdocs.issued(WORLD)
    security = cbor.decode(
        cbor.decode(cbor.decode(credential, mdocs.LIMITS)["issuerAuth"][2], mdocs.LIMITS).value, mdocs.LIMITS
    )

    def read(data: bytes) -> Any:
        other = cbor.decode(data, mdocs.LIMITS)
        if not isinstance(other, dict):
            raise Malformed("malformed", "nothing that could be presented")
        resigned = mdocs.resigned(WORLD, credential, lambda _: other)
        try:
            shown = mdocs.presented(WORLD, resigned)
        except (
            KeyError,
            TypeError,
            AttributeError,
            ValueError,
            IndexError,
        ) as error:  # the wallet of the tests is no parser
            raise Malformed("malformed", "nothing that could be presented") from error
        return _mdoc(shown)

    def judge(_data: bytes, answer: Any) -> None:
        assert set(answer[0][2]) <= {field.name for field in CATALOGUE["driving_licence"].fields}

    return Harness("signed-mdoc", (cbor.encode(security),), read, (changed_cbor,), judge=judge)


# --- pictures ---------------------------------------------------------------------------------------------------------------


def picture() -> Harness:
    texts = "VN1:ABC", WORLD.present(CREDENTIALS[1])
    seeds = tuple(picture_of(text, kind=kind, module=2) for text in texts for kind in ("PNG", "JPEG"))

    def judge(_data: bytes, found: Any) -> None:
        assert set(found) <= {*texts}, "wrong data"

    return Harness("picture", seeds, qr.read_picture, (changed,), (Malformed,), judge)
