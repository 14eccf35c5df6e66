"""Group UN on each form of document, as its authority signed it: writing that deceives, dates and numbers that are none.

`test_text.py` has the whole group on the QR; `test_twins.py` what is about names of clients and accounts.
"""

import unicodedata
from collections.abc import Callable

import pytest

from certs import cbor, cose, qr
from certs.encoding import b64url_encode
from certs.formats import cwt
from tests.certs.formats import mdocs, sd_jwts
from tests.certs.formats.mdocs import OURS
from tests.shown import Shown
from tests.verifier.foreign.abroad import NAME, Clinic, Country, at, code, door, of
from tests.world import NOW, PID, World
from verifier import Outcome, Verifier

WORLD = sd_jwts.STANDING
VERIFIER = Verifier(WORLD.open_bundle(), clock=lambda: NOW)
KEYS = {"personal_identification_number": 3, "full_name": 4, "birth_date": 5}
ASKED = {"audience": sd_jwts.AUDIENCE, "challenge": sd_jwts.NONCE.encode()}
SALT = "2GLC42sKQveCfGfryNRN9w"


def _cwt(name: str, value: object) -> tuple[Outcome, str | None]:
    report = VERIFIER.inspect(WORLD.present(WORLD.issue_with({KEYS[name]: value}, view="full")))
    return report.outcome, report.code


def _printed(name: str, value: object) -> tuple[Outcome, str | None]:
    """The printed code, signed again with another value."""
    parsed = cose.parse(qr.from_text(WORLD.paper(view="full")))
    claims = cbor.decode(parsed.payload)
    claims[cwt.DOCUMENT][KEYS[name]] = value
    header = {key: each for key, each in parsed.header.items() if key != cose.ALG}
    again = cose.sign(cbor.encode(claims), WORLD.issuers["public-security"].signer, header=header)
    report = Shown("vn1_cwt", qr.to_text(again)).inspect(VERIFIER, require_holder_proof=False, accept_printed=True)
    return report.outcome, report.code


def _sd_jwt(name: str, value: object) -> tuple[Outcome, str | None]:
    text = sd_jwts.bound(sd_jwts.concealing([sd_jwts.disclosure(SALT, name, value)]))
    report = Shown("dc+sd-jwt", text).inspect(VERIFIER, **ASKED)
    return report.outcome, report.code


def _mdoc(name: str, value: object) -> tuple[Outcome, str | None]:
    credential = mdocs.with_elements(WORLD, {OURS: {name: value}})
    text = b64url_encode(mdocs.presented(WORLD, credential, {OURS: [name]}))
    report = Shown("mso_mdoc", text).inspect(VERIFIER, audience=mdocs.TRANSCRIPT.audience)
    return report.outcome, report.code


FORMS: dict[str, Callable[[str, object], tuple[Outcome, str | None]]] = {
    "QR": _cwt,
    "printed QR": _printed,
    "SD-JWT VC": _sd_jwt,
    "mdoc": _mdoc,
}
EACH = pytest.mark.parametrize("form", FORMS)
GOOD = "Đặng Thị Thuỳ Dương"


@EACH
def test_the_tests_own_is_good(form: str) -> None:
    for name in (GOOD, "Đặng Thị Thùy Dương", "H'Hen Niê"):  # UN-02: both places of a tone are names, and as they are
        assert FORMS[form]("full_name", name) == (Outcome.ACCEPTED, None)


