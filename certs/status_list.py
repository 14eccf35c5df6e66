"""A Token Status List as its issuer makes it: the two bits, packed, and signed as JWT and as CWT.

Spec: draft-ietf-oauth-status-list-20 §4 (packing), §5 (JWT and CWT), §7.1 (status types), §9.2 (aggregation).
The claim keys 65533 to 65535 of a CWT are the draft's; they stand behind the constants below.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor, cose, jose
from certs.encoding import b64url_encode
from certs.errors import Revoked
from certs.keys import Signer

JWT_TYP = "statuslist+jwt"
CWT_TYP = "application/statuslist+cwt"
SUB, EXP, IAT, STATUS_LIST, TTL, STATUS = 2, 4, 6, 65533, 65534, 65535  # CWT claim keys
# Ours, how many entries there are (§5: other claims may be there).
SIZE, SIZE_NAME = -65538, "urn:vneid-reference:status-list-size"
CWT_NAMES = {"sub": SUB, "exp": EXP, "iat": IAT, "ttl": TTL, "status_list": STATUS_LIST, SIZE_NAME: SIZE}


class Status(IntEnum):
    """§7.1; 3 is the application-specific value, ours for *holder locked*."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2
    HOLDER_LOCKED = 3


REFUSALS: Mapping[int, str] = {
    Status.INVALID: "revoked",
    Status.SUSPENDED: "suspended",
    Status.HOLDER_LOCKED: "holder_locked",
}


@dataclass(frozen=True, slots=True)
class StatusList:
    """One list: `data` is the unpacked byte array of §4.1; times are Unix seconds; `ttl` in seconds.

    `size` is how many entries it announces to have, if it does; `aggregation` the URI of §9.2; `packed` the zlib stream of
    `data`, where it is at hand already.
    """

    uri: str
    bits: int
    data: bytes = field(repr=False)
    issued: int
    expires: int
    ttl: int
    token: bytes = field(default=b"", repr=False)
    size: int | None = None
    aggregation: str | None = None
    packed: bytes | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.data) * 8 // self.bits if self.size is None else self.size

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


def deflate(data: bytes) -> bytes:
    """§4.1 (4): the highest level. It costs 70 ms for a million entries, so whoever signs often keeps what it gives."""
    return zlib.compress(data, 9)


def sign_cwt(status_list: StatusList, signer: Signer, chain: Sequence[x509.Certificate]) -> bytes:
    """§5.2: the status list token as CWT."""
    claims = {
        SUB: status_list.uri,
        EXP: status_list.expires,
        IAT: status_list.issued,
        TTL: status_list.ttl,
        STATUS_LIST: _status_list(status_list, _packed(status_list)),
        **({} if status_list.size is None else {SIZE: status_list.size}),
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
        "status_list": _status_list(status_list, b64url_encode(_packed(status_list))),
        **({} if status_list.size is None else {SIZE_NAME: status_list.size}),
    }
    x5c = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in chain]
    return jose.sign(claims, signer, typ=JWT_TYP, headers={"x5c": x5c, "kid": None})


def _packed(status_list: StatusList) -> bytes:
    return deflate(status_list.data) if status_list.packed is None else status_list.packed


def _status_list(status_list: StatusList, lst: bytes | str) -> dict[str, Any]:
    """§4.2, §4.3."""
    linked = {} if status_list.aggregation is None else {"aggregation_uri": status_list.aggregation}
    return {"bits": status_list.bits, "lst": lst, **linked}
