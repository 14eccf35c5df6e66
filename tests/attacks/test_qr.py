"""Group QR: what comes as a QR code, and must not pass for a document."""

import tracemalloc
import zlib

import pytest
from PIL import Image, ImageFilter, ImageOps

from certs import cbor, cose, qr
from certs.errors import Malformed
from certs.formats import Step
from certs.x509 import Usage
from tests.pictures import opened, picture_of, png_claiming, saved, with_chunk
from tests.world import DAY, URI, World
from verifier import DEFAULT, Outcome, Policy, Report, Verifier, scan
from verifier.scan import NothingToCheck


@pytest.fixture
def world() -> World:
    return World()


def look(world: World, text: str, policy: Policy = DEFAULT, later: int = 0) -> Report:
    return Verifier(world.open_bundle(), clock=lambda: world.now + later).inspect(text, policy=policy)


def code(world: World, text: str, policy: Policy = DEFAULT) -> str | None:
    report = look(world, text, policy)
    assert report.outcome is Outcome.REJECTED and report.verified is None
    return report.code


@pytest.mark.parametrize("prefix", ["HC1:", "HC2:", "shc:/", "LT1:", "vn1:", "Vn1:", "", "VN1", "VN2:", "VN1："])
def test_QR_01_other_prefix(world: World, prefix: str) -> None:
    assert code(world, prefix + world.present().removeprefix("VN1:")) == "prefix_unknown"


def test_QR_01_doubled_prefix(world: World) -> None:
    """`VN1:` is base45 itself, so the second one is read as data: it breaks the code all the same."""
    assert code(world, "VN1:" + world.present()) in ("encoding_invalid", "malformed", "type_mismatch", "trailing_data")


@pytest.mark.parametrize("body", ["ab", "A!0", "A\t0", "GGW", "::::::", "ZZZ", "A", "AAAA", "GG", "ĐĐĐ", "000\x00"])
def test_QR_02_bad_base45(world: World, body: str) -> None:
    assert code(world, "VN1:" + body) == "encoding_invalid"


def test_QR_03_lower_case_base45(world: World) -> None:
    text = world.present()
    assert code(world, "VN1:" + text.removeprefix("VN1:").lower()) == "encoding_invalid"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x00", "\ufeff", "AA", "000", "VN1:", "\u200b", "#"])
def test_QR_04_something_after_the_text(world: World, end: str) -> None:
    assert code(world, world.present() + end) in ("encoding_invalid", "trailing_data")


@pytest.mark.parametrize("start", [" ", "\n", "\ufeff", "\u200b", "\t"])
def test_QR_04_something_before_the_text(world: World, start: str) -> None:
    assert code(world, start + world.present()) == "prefix_unknown"


def test_QR_04_bytes_after_the_presentation(world: World) -> None:
    data = qr.from_text(world.present())
    assert code(world, qr.to_text(data + b"\x00")) == "trailing_data"
    assert code(world, qr.to_text(data + data)) == "trailing_data"


@pytest.mark.parametrize("level", [0, 1, 9])
def test_QR_05_a_compressed_body_in_our_prefix(world: World, level: int) -> None:
    assert code(world, qr.to_text(zlib.compress(qr.from_text(world.present()), level))) == "malformed"


def test_QR_05_a_bomb_in_our_prefix_is_never_inflated(world: World) -> None:
    bomb = zlib.compress(bytes(2_000_000), 9)[:2800]
    assert code(world, qr.to_text(bomb)) == "malformed"


def test_QR_07_length(world: World) -> None:
    """4,296 is what the largest code holds; one more came from no code, and a mebibyte costs no more than a look."""
    assert code(world, "VN1:" + "0" * (4296 - 4)) != "oversize"
    for length in (4297, 65_536, 1024 * 1024):
        assert code(world, "VN1:" + "0" * (length - 4)) == "oversize"


def test_QR_08_parts_of_a_larger_code(world: World) -> None:
    """Nothing is put together from several codes: a part alone is broken, and parts in one picture stay two codes."""
    data = qr.from_text(world.present())
    parts = [qr.to_text(data[:200]), qr.to_text(data[200:])]
    for part in parts:
        assert code(world, part) in ("malformed", "type_mismatch", "trailing_data")
    with pytest.raises(NothingToCheck) as caught:
        scan.only(picture_of(*parts))
    assert len(caught.value.texts) == 2


