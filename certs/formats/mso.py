"""The issuer's half of an mdoc: elements with salts, and the mobile security object that signs their digests.

Spec: ISO/IEC 18013-5:2021 §8.3.2.1.2.2 (IssuerSigned), §9.1.2.4 (mobile security object, issuerAuth), §9.1.2.5 (digests);
draft-ietf-oauth-status-list-20 §6.3 (status in an MSO, as the second edition has it); RFC 9360 (x5chain).

An element's bytes are looked up among the signed digests before they are decoded: nothing that the issuer has not vouched
for is ever read, and a re-encoded element is simply another one.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs import cbor, cose
from certs.cbor import Limits, Tag, Value
from certs.cose import Sign1
from certs.encoding import TIME_LIMIT
from certs.errors import BadSignature, Malformed, Unsupported, Untrusted
from certs.formats.elements import DATE_TIME, FULL_DATE, date_time
from certs.keys import PublicKey, Signer

EMBEDDED = 24  # CBOR tag
# A portrait has some tens of KiB; the deepest that a response goes is eight, with the bytes under a tag 24 counted anew.
LIMITS = Limits(128 * 1024, 8, 256, frozenset({DATE_TIME, EMBEDDED, FULL_DATE}), any_order=True)
SALT, _SALT_LEAST = 32, 16  # bytes; §9.1.2.5 asks for 16
_DIGEST_ALGORITHM = "SHA-256"
_NAME = re.compile(r"[!-~]{1,128}", re.ASCII)
_MSO = frozenset({"version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo"})
_ITEM = frozenset({"digestID", "random", "elementIdentifier", "elementValue"})
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """A parsed MSO that proves nothing yet. Times are Unix seconds; `status` is (uri, index)."""

    doc_type: str
    digests: Mapping[str, Mapping[int, bytes]]
    holder: PublicKey
    authorized_spaces: frozenset[str]
    authorized_elements: frozenset[tuple[str, str]]
    signed: int
    valid_from: int
    valid_until: int
    status: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class IssuerSigned:
    """Elements as the bytes in which they came, what signs them, and its certificates, end-entity first."""

    items: Mapping[str, tuple[bytes, ...]]
    auth: Sign1
    chain: tuple[bytes, ...]

    def value(self, items: Mapping[str, tuple[bytes, ...]]) -> dict[str, Value]:
        """The CBOR map again, with these of its items."""
        spaces = {space: [Tag(EMBEDDED, item) for item in chosen] for space, chosen in items.items()}
        x5chain = self.chain[0] if len(self.chain) == 1 else list(self.chain)
        auth = [self.auth.protected, {cose.X5CHAIN: x5chain}, self.auth.payload, self.auth.signature]
        return {"nameSpaces": spaces, "issuerAuth": auth}


@dataclass(frozen=True, slots=True)
class Item:
    digest_id: int
    name: str
    value: Value


# --- issuing ----------------------------------------------------------------------------------------------------------


def sign(
    elements: Mapping[str, Mapping[str, Value]],
    *,
    doc_type: str,
    holder: PublicKey,
    signer: Signer,
    chain: tuple[bytes, ...],
    status: tuple[str, int],
    now: int,
    expires: int,
    random: Callable[[int], bytes],
) -> IssuerSigned:
    """Salt, number and digest each element, and sign the digests. The holder's key may sign no elements of its own."""
    items = {space: tuple(_salted(named, random)) for space, named in elements.items()}
    digests = {space: {number: digest(item) for number, item in numbered} for space, numbered in items.items()}
    security_object = {
        "version": "1.0",
        "digestAlgorithm": _DIGEST_ALGORITHM,
        "valueDigests": digests,
        "deviceKeyInfo": {"deviceKey": _cose_key(holder)},
        "docType": doc_type,
        "validityInfo": {"signed": _time(now), "validFrom": _time(now), "validUntil": _time(expires)},
        "status": {"status_list": {"idx": status[1], "uri": status[0]}},
    }
    payload = cbor.embedded(cbor.encode(security_object))
    message = cose.parse(cose.sign(payload, signer, header={}), LIMITS_SIGNED)
    return IssuerSigned(
        {space: tuple(item for _, item in numbered) for space, numbered in items.items()}, message, chain
    )


LIMITS_SIGNED = Limits(LIMITS.size, 4, 8, frozenset({cose.SIGN1}))


