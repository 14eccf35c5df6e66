"""COSE_Sign1: parse, sign, verify. Everything that matters lies in the protected header.

Spec: RFC 9052 §4.2, §4.4 (COSE_Sign1), RFC 9053 §2 (algorithms), RFC 9360 (x5chain), RFC 9596 (typ), RFC 8392 (CWT).
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from certs import cbor
from certs.cbor import CREDENTIAL, Limits, Tag, Value
from certs.errors import Malformed, Unsupported, Untrusted
from certs.keys import COSE_ALGORITHMS, PublicKey, Signer

SIGN1 = 18  # RFC 9052 §2: the tag of a COSE_Sign1

# Header labels: RFC 9052 §3.1, RFC 9596, RFC 9528 registered 13 (kcwt), RFC 9360 registered 33 (x5chain).
ALG, CRIT, KID, KCWT, TYP, X5CHAIN = 1, 2, 4, 13, 16, 33

_ALGORITHM_NAMES = {number: name for name, number in COSE_ALGORITHMS.items()}


class Sign1(NamedTuple):
    """A parsed COSE_Sign1 that proves nothing yet. `header` is the decoded protected header."""

    protected: bytes
    header: Mapping[int | str, Value]
    payload: bytes
    signature: bytes

    def item(self) -> Tag:
        """The CBOR item again, for carrying it inside another one."""
        return Tag(SIGN1, [self.protected, {}, self.payload, self.signature])


def parse(data: bytes, limits: Limits = CREDENTIAL) -> Sign1:
    return from_item(cbor.decode(data, limits), limits)


def from_item(item: Value, limits: Limits = CREDENTIAL) -> Sign1:
    """Raises Malformed or Unsupported; admits an empty unprotected header only: nothing unsigned is ever read."""
    if not isinstance(item, Tag) or item.number != SIGN1:
        raise Malformed("type_mismatch", "not a tagged COSE_Sign1")
    parts = item.value
    if not isinstance(parts, list) or len(parts) != 4:
        raise Malformed("malformed", "COSE_Sign1 has four parts")
    protected, unprotected, payload, signature = parts
    if not isinstance(protected, bytes) or not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise Malformed("malformed", "COSE_Sign1 parts")  # a detached payload (nil) ends here too
    if unprotected != {}:
        raise Malformed("malformed", "unprotected header is not empty")
    return Sign1(protected, protected_header(protected, limits), payload, signature)


def protected_header(protected: bytes, limits: Limits) -> Mapping[int | str, Value]:
    """The decoded protected header. Raises Malformed or Unsupported."""
    return _known_header(protected, limits) if len(protected) <= _SHORT else _header(protected, limits)


def _header(protected: bytes, limits: Limits) -> Mapping[int | str, Value]:
    header = cbor.decode(protected, limits) if protected else {}
    if not isinstance(header, dict):
        raise Malformed("malformed", "protected header is not a map")
    if CRIT in header:  # RFC 9052 §3.1: we understand no extension that would need it
        raise Unsupported("crit_unknown", "crit")
    return MappingProxyType(header)


_SHORT = 64  # bytes; the header of an issuer's is the same on everything that it signs, the one of a holder proof never
_known_header = lru_cache(maxsize=128)(_header)


def sign(payload: bytes, signer: Signer, *, header: Mapping[int, Any]) -> bytes:
    """A tagged COSE_Sign1; the algorithm is the signer's own."""
    protected = cbor.encode({ALG: COSE_ALGORITHMS[signer.public.alg], **header})
    signature = signer.sign(_to_be_signed(protected, payload))
    return cbor.encode(Tag(SIGN1, [protected, {}, payload, signature]))


def verify(message: Sign1, key: PublicKey) -> None:
    """Raises Unsupported when the header's algorithm is not the key's, BadSignature when the signature does not hold."""
    alg = message.header.get(ALG)
    if not isinstance(alg, int) or _ALGORITHM_NAMES.get(alg) != key.alg:
        raise Unsupported("alg_not_allowed", "alg differs from the key's")
    key.verify(message.signature, _to_be_signed(message.protected, message.payload))


def expect_typ(message: Sign1, typ: str) -> None:
    """RFC 9596: explicit typing keeps one kind of signed thing from passing for another."""
    if message.header.get(TYP) != typ:
        raise Malformed("type_mismatch", "typ")


def kid(message: Sign1) -> bytes:
    value = message.header.get(KID)
    if not isinstance(value, bytes) or not 1 <= len(value) <= 64:
        raise Untrusted("key_not_found", "no kid in the protected header")
    return value


def chain(message: Sign1) -> tuple[bytes, ...]:
    """x5chain (RFC 9360 §2): one certificate, or two and more, in DER, end-entity first."""
    value = message.header.get(X5CHAIN)
    certificates = [value] if isinstance(value, bytes) else value
    if not isinstance(certificates, list) or not 1 <= len(certificates) <= 4:
        raise Untrusted("chain_invalid", "x5chain")
    if not all(isinstance(certificate, bytes) for certificate in certificates):
        raise Untrusted("chain_invalid", "x5chain")
    return tuple(certificates)


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure (RFC 9052 §4.4), by concatenation: an array of four, of which two never change."""
    sizes = cbor.head(2, len(protected)), cbor.head(2, len(payload))
    return b"".join((b"\x84\x6aSignature1", sizes[0], protected, b"\x40", sizes[1], payload))