DISTORTIONS = {
    "blurred a little": lambda picture: picture.filter(ImageFilter.GaussianBlur(1.0)),
    "blurred beyond reading": lambda picture: picture.filter(ImageFilter.GaussianBlur(9)),
    "turned": lambda picture: picture.rotate(33, expand=True, fillcolor=255),
    "upside down": lambda picture: picture.rotate(180),
    "mirrored": ImageOps.mirror,
    "inverse": ImageOps.invert,
    "small": lambda picture: picture.resize((picture.width // 3, picture.height // 3)),
    "faint": lambda picture: picture.point(lambda value: 118 + value // 16),
    "a corner gone": lambda picture: _covered(picture, 0.18),
    "the middle gone": lambda picture: _covered(picture, 0.45, middle=True),
}


def _covered(picture: Image.Image, share: float, *, middle: bool = False) -> Image.Image:
    changed, side = picture.copy(), int(picture.width * share)
    place = (picture.width - side) // 2 if middle else 0
    changed.paste(128, (place, place, place + side, place + side))
    return changed


@pytest.mark.parametrize("name", DISTORTIONS)
def test_QR_09_a_distorted_picture_is_read_rightly_or_not_at_all(world: World, name: str) -> None:
    text = world.present()
    distorted = saved(DISTORTIONS[name](opened(picture_of(text))))
    assert scan.texts(distorted) in ((text,), ())


@pytest.mark.parametrize("name", ["blurred a little", "turned", "upside down", "mirrored", "inverse"])
def test_QR_09_the_mild_ones_are_read(world: World, name: str) -> None:
    text = world.present()
    assert scan.only(saved(DISTORTIONS[name](opened(picture_of(text))))) == text


@pytest.mark.parametrize("side", [5_001, 10_000, 12_000, 30_000, 65_535])
def test_QR_10_too_many_pixels_are_refused_before_decoding(side: int) -> None:
    """The few bytes of these files hold no pixel at all: an answer other than *oversize* would mean that one was wanted."""
    with pytest.raises(Malformed) as caught:
        qr.read_picture(png_claiming(side, 5_000))
    assert caught.value.code == "oversize"


def test_QR_10_animated(world: World) -> None:
    frame = opened(picture_of(world.present()))
    with pytest.raises(Malformed) as caught:
        qr.read_picture(saved(frame, "PNG", save_all=True, append_images=[ImageOps.invert(frame)]))
    assert caught.value.code == "malformed"


def test_QR_10_a_jpeg_that_asks_for_thousands_of_passes() -> None:
    """Each costs 42 bytes, and a look at every one of 25 megapixels."""
    data = saved(Image.new("L", (5000, 5000), 255), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    for bomb in (data[:start] + data[start:-2] * 1000 + b"\xff\xd9", b"\xff\xd8" + b"\xff\xe0\0\2" * 5000 + data[2:]):
        assert len(bomb) < 200_000
        with pytest.raises(Malformed) as caught:
            qr.read_picture(bomb)
        assert caught.value.code == "limit_exceeded"


def test_QR_10_a_progressive_jpeg_of_a_camera_is_read(world: World) -> None:
    """With a film of itself behind its end, as some telephones write it."""
    text = world.present()
    assert (
        scan.only(saved(opened(picture_of(text)).convert("RGB"), "JPEG", progressive=True) + b"\xff\xda" * 5000) == text
    )


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP", b"iTXt"])
def test_QR_10_a_bomb_beside_the_pixels_of_a_png(world: World, kind: bytes) -> None:
    """64 MiB in a text or a colour profile: not unpacked, whether the picture is read or refused."""
    text, packed = world.present(), zlib.compress(bytes(64 * 1024 * 1024), 9)
    head = {b"zTXt": b"a\0\0", b"iCCP": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}[kind]
    data = with_chunk(picture_of(text), kind, head + packed)
    tracemalloc.start()
    try:
        found: tuple[str, ...] = qr.read_picture(data)
    except Malformed:
        found = ()
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found in ((text,), ())
    assert peak < 8 * 1024 * 1024


def test_QR_10_a_png_whose_pixels_are_a_bomb() -> None:
    """Its head says 8 × 8; what is packed would be a hundred mebibytes."""
    assert qr.read_picture(png_claiming(8, 8, bytes(100 * 1024 * 1024))) == ()


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?><svg/>",
        b"%PDF-1.7 VN1:ABC",
        b"GIF89a\x01\x00\x01\x00",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"II*\x00\x08\x00\x00\x00",
        b"8BPS\x00\x01",
        b"%!PS-Adobe-3.0 EPSF",
    ],
    ids=lambda data: data[:6].decode("latin-1"),
)
def test_QR_10_other_kinds_of_picture_are_not_opened(data: bytes) -> None:
    with pytest.raises(Malformed):
        qr.read_picture(data)


def test_QR_10_polyglot(world: World) -> None:
    """What follows a picture's end is not looked at: the code is that of the pixels."""
    shown, hidden = world.present(), world.present()
    assert scan.only(picture_of(shown) + b"\n" + hidden.encode()) == shown


def test_QR_11_two_codes_in_one_picture(world: World) -> None:
    one, two = world.present(), world.present()
    assert set(scan.texts(picture_of(one, two))) == {one, two}
    with pytest.raises(NothingToCheck):
        scan.only(picture_of(one, two))


@pytest.mark.parametrize("name", ["turned", "upside down", "mirrored", "inverse", "blurred a little"])
def test_QR_11_the_second_code_is_seen_however_it_stands_there(world: World, name: str) -> None:
    one, two = world.present(), world.present()
    upright, other = opened(picture_of(one)), DISTORTIONS[name](opened(picture_of(two)))
    sheet = Image.new("L", (upright.width + other.width + 40, max(upright.height, other.height)), 255)
    sheet.paste(upright, (0, 0))
    sheet.paste(other, (upright.width + 40, 0))
    assert set(scan.texts(saved(sheet))) == {one, two}


def test_QR_11_a_good_code_beside_a_foreign_one(world: World) -> None:
    with pytest.raises(NothingToCheck):
        scan.only(picture_of(world.present(), "https://example.com/"))


def test_QR_12_without_holder_proof_the_result_says_so_and_the_policy_decides(world: World) -> None:
    printed = world.printed()
    assert code(world, printed) == "holder_binding_missing"
    report = look(world, printed, Policy(require_holder_proof=False))
    assert report.verified is not None and report.verified.holder_bound is False
    assert report.to_json()["verified"]["holder_bound"] is False


def test_QR_12_a_screenshot_is_dead_after_a_minute_and_a_half(world: World) -> None:
    text = world.present()
    assert look(world, text, later=90).outcome is Outcome.ACCEPTED
    assert look(world, text, later=91).code == "presentation_stale"


def test_QR_13_the_same_code_elsewhere(world: World) -> None:
    """A code made for one verifier is no use at another; one made for nobody says so. Within one verifier: `test_replay.py`."""
    theirs = world.present(audience="bank-a", challenge=b"of bank a")
    assert look(world, theirs, Policy(audience="bank-a", challenge=b"of bank a")).outcome is Outcome.ACCEPTED
    assert look(world, theirs, Policy(audience="bank-b", challenge=b"of bank b")).code == "audience_mismatch"
    assert look(world, theirs, Policy(audience="bank-a", challenge=b"later one")).code == "nonce_mismatch"
    report = look(world, world.present())
    assert report.verified is not None and report.verified.audience is None


@pytest.mark.parametrize("usage", [usage for usage in Usage if usage is not Usage.DOCUMENT_SIGNER])
def test_QR_14_a_key_made_for_something_else(world: World, usage: Usage) -> None:
    world.issuers["public-security"] = world.desk("public-security", usage)
    assert code(world, world.present()) == "cert_usage"


def test_QR_14_a_holder_proof_is_no_credential_and_the_other_way_round(world: World) -> None:
    """Each signed thing says what it is: neither passes for the other, nor one inside another of its kind."""
    credential = world.issue()
    shown = qr.from_text(world.present(credential))
    nested = cose.sign(
        cbor.encode({6: world.now}),
        world.holder,
        header={cose.KCWT: cose.parse(shown).item(), cose.TYP: "vn1-kb+cwt"},
    )
    assert code(world, qr.to_text(nested)) == "type_mismatch"
    retyped = cose.sign(
        cose.parse(credential).payload, world.issuers["public-security"].signer, header={cose.TYP: "vn1-kb+cwt"}
    )
    assert code(world, qr.to_text(retyped)) == "malformed"


def test_QR_15_thirty_days_offline(world: World) -> None:
    """Trust data of 29 days answers where the policy lets it, tells its age, and is too old where the policy says so."""
    text = world.present(world.issue(days=60), at=world.now + 29 * DAY)
    month = {URI: world.status_list(ttl=30 * DAY, expires=world.now + 30 * DAY)}
    verifier = Verifier(world.open_bundle(status_lists=month), clock=lambda: world.now + 29 * DAY)
    report = verifier.inspect(text)
    assert report.outcome is Outcome.ACCEPTED and report.trust is not None and report.trust.seconds == 29 * DAY
    strict = verifier.inspect(text, policy=Policy(max_bundle_age=7 * DAY))
    assert (strict.outcome, strict.code) == (Outcome.UNDETERMINED, "status_stale")
    assert next(check for check in strict.checks if check.step is Step.TRUST_LIST).code == "status_stale"