def _salted(named: Mapping[str, Value], random: Callable[[int], bytes]) -> Iterator[tuple[int, bytes]]:
    """Digest ids in an order drawn by lot: an id must not tell which element it stands for (§9.1.2.5)."""
    numbers = sorted(range(len(named)), key=lambda _: random(8))
    for number, (name, value) in zip(numbers, named.items(), strict=True):
        salt = random(SALT)
        if len(salt) < SALT:
            raise ValueError("a salt is too short")
        item = {"digestID": number, "random": salt, "elementIdentifier": name, "elementValue": value}
        yield number, cbor.encode(item)


def _cose_key(holder: PublicKey) -> dict[int, Value]:
    """The COSE_Key with both coordinates whole: here is room for them, and not every reader knows a point by its sign."""
    short = holder.cose()
    point = holder.crypto().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {**short, -3: point[33:]}


def _time(seconds: int) -> Tag:
    return Tag(DATE_TIME, datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


# --- reading ----------------------------------------------------------------------------------------------------------


def digest(item: bytes) -> bytes:
    """§9.1.2.5: over the IssuerSignedItemBytes, tag included, just as they came."""
    return hashlib.sha256(cbor.embedded(item)).digest()


def from_value(value: Value) -> IssuerSigned:
    """An IssuerSigned whose elements are still closed. Raises Malformed, or Untrusted for its certificates."""
    parts = mapping(value, {"issuerAuth"}, {"nameSpaces"}, "IssuerSigned")
    auth, chain = _issuer_auth(parts["issuerAuth"])
    spaces = mapping(parts.get("nameSpaces", {}), None, NOTHING, "nameSpaces")
    items = {name_of(space): tuple(map(embedded, filled(listed))) for space, listed in spaces.items()}
    return IssuerSigned(items, auth, chain)


def _issuer_auth(value: Value) -> tuple[Sign1, tuple[bytes, ...]]:
    """An untagged COSE_Sign1; only `alg` is signed, and the certificates lie beside it (§9.1.2.4)."""
    protected, unprotected, payload, signature = cose_parts(value)
    if not isinstance(payload, bytes):
        raise Malformed("malformed", "issuerAuth has no payload")
    header = cose.protected_header(protected, LIMITS)
    if cose.X5CHAIN in header or cose.X5CHAIN not in unprotected:
        raise Untrusted("chain_invalid", "x5chain")
    if set(header) != {cose.ALG} or not set(unprotected) <= {cose.X5CHAIN, cose.KID}:  # kid: not signed, so not read
        raise Malformed("malformed", "header of issuerAuth")
    return Sign1(protected, header, payload, signature), cose.chain(Sign1(b"", unprotected, b"", b""))


def security_object(signed: IssuerSigned) -> SecurityObject:
    """The MSO under the signature, whether or not that holds. Raises Malformed or Unsupported."""
    content = cbor.decode(embedded(cbor.decode(signed.auth.payload, LIMITS)), LIMITS)
    parts = mapping(content, _MSO, {"status"}, "MSO")
    if parts["version"] != "1.0":
        raise Malformed("malformed", "version of the MSO")
    if parts["digestAlgorithm"] != _DIGEST_ALGORITHM:
        raise Unsupported("alg_not_allowed", "digestAlgorithm")
    validity = mapping(parts["validityInfo"], {"signed", "validFrom", "validUntil"}, {"expectedUpdate"}, "validityInfo")
    times = {name: _seconds(value) for name, value in validity.items()}
    if not times["signed"] <= times["validFrom"] < times["validUntil"] < TIME_LIMIT:
        raise Malformed("malformed", "validityInfo")
    key = mapping(parts["deviceKeyInfo"], {"deviceKey"}, {"keyAuthorizations", "keyInfo"}, "deviceKeyInfo")
    if not isinstance(key["deviceKey"], dict):
        raise Malformed("malformed", "deviceKey")
    spaces, single = _authorizations(key["keyAuthorizations"]) if "keyAuthorizations" in key else (NOTHING, frozenset())
    return SecurityObject(
        doc_type=name_of(parts["docType"]),
        digests={
            name_of(space): _digests(listed)
            for space, listed in mapping(parts["valueDigests"], None, NOTHING, "valueDigests").items()
        },
        holder=PublicKey.from_cose(key["deviceKey"]),
        authorized_spaces=spaces,
        authorized_elements=single,
        signed=times["signed"],
        valid_from=times["validFrom"],
        valid_until=times["validUntil"],
        status=_status(parts["status"]) if "status" in parts else None,
    )


def _authorizations(value: Value) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """What the device may sign of its own (§9.1.2.4): whole namespaces, and single elements."""
    rights = mapping(value, NOTHING, {"nameSpaces", "dataElements"}, "keyAuthorizations")
    spaces = rights.get("nameSpaces", [])
    single = mapping(rights.get("dataElements", {}), None, NOTHING, "dataElements")
    elements = ((name_of(space), name_of(name)) for space, names in single.items() for name in filled(names))
    return frozenset(map(name_of, filled(spaces) if spaces else ())), frozenset(elements)


def open_items(signed: IssuerSigned, security: SecurityObject) -> dict[str, dict[str, Value]]:
    """The elements whose digests the issuer signed. Raises BadSignature when one has none, or not its own."""
    opened: dict[str, dict[str, Value]] = {}
    for space, items in signed.items.items():
        digests = security.digests.get(space, {})
        known = set(digests.values())
        used: set[int] = set()
        named = opened.setdefault(space, {})
        for data in items:
            hashed = digest(data)
            if hashed not in known:
                raise BadSignature("digest_mismatch", "element without a signed digest")
            item = parse_item(data)
            if digests.get(item.digest_id) != hashed or item.digest_id in used:
                raise BadSignature("digest_mismatch", "digest of another element, or used twice")
            if item.name in named:
                raise Malformed("claim_conflict", "element given twice")
            used.add(item.digest_id)
            named[item.name] = item.value
    return opened


def parse_item(data: bytes) -> Item:
    """One IssuerSignedItem. Raises Malformed."""
    parts = mapping(cbor.decode(data, LIMITS), _ITEM, NOTHING, "element")
    number, salt = parts["digestID"], parts["random"]
    if type(number) is not int or number < 0 or not isinstance(salt, bytes) or len(salt) < _SALT_LEAST:
        raise Malformed("malformed", "digestID or random")
    return Item(number, name_of(parts["elementIdentifier"]), parts["elementValue"])


def _digests(value: Value) -> dict[int, bytes]:
    digests = mapping(value, None, NOTHING, "digests")
    if not set(map(type, digests)) <= {int} or min(digests, default=0) < 0:
        raise Malformed("malformed", "digestID")
    if not set(map(type, digests.values())) <= {bytes} or not set(map(len, digests.values())) <= {32}:
        raise Malformed("malformed", "digest")
    return digests


def _seconds(value: Value) -> int:
    return int(datetime.fromisoformat(date_time(value)).timestamp())


def _status(value: Value) -> tuple[str, int]:
    outer = mapping(value, {"status_list"}, NOTHING, "status")
    reference = mapping(outer["status_list"], {"idx", "uri"}, NOTHING, "status")
    uri, index = reference["uri"], reference["idx"]
    if not isinstance(uri, str) or type(index) is not int or index < 0:
        raise Malformed("malformed", "status")
    return uri, index


# --- shapes, for both halves of an mdoc -------------------------------------------------------------------------------


def mapping(value: Value, required: AbstractSet[str] | None, optional: AbstractSet[str], what: str) -> dict[Any, Value]:
    """A map of exactly these members; `required` None admits any. Raises Malformed."""
    if not isinstance(value, dict):
        raise Malformed("malformed", what)
    if required is None or value.keys() == required or required <= value.keys() <= required | optional:
        return value
    raise Malformed("malformed", f"members of {what}")


def filled(value: Value) -> list[Value]:
    if not isinstance(value, list) or not value:
        raise Malformed("malformed", "list without members")
    return value


def embedded(value: Value) -> bytes:
    if not isinstance(value, Tag) or value.number != EMBEDDED or not isinstance(value.value, bytes):
        raise Malformed("malformed", "tag 24 expected")
    return value.value


def name_of(value: Value) -> str:
    """A document type, namespace or element identifier: short, printable ASCII, safe to show."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Malformed("malformed", "identifier")
    return value


def cose_parts(value: Value) -> tuple[bytes, dict[int | str, Value], bytes | None, bytes]:
    """The four parts of an untagged COSE_Sign1 or COSE_Mac0."""
    if not isinstance(value, list) or len(value) != 4:
        raise Malformed("malformed", "COSE message has four parts")
    protected, unprotected, payload, signature = value
    if not isinstance(protected, bytes) or not isinstance(unprotected, dict) or not isinstance(signature, bytes):
        raise Malformed("malformed", "parts of a COSE message")
    if payload is not None and not isinstance(payload, bytes):
        raise Malformed("malformed", "payload of a COSE message")
    return protected, unprotected, payload, signature
