"""Certificates that no library would make: cut open, changed inside, signed again with the real key."""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

SEQUENCE, INTEGER, BIT_STRING, OID, NULL = 0x30, 0x02, 0x03, 0x06, 0x05
ECDSA_SHA1 = bytes.fromhex("300906072a8648ce3d0401")
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
RSA_MD5 = bytes.fromhex("300d06092a864886f70d0101040500")

VERSION, SERIAL, SIGNATURE, ISSUER, VALIDITY, SUBJECT, KEY, EXTENSIONS = range(8)  # places in a TBSCertificate


def wrap(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def children(data: bytes) -> list[bytes]:
    """The encoded items inside one constructed item."""
    _, start, end = _head(data, 0)
    items, at = [], start
    while at < end:
        _, _, stop = _head(data, at)
        items.append(data[at:stop])
        at = stop
    return items


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    tag, first = data[at], data[at + 1]
    if first < 128:
        return tag, at + 2, at + 2 + first
    width = first & 0x7F
    size = int.from_bytes(data[at + 2 : at + 2 + width], "big")
    return tag, at + 2 + width, at + 2 + width + size


def remade(
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    change: Callable[[list[bytes]], None],
    *,
    algorithm: bytes = ECDSA_SHA256,
    hash_: hashes.HashAlgorithm | None = None,
) -> bytes:
    """The same certificate with parts of its TBS changed in place, signed by `key` under `algorithm`."""
    parts = children(children(certificate.public_bytes(Encoding.DER))[0])
    parts[SIGNATURE] = algorithm
    change(parts)
    tbs = wrap(SEQUENCE, b"".join(parts))
    signature = key.sign(tbs, ec.ECDSA(hash_ or hashes.SHA256()))
    return wrap(SEQUENCE, tbs + algorithm + wrap(BIT_STRING, b"\0" + signature))
