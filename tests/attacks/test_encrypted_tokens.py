"""Encrypted tokens of somebody who wants our time, our memory or our key: attacks JW-16, JW-17, JW-20."""

import json
import tracemalloc
import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc.jwk import RSAKey

from certs import jwe
from certs.encoding import b64url_decode, b64url_encode, json_decode
from certs.errors import CertsError
from certs.jwe import DecryptionKey
from tests.certs.refusals import refused

MIB = 1024 * 1024
EC = DecryptionKey.generate("ECDH-ES+A256KW", "ec")
DIRECT = DecryptionKey.generate("ECDH-ES", "direct")
RSA = DecryptionKey.generate("RSA-OAEP-256", "rsa")
KEYS = [EC, DIRECT, RSA]


def parts(key: DecryptionKey, **header: Any) -> list[str]:
    """A good token; with `header` one whose header says something else as well."""
    made = jwe.encrypt(b"a.b.c", key.public, enc="A128CBC-HS256", cty="JWT").split(".")
    if header:
        made[0] = b64url_encode(json.dumps({**json_decode(b64url_decode(made[0])), **header}).encode())
    return made


def told(made: list[str]) -> str:
    """The whole of what a refusal says."""
    with pytest.raises(CertsError) as caught:
        jwe.decrypt(".".join(made), KEYS)
    assert caught.value.__cause__ is None
    return f"{type(caught.value).__name__} {caught.value}"


def test_jw_16_a_bomb_of_zeros() -> None:
    """64 MiB of zeros are 64 KiB on the way. They are not even looked at: not inflated, not decrypted."""
    bomb = zlib.compress(bytes(64 * MIB), 9)[2:-4]
    for key in KEYS:
        made = parts(key, zip="DEF")
        made[3] = b64url_encode(bomb[: jwe.CONTENT_LIMIT])
        token = ".".join(made)
        tracemalloc.start()
        with refused("limit_exceeded"):
            jwe.decrypt(token, KEYS)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * MIB
    assert len(bomb) < 2 * jwe.CONTENT_LIMIT


def test_jw_16_compression_under_any_name() -> None:
    for name in ("DEF", "GZIP", "", None, 7):
        with refused("limit_exceeded"):
            jwe.decrypt(".".join(parts(EC, zip=name)), KEYS)


@pytest.mark.parametrize("alg", ["PBES2-HS256+A128KW", "PBES2-HS512+A256KW"])
@pytest.mark.parametrize("count", [2**31 - 1, 2**31, 10**18, 1, -1, "many"])
def test_jw_17_a_password_to_be_derived_for_ever(alg: str, count: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joserfc._rfc7518.jwe_algs.PBKDF2HMAC", _nothing_is_derived)
    made = parts(EC, alg=alg, p2c=count, p2s="c2FsdHNhbHQ")
    with refused("alg_not_allowed"):
        jwe.decrypt(".".join(made), KEYS)


def _nothing_is_derived(*args: object, **more: object) -> object:
    raise AssertionError("a key was derived from a password")


def flipped(part: str) -> str:
    raw = bytearray(b64url_decode(part))
    raw[0] ^= 1
    return b64url_encode(bytes(raw))


def shortened(part: str, by: int = 1) -> str:
    return b64url_encode(b64url_decode(part)[:-by])


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.public.alg)
def test_jw_20_one_result_for_all_that_a_key_has_to_do_with(key: DecryptionKey) -> None:
    good = parts(key)
    assert jwe.decrypt(".".join(good), KEYS).content == b"a.b.c"
    wrong = {
        "tag": [*good[:4], flipped(good[4])],
        "short tag": [*good[:4], shortened(good[4])],
        "no tag": [*good[:4], ""],
        "content": [*good[:3], flipped(good[3]), good[4]],
        "no content": [*good[:3], "", good[4]],
        "half a block": [*good[:3], shortened(good[3], 5), good[4]],
        "iv": [*good[:2], flipped(good[2]), *good[3:]],
        "short iv": [*good[:2], shortened(good[2]), *good[3:]],
        "no iv": [*good[:2], "", *good[3:]],
        "another's": [*parts(key)[:2], *good[2:]],
    }
    if key is DIRECT:
        wrong["a key where none is wrapped"] = [good[0], b64url_encode(bytes(40)), *good[2:]]
    else:
        wrong |= {
            "key": [good[0], flipped(good[1]), *good[2:]],
            "short key": [good[0], shortened(good[1]), *good[2:]],
            "key of one block": [good[0], b64url_encode(bytes(8)), *good[2:]],
            "no key": [good[0], "", *good[2:]],
        }
    if key is not RSA:
        epk = json_decode(b64url_decode(good[0]))["epk"]
        for name, point in {
            "off the curve": {**epk, "y": epk["x"]},
            "at infinity": {**epk, "x": b64url_encode(bytes(32)), "y": b64url_encode(bytes(32))},
            "beyond the field": {**epk, "x": b64url_encode(b"\xff" * 32)},
            "of another curve": {"kty": "EC", "crv": "secp256k1", "x": epk["x"], "y": epk["y"]},
            "of a twist": {"kty": "OKP", "crv": "X25519", "x": epk["x"]},
            "short": {**epk, "x": shortened(epk["x"])},
            "missing": None,
        }.items():
            wrong[f"point {name}"] = parts(key, epk=point)
    assert {name: told(made) for name, made in wrong.items()} == dict.fromkeys(wrong, "BadSignature decryption_failed")


def test_jw_20_points_of_small_order_tell_nothing() -> None:
    """X25519 with such a point gives zeros, whatever our key is: it is refused as any other wrong one."""
    key = DecryptionKey.generate("ECDH-ES", "x", curve="X25519")
    orders = ["00" * 32, "01" + "00" * 31, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"]
    for low in (bytes.fromhex(each) for each in orders):
        made = parts(DIRECT, kid="x", epk={"kty": "OKP", "crv": "X25519", "x": b64url_encode(low)})
        with refused("decryption_failed"):
            jwe.decrypt(".".join(made), [key])


def test_jw_20_rsa1_5_is_no_oracle() -> None:
    """Right padding, wrong padding, no padding: refused by its name, before the key is touched (Authlib CVE-2026-28490)."""
    public = RSAKey.import_key(dict(RSA.public.public)).get_op_key("encrypt")
    right = public.encrypt(bytes(32), padding.PKCS1v15())
    answers = {
        told([parts(RSA, alg="RSA1_5")[0], b64url_encode(key), *parts(RSA)[2:]]) for key in (right, b"\0" * 256, b"")
    }
    assert answers == {"Unsupported alg_not_allowed: alg or enc"}


def test_jw_20_a_missing_part() -> None:
    good = parts(EC)
    for place in range(5):
        assert told([*good[:place], *good[place + 1 :]]) == "Malformed malformed: not a compact JWE"
