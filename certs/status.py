"""Token Status List: read and look up, one list or a nation's. Two bits a credential: valid, invalid, suspended, holder locked.

Spec: draft-ietf-oauth-status-list-20 §4 (packing), §5 (JWT and CWT), §6 (reference), §8.3 (rules), §13.7 (how long).

Reading a status list token:
 1. its `typ`, so that no other signed thing passes for it
 2. its signer's path ends at an anchor and its certificate is a status signer
 3. the signature
 4. `sub` is the URI under which it was asked for
 5. `bits`, and the zlib stream within its announced bounds

A nation's lists are many, and a verifier asks for few of them in an hour: those that a bundle brings are checked up to 4, and
one that announces its size is inflated when it is first asked (5), and let go when too many are.
"""

import base64
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cryptography import x509

from certs import cbor, cose, jose
from certs.crl import NO_CRLS, Crls
from certs.encoding import TIME_LIMIT, b64url_decode, inflate, json_decode
from certs.errors import BadSignature, Malformed, NotValidNow, Revoked, Unavailable, Unsupported, Untrusted
from certs.keys import PublicKey
from certs.status_list import (
    CWT_NAMES,
    CWT_TYP,
    JWT_TYP,
    REFUSALS,
    SIZE,
    SIZE_NAME,
    STATUS,
    STATUS_LIST,
    SUB,
    TTL,
    Status,
    StatusList,
    deflate,
    pack,
    sign_cwt,
    sign_jwt,
)
from certs.x509 import Usage, check_path, load, public_key

# One door: what signs lists is in a file of its own, and named here too.
__all__ = [
    "CWT_TYP",
    "HELD_INFLATED",
    "INFLATED_LIMIT",
    "JWT_TYP",
    "SIZE",
    "SIZE_NAME",
    "STATUS",
    "STATUS_LIST",
    "SUB",
    "TTL",
    "HeldList",
    "Status",
    "StatusList",
    "StatusLists",
    "deflate",
    "hold",
    "pack",
    "read_cwt",
    "read_jwt",
    "sign_cwt",
    "sign_jwt",
    "unpack",
]

INFLATED_LIMIT = 16 * 1024 * 1024  # bytes; a shard of 64 million entries of two bits
HELD_INFLATED = 64 * 1024 * 1024  # bytes of all lists together that stay unpacked: 256 million entries of two bits
_TOKEN_LIMITS = cbor.Limits(size=INFLATED_LIMIT, depth=6, entries=64, tags=frozenset({18}))
_CLOCK_SKEW = 300


def read_cwt(
    token: bytes, *, uri: str, anchors: Iterable[x509.Certificate], now: int, crls: Crls = NO_CRLS
) -> StatusList:
    """A status list from a CWT. Raises CertsError; what concerns its signature has `status_signature_invalid`."""
    return _open_cwt(token, uri, _Signers(anchors, now, crls), now=now).whole()


class _Signers:
    """Keys of status signers whose path was checked: many lists have one signer, and a path costs as much as five lists."""

    def __init__(self, anchors: Iterable[x509.Certificate], now: int, crls: Crls) -> None:
        self._anchors, self._now, self._crls = tuple(anchors), now, crls
        self._keys: dict[tuple[bytes, ...], PublicKey] = {}

    def key(self, ders: Sequence[bytes]) -> PublicKey:
        chain = tuple(ders)
        if chain not in self._keys:
            certificates = [load(der) for der in chain]
            leaf, above = certificates[0], certificates[1:]
            check_path(leaf, above, self._anchors, usage=Usage.STATUS_SIGNER, now=self._now, crls=self._crls)
            self._keys[chain] = public_key(leaf)
        return self._keys[chain]


def _open_cwt(token: bytes, uri: str, signers: _Signers, *, now: int, resolved: int = 0) -> "HeldList":
    message = cose.parse(token, _TOKEN_LIMITS)
    cose.expect_typ(message, CWT_TYP)  # 1
    chain = cose.chain(message)
    try:
        cose.verify(message, signers.key(chain))  # 2, 3
    except (BadSignature, Unsupported, Untrusted) as error:
        raise BadSignature("status_signature_invalid", str(error)) from None
    claims = cbor.decode(message.payload, _TOKEN_LIMITS)
    if not isinstance(claims, dict):
        raise Malformed("malformed", "status list claims")
    named = {name: claims.get(key) for name, key in CWT_NAMES.items()}
    return _from_claims(named, uri=uri, now=now, token=token, resolved=resolved)


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
    return _from_claims(claims, uri=uri, now=now, token=token.encode("ascii")).whole()


def unpack(status_list: object) -> tuple[int, bytes]:
    """§4.2, §4.3: bits and byte array of a `status_list` object, JSON or CBOR."""
    bits, packed, _ = _parts(status_list)
    return bits, inflate(packed, limit=INFLATED_LIMIT)


def _parts(status_list: object) -> tuple[int, bytes, str | None]:
    """Bits, zlib stream and aggregation URI."""
    if not isinstance(status_list, Mapping):
        raise Malformed("malformed", "status_list")
    bits, lst = status_list.get("bits"), status_list.get("lst")
    if type(bits) is not int or bits not in (1, 2, 4, 8):  # 5
        raise Malformed("malformed", "bits")
    packed = b64url_decode(lst) if isinstance(lst, str) else lst
    aggregation = status_list.get("aggregation_uri")
    if not isinstance(packed, bytes) or not isinstance(aggregation, str | None):
        raise Malformed("malformed", "lst")
    return bits, packed, aggregation