DECEIVING = {
    "UN-01 parted": unicodedata.normalize("NFD", GOOD),
    "UN-03 cyrillic": "Nguyễn Vаn An",
    "UN-03 greek": "Nguyễn Văn Αn",
    "UN-03 full width": "Ｎguyễn Văn An",
    "UN-03 mathematical": "Nguyễn 𝐕ăn",
    "UN-03 han": "阮文安",
    "UN-04 override": "Nguyễn \u202eVăn",
    "UN-04 isolate": "Nguyễn \u2066Văn",
    "UN-04 joiner": "Nguyễn\u200d Văn",
    "UN-04 soft hyphen": "Ngu\u00adyễn",
    "UN-04 tag": "Nguyễn\U000e0041",
    "UN-04 selector": "Nguyễn\ufe0f",
    "UN-04 line end": "Nguyễn\nVăn",
    "UN-04 NUL": "Nguyễn\0Văn",
    "UN-04 private": "Nguyễn \ue000",
    "UN-05 heaped": "Nguyê" + "\u0323" * 100,
    "UN-06 eth": "\u00d0ặng Văn Đức",
    "UN-06 african d": "\u0189ặng Văn Đức",
}


@EACH
@pytest.mark.parametrize("which", DECEIVING)
def test_UN_01_UN_03_UN_04_UN_05_UN_06_a_name_that_deceives(form: str, which: str) -> None:
    assert FORMS[form]("full_name", DECEIVING[which]) == (Outcome.REJECTED, "text_unsafe")


@pytest.mark.parametrize(
    ("form", "length"),  # no code holds the longer one
    [*((form, 1025) for form in FORMS), *((form, 10_240) for form in FORMS if form not in ("QR", "printed QR"))],
)
def test_UN_05_a_name_without_end(form: str, length: int) -> None:
    outcome, why = FORMS[form]("full_name", "A" * length)
    assert outcome is Outcome.REJECTED and why in ("oversize", "text_unsafe")


@EACH
@pytest.mark.parametrize(
    "value",
    [
        *(
            "1900-02-29",
            "2001-13",
            "2001-00",
            "0000",
            "99",
            "01/05/2001",
            "05/09/2001",
            "2001-5",
            "２００１",
            "",
            " 2001",
        ),
        *(True, None, [2001], {"y": 2001}),
    ],
)
def test_UN_10_dates_that_are_none(form: str, value: object) -> None:
    outcome, why = FORMS[form]("birth_date", value)
    assert outcome is Outcome.REJECTED and why in ("malformed", "text_unsafe")


NUMBERS = [
    "９９９203001234",
    "٩٩٩203001234",
    "999 203 001 234",
    "99920300123",
    "9992030012345",
    "999203001234\n",
    "",
    PID + "\0",
]


@EACH
@pytest.mark.parametrize("value", [*NUMBERS, True, None, -1, [PID]])
def test_UN_11_numbers_in_other_digits(form: str, value: object) -> None:
    outcome, why = FORMS[form]("personal_identification_number", value)
    assert outcome is Outcome.REJECTED and why in ("malformed", "text_unsafe")


# --- of other frameworks --------------------------------------------------------------------------------------------------

HIDDEN = ("\u202e", "\u2066", "\u200b", "\u00ad", "\U000e0041", "\x00", "\ue000")


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda each: f"U+{ord(each):04X}")
def test_UN_04_hidden_characters_abroad(hidden: str) -> None:
    austria, clinic = Country(), Clinic()
    foreign = door(of(austria), at(clinic))
    assert code(foreign, austria.certify(nam={**NAME, "fn": f"Mü{hidden}ller"})) == "text_unsafe"
    assert code(foreign, clinic.card(vc={"note": f"a{hidden}b"})) == "text_unsafe"


def test_UN_05_texts_without_end_abroad() -> None:
    austria, clinic = Country(), Clinic()
    foreign = door(of(austria), at(clinic))
    assert code(foreign, austria.certify(nam={**NAME, "fn": "M" * 2000})) in ("oversize", "text_unsafe", "malformed")
    assert code(foreign, clinic.card(vc={"note": "n" * 2000})) == "oversize"


def test_what_is_signed_again_here_is_as_the_world_signs_it() -> None:
    """What these tests rest on."""
    assert World().present() and FORMS["printed QR"]("birth_date", 11_000) == (Outcome.ACCEPTED, None)
