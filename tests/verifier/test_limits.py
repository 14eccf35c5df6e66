"""What a hostile text or picture may cost in memory. What it may cost in time is measured by `make bench`, never tested."""

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from certs import qr
from certs.encoding import base45_encode
from tests.world import World
from verifier import Outcome, Verifier
from verifier.app import create_app
from verifier.config import Config
from verifier.response import FORM_LIMIT
from verifier.scan import NothingToCheck, texts

MEBIBYTE = 1024 * 1024
MEMORY = 64 * MEBIBYTE
LONGEST = qr.BYTES_LIMIT - 8

# Each is as long as its kind may be, and goes as deep into the checks as its kind can.
TEXTS: dict[str, Callable[[], str]] = {
    "a mebibyte": lambda: "VN1:" + "A" * (MEBIBYTE - 4),
    "a mebibyte of letters beyond Latin": lambda: "Ế" * MEBIBYTE,
    "base45 of the longest code": lambda: "VN1:" + "0" * (qr.TEXT_LIMIT - 4),
    "arrays in arrays": lambda: "VN1:" + base45_encode(b"\x81" * LONGEST),
    "a map that announces 2^64 entries": lambda: "VN1:" + base45_encode(b"\xbb" + b"\xff" * 8 + b"\x00" * LONGEST),
    "a text that announces 2^64 bytes": lambda: "VN1:" + base45_encode(b"\x7b" + b"\xff" * 8 + b"a" * LONGEST),
    "colliding keys": lambda: "VN1:" + base45_encode(_colliding()),
    "lone surrogates": lambda: "\ud800" * MEBIBYTE,
}


def _colliding() -> bytes:
    """Integers that are all 0 modulo 2^61 - 1, the modulus of Python's hash of numbers."""
    keys = (number * (2**61 - 1) for number in range(1, 8))
    return b"\xa7" + b"".join(b"\x1b" + key.to_bytes(8, "big") + b"\x00" for key in keys)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_costs_little_memory(world: World, tmp_path: Path, name: str) -> None:
    verifier = Verifier.from_bundle(world.write_bundle(tmp_path / "bundle.cbor"), clock=lambda: world.now)
    text = TEXTS[name]()
    tracemalloc.start()
    try:
        report = verifier.inspect(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.outcome is Outcome.REJECTED
    assert peak < MEMORY


def test_a_picture_of_25_megapixels_is_read_and_a_larger_one_is_not_decoded(world: World) -> None:
    text = world.present_text()
    code = Image.open(io.BytesIO(qr.draw_png(text))).convert("L")
    for size, found in (((5000, 5000), (text,)), ((5001, 5000), None)):
        picture, data = Image.new("L", size, 255), io.BytesIO()
        picture.paste(code, (2000, 2000))
        picture.save(data, "PNG")
        if found is not None:
            assert tuple(texts(data.getvalue())) == found
        else:
            with pytest.raises(NothingToCheck, match="too large"):
                texts(data.getvalue())


FORM, JSON, MULTIPART = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
# Bodies that are taken apart in memory, each as dear as its kind can be: of its limit, and of what the server admits.
BODIES: dict[str, tuple[str, bytes, bytes, bytes]] = {
    "escapes": (FORM, b"text=", b"%41", b""),
    "escapes of four bytes": (FORM, b"text=", b"%F0%9F%98%80", b""),
    "fields": (FORM, b"text=a", b"&a", b""),
    "objects": (JSON, b'{"text":"a","x":[{}', b",{}", b"]}"),
    "arrays in arrays": (JSON, b'{"text":"a","x":', b"[", b""),
    "members": (JSON, b'{"text":"a"', b',"b":0', b"}"),
    "letters of four bytes": (MULTIPART, PART, "\U0001f600".encode(), b"\r\n--b--\r\n"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_form_costs_little_memory(world: World, tmp_path: Path, name: str) -> None:
    """At a counter anybody may send one, before anything is known of them."""
    world.write_bundle(tmp_path / "bundle.cbor")
    url = "http://localhost:5002"
    config = Config(
        url=url,
        issuer="http://localhost:5000",
        bundle=tmp_path / "bundle.cbor",
        client_secret=None,
        session_key=b"k" * 32,
        refresh_seconds=0,
        simulation=True,
    )
    client = create_app(config).test_client()
    kind, before, again, after = BODIES[name]
    headers = {"Accept": "application/json"}
    sizes = {FORM_LIMIT: {200, 400, 401, 422}, 4 * MEBIBYTE: {200} if kind == MULTIPART else {413}}
    for size, answers in sizes.items():
        body = before + again * ((size - len(before) - len(after)) // len(again)) + after
        tracemalloc.start()
        try:
            status = client.post("/check", data=body, content_type=kind, headers=headers, base_url=url).status_code
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert status in answers and peak < MEMORY, (size, status, peak)
