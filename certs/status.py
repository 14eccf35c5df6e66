"""Token Status List: pack, sign, read, look up. Two bits a credential: valid, invalid, suspended, holder locked.

Spec: draft-ietf-oauth-status-list-20 §4 (packing), §5 (JWT and CWT), §6 (reference), §7.1 (status types), §8.3 (rules).
The claim keys 65533 to 65535 of a CWT are the draft's; they stand behind the constants below.

Reading a status list token:
 1. its `typ`, so that no other signed thing passes for it
 2. its signer's path ends at an anchor and its certificate is a status signer
 3. the signature
 4. `sub` is the URI under which it was asked for
 5. `bits`, and the zlib stream within its announced bounds
"""

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor, cose, jose
from certs.crl import NO_CRLS, Crls
from certs.encoding import b64url_decode, b64url_encode, inflate, json_decode
from certs.errors import BadSignature, Malformed, NotValidNow, Revoked, Unavailable, Unsupported, Untrusted
from certs.keys import Signer
from certs.x509 import Usage, check_path, load, public_key

JWT_TYP = "statuslist+jwt"
CWT_TYP = "application/statuslist+cwt"
SUB, EXP, IAT, STATUS_LIST, TTL, STATUS = 2, 4, 6, 65533, 65534, 65535  # CWT claim keys
INFLATED_LIMIT = 16 * 1024 * 1024  # bytes; a shard of 64 million entries of two bits
_TOKEN_LIMITS = cbor.Limits(size=INFLATED_LIMIT, depth=6, entries=64, tags=frozenset({18}))
_CLOCK_SKEW = 300