def _from_claims(claims: Mapping[str, Any], *, uri: str, now: int, token: bytes, resolved: int = 0) -> "HeldList":
    if claims.get("sub") != uri:  # 4
        raise BadSignature("status_signature_invalid", "sub is another list")
    bits, packed, aggregation = _parts(claims.get("status_list"))
    issued, expires, ttl = (_seconds(claims, name) for name in ("iat", "exp", "ttl"))
    if issued > now + _CLOCK_SKEW:
        raise NotValidNow("issued_in_future", "status list")
    size = _announced(claims.get(SIZE_NAME), bits)
    data = inflate(packed, limit=INFLATED_LIMIT) if size is None else None
    told = StatusList(uri, bits, data or b"", issued, expires, ttl, token, size, aggregation, packed)
    return HeldList(told, data=data, resolved=resolved)


def _announced(size: object, bits: int) -> int | None:
    """5. Whole bytes (§13.4), and no more than we ever inflate."""
    if size is None:
        return None
    if type(size) is not int or size < 1 or size * bits % 8:
        raise Malformed("malformed", "size of the status list")
    if size * bits // 8 > INFLATED_LIMIT:
        raise Malformed("limit_exceeded", f"a status list of {size} entries")
    return size


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < TIME_LIMIT:
        raise Malformed("malformed", name)
    return value


class HeldList:
    """A list in the hands of a verifier: signed for, and inflated only while it is asked."""

    __slots__ = ("_told", "bits", "data", "expires", "issued", "known", "per_byte", "size", "token", "ttl", "uri")

    def __init__(self, told: StatusList, *, data: bytes | None, resolved: int = 0) -> None:
        """`resolved` is when somebody whom we believe said that this is the list as it stands."""
        self._told: Final = told
        self.uri, self.bits, self.token = told.uri, told.bits, told.token
        self.issued, self.expires, self.ttl = told.issued, told.expires, told.ttl
        self.known = max(told.issued, resolved)
        self.per_byte = 8 // told.bits
        self.data = data
        self.size = len(data) * self.per_byte if told.size is None and data is not None else told.size or 0

    def __len__(self) -> int:
        return self.size

    def whole(self) -> StatusList:
        """Raises Malformed when the stream is not what was announced."""
        return replace(self._told, data=self.inflate())

    def inflate(self) -> bytes:
        """5. Exactly as many bytes as were announced, and never more than that."""
        if self.data is not None:
            return self.data
        size = self.size // self.per_byte
        data = inflate(self._told.packed or b"", limit=size)
        if len(data) != size:
            raise Malformed("malformed", f"a status list of {len(data) * self.per_byte} entries announces {self.size}")
        return data


class StatusLists:
    """The lists that a verifier holds, by URI."""

    def __init__(self, lists: Iterable[StatusList | HeldList] = (), *, inflated: int = HELD_INFLATED) -> None:
        """`inflated` is how many bytes may stay unpacked of those that can be unpacked again."""
        held = (HeldList(one, data=one.data) if isinstance(one, StatusList) else one for one in lists)
        self._lists = {one.uri: one for one in held}
        self._room = inflated
        self._open: list[HeldList] = []  # what was unpacked, the first of them first
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[HeldList]:
        return iter(self._lists.values())

    def check(self, uri: str, index: int, *, now: int, max_age: int | None = None) -> int:
        """Raises Revoked when the entry is not valid, Unavailable when it cannot be known; returns since when it is known.

        `max_age` in seconds; None means the list's own `ttl` (§8.3), which counts from when the list was resolved (§13.7): by
        whoever made the bundle, and says when that was. A list past its `exp` is never used.
        """
        held = self._lists.get(uri)
        if held is None:
            raise Unavailable("status_unavailable", uri)
        if now >= held.expires or now > held.known + (held.ttl if max_age is None else max_age):
            raise Unavailable("status_stale", f"list of {now - held.known} s ago")
        if not 0 <= index < held.size:
            raise Revoked("status_index_out_of_range", f"{index} of {held.size}")
        data = held.data
        if data is None:
            data = self._inflate(held)
        bits, per_byte = held.bits, held.per_byte
        status = data[index // per_byte] >> index % per_byte * bits & (1 << bits) - 1
        if status:
            raise Revoked(REFUSALS.get(status, "revoked"))
        return held.known

    def _inflate(self, held: HeldList) -> bytes:
        """Unpacked on first use; what was unpacked first makes room."""
        try:
            data = held.inflate()
        except Malformed as error:  # a fault of whoever signed it, not of whoever shows a document: so it is not known
            raise Unavailable("status_unavailable", f"{held.uri}: {error}") from None
        with self._lock:
            if held.data is None:
                held.data = data
                self._open.append(held)
            while len(self._open) > 1 and sum(one.size // one.per_byte for one in self._open) > self._room:
                self._open.pop(0).data = None
        return data

    def check_contents(self) -> None:
        """That every list holds what it announces, before it takes somebody's place. Raises Malformed."""
        for held in self:
            held.inflate()

    def check_successors(self, new: "StatusLists") -> None:
        """A list may not go back in time (attack ST-02), nor shrink (ST-11); a new one holds what it announces."""
        for status_list in new:
            held = self._lists.get(status_list.uri)
            if held is not None and status_list.issued < held.issued:
                raise Unavailable("status_stale", "status list goes back in time")
            if held is not None and status_list.size < held.size:
                raise Revoked("status_index_out_of_range", "status list shrinks")
            if held is None or status_list.token != held.token:
                status_list.inflate()


def hold(
    tokens: Mapping[str, bytes], *, anchors: Iterable[x509.Certificate], now: int, resolved: int, crls: Crls = NO_CRLS
) -> StatusLists:
    """Lists from CWTs by URI, which somebody whom we believe resolved at `resolved`. Raises CertsError."""
    signers = _Signers(anchors, now, crls)
    return StatusLists(_open_cwt(token, uri, signers, now=now, resolved=resolved) for uri, token in tokens.items())