class Status(IntEnum):
    """§7.1; 3 is the application-specific value, ours for *holder locked*."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2
    HOLDER_LOCKED = 3


_REFUSALS: Mapping[int, str] = {
    Status.INVALID: "revoked",
    Status.SUSPENDED: "suspended",
    Status.HOLDER_LOCKED: "holder_locked",
}


@dataclass(frozen=True, slots=True)
class StatusList:
    """One list: `data` is the unpacked byte array of §4.1; times are Unix seconds; `ttl` in seconds."""

    uri: str
    bits: int
    data: bytes
    issued: int
    expires: int
    ttl: int
    token: bytes = b""

    def __len__(self) -> int:
        return len(self.data) * 8 // self.bits

    def get(self, index: int) -> int:
        """§4.1: entries fill each byte from its least significant bit."""
        if not 0 <= index < len(self):
            raise Revoked("status_index_out_of_range", f"{index} of {len(self)}")
        per_byte = 8 // self.bits
        return self.data[index // per_byte] >> (index % per_byte * self.bits) & ((1 << self.bits) - 1)


def pack(size: int, entries: Mapping[int, int], bits: int = 2) -> bytes:
    """The byte array of `size` entries, all 0 but the given ones."""
    per_byte = 8 // bits
    data = bytearray((size + per_byte - 1) // per_byte)
    for index, value in entries.items():
        if not 0 <= index < size or not 0 <= value < 1 << bits:
            raise ValueError(f"status {value} at {index}")
        data[index // per_byte] |= value << (index % per_byte * bits)
    return bytes(data)


def sign_cwt(status_list: StatusList, signer: Signer, chain: Sequence[x509.Certificate]) -> bytes:
    """§5.2: the status list token as CWT."""
    claims = {
        SUB: status_list.uri,
        EXP: status_list.expires,
        IAT: status_list.issued,
        TTL: status_list.ttl,
        STATUS_LIST: {"bits": status_list.bits, "lst": zlib.compress(status_list.data, 9)},
    }
    certificates = [certificate.public_bytes(Encoding.DER) for certificate in chain]
    x5chain = certificates[0] if len(certificates) == 1 else certificates
    return cose.sign(cbor.encode(claims), signer, header={cose.TYP: CWT_TYP, cose.X5CHAIN: x5chain})


def sign_jwt(status_list: StatusList, signer: Signer, chain: Sequence[x509.Certificate]) -> str:
    """§5.1: the status list token as JWT."""
    claims = {
        "sub": status_list.uri,
        "iat": status_list.issued,
        "exp": status_list.expires,
        "ttl": status_list.ttl,
        "status_list": {"bits": status_list.bits, "lst": b64url_encode(zlib.compress(status_list.data, 9))},
    }
    x5c = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in chain]
    return jose.sign(claims, signer, typ=JWT_TYP, headers={"x5c": x5c, "kid": None})


def read_cwt(
    token: bytes, *, uri: str, anchors: Iterable[x509.Certificate], now: int, crls: Crls = NO_CRLS
) -> StatusList:
    """A status list from a CWT. Raises CertsError; what concerns its signature has `status_signature_invalid`."""
    message = cose.parse(token, _TOKEN_LIMITS)
    cose.expect_typ(message, CWT_TYP)  # 1
    chain = [load(der) for der in cose.chain(message)]
    try:
        check_path(chain[0], chain[1:], anchors, usage=Usage.STATUS_SIGNER, now=now, crls=crls)  # 2
        cose.verify(message, public_key(chain[0]))  # 3
    except (BadSignature, Unsupported, Untrusted) as error:
        raise BadSignature("status_signature_invalid", str(error)) from None
    claims = cbor.decode(message.payload, _TOKEN_LIMITS)
    if not isinstance(claims, dict):
        raise Malformed("malformed", "status list claims")
    named = {name: claims.get(key) for name, key in _CWT_NAMES.items()}
    return _from_claims(named, uri=uri, now=now, token=token)


_CWT_NAMES = {"sub": SUB, "exp": EXP, "iat": IAT, "ttl": TTL, "status_list": STATUS_LIST}


def read_jwt(
    token: str, *, uri: str, anchors: Iterable[x509.Certificate], now: int, crls: Crls = NO_CRLS
) -> StatusList:
    """A status list from a JWT, with the same refusals as the CWT."""
    parsed = jose.parse(token)
    if parsed.header.get("typ") != JWT_TYP:  # 1
        raise Malformed("type_mismatch", "typ")
    x5c = parsed.header.get("x5c")
    if not isinstance(x5c, list) or not 1 <= len(x5c) <= 4:
        raise BadSignature("status_signature_invalid", "x5c")
    try:
        chain = [load(base64.b64decode(item, validate=True)) for item in x5c]
        check_path(chain[0], chain[1:], anchors, usage=Usage.STATUS_SIGNER, now=now, crls=crls)  # 2
        jws = jose.verify_parsed(parsed, lambda _: public_key(chain[0]), typ=JWT_TYP)  # 3
    except (BadSignature, Unsupported, Untrusted, ValueError, TypeError) as error:
        raise BadSignature("status_signature_invalid", str(error)) from None
    claims = json_decode(jws.payload, limit=INFLATED_LIMIT)
    if not isinstance(claims, dict):
        raise Malformed("malformed", "status list claims")
    return _from_claims(claims, uri=uri, now=now, token=token.encode("ascii"))


def unpack(status_list: object) -> tuple[int, bytes]:
    """§4.2, §4.3: bits and byte array of a `status_list` object, JSON or CBOR."""
    if not isinstance(status_list, Mapping):
        raise Malformed("malformed", "status_list")
    bits, lst = status_list.get("bits"), status_list.get("lst")
    if type(bits) is not int or bits not in (1, 2, 4, 8):  # 5
        raise Malformed("malformed", "bits")
    packed = b64url_decode(lst) if isinstance(lst, str) else lst
    if not isinstance(packed, bytes):
        raise Malformed("malformed", "lst")
    return bits, inflate(packed, limit=INFLATED_LIMIT)


def _from_claims(claims: Mapping[str, Any], *, uri: str, now: int, token: bytes) -> StatusList:
    if claims.get("sub") != uri:  # 4
        raise BadSignature("status_signature_invalid", "sub is another list")
    bits, data = unpack(claims.get("status_list"))
    issued, expires, ttl = (_seconds(claims, name) for name in ("iat", "exp", "ttl"))
    if issued > now + _CLOCK_SKEW:
        raise NotValidNow("issued_in_future", "status list")
    return StatusList(uri, bits, data, issued, expires, ttl, token)


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Malformed("malformed", name)
    return value


class StatusLists:
    """The lists that a verifier holds, by URI."""

    def __init__(self, lists: Iterable[StatusList] = ()) -> None:
        self._lists = {status_list.uri: status_list for status_list in lists}

    def __iter__(self) -> Iterator[StatusList]:
        return iter(self._lists.values())

    def check(self, uri: str, index: int, *, now: int, max_age: int | None = None) -> int:
        """Raises Revoked when the entry is not valid, Unavailable when it cannot be known; returns since when it is known.

        `max_age` in seconds; None means the list's own `ttl` (§8.3). A list past its `exp` is never used.
        """
        held = self._lists.get(uri)
        if held is None:
            raise Unavailable("status_unavailable", uri)
        if now >= held.expires or now > held.issued + (held.ttl if max_age is None else max_age):
            raise Unavailable("status_stale", f"list of {now - held.issued} s ago")
        status = held.get(index)
        if status != Status.VALID:
            raise Revoked(_REFUSALS.get(status, "revoked"))
        return held.issued

    def check_successors(self, new: "StatusLists") -> None:
        """A list may not go back in time (attack ST-02), nor shrink (ST-11)."""
        for status_list in new:
            held = self._lists.get(status_list.uri)
            if held is None:
                continue
            if status_list.issued < held.issued:
                raise Unavailable("status_stale", "status list goes back in time")
            if len(status_list) < len(held):
                raise Revoked("status_index_out_of_range", "status list shrinks")
