"""The difference between two bundles, signed: small to carry, and what it makes is the newer bundle byte for byte.

Spec: none but our own (`certs/qr.md` §9.2); a COSE_Sign1 (RFC 9052) with x5chain (RFC 9360) over deterministic CBOR.

Taking one (`update`):
 1. its `typ` and shape
 2. it is signed by a bundle signer under an anchor that we hold, whom no list that we hold revokes
 3. it leads from the very bundle that we hold: by number and by hash
 4. what it makes of that has the hash that it names
 5. and is then checked as any newer bundle is: its own signature, its number, every part of it
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle, cbor, cose
from certs.bundle import SEQUENCE, STATUS_LISTS, Bundle
from certs.errors import BadSignature, CertsError, Malformed, NotValidNow
from certs.keys import Signer
from certs.x509 import Usage, check_path, load, public_key

TYP = "application/vn-bundle-delta+cose"
FROM, FROM_HASH, TO, TO_HASH, PROTECTED, SIGNATURE, MEMBERS, GONE, LISTS, LISTS_GONE = range(1, 11)
_KINDS = {
    FROM: int,
    FROM_HASH: bytes,
    TO: int,
    TO_HASH: bytes,
    PROTECTED: bytes,
    SIGNATURE: bytes,
    MEMBERS: dict,
    GONE: list,
    LISTS: dict,
    LISTS_GONE: list,
}
_SHORT = 16  # bytes of the hashes in a manifest: they tell our own parts apart, nobody else's


def is_delta(data: bytes) -> bool:
    """By its `typ`; whatever else is wrong with it, reading it tells."""
    try:
        return cose.parse(data, cbor.BUNDLE).header.get(cose.TYP) == TYP
    except CertsError:
        return False


def manifest(raw: bytes) -> bytes:
    """What a publisher keeps of a bundle, so that it can tell later what changed since: a hash of each part."""
    _, payload = bundle.open_parts(raw)
    lists = {uri: _short(token) for uri, token in payload[STATUS_LISTS].items()}
    members = {key: _short(cbor.encode(value)) for key, value in payload.items() if key != STATUS_LISTS}
    return cbor.encode([payload[SEQUENCE], hashlib.sha256(raw).digest(), members, lists])


def build(base: bytes, raw: bytes, *, signer: Signer, chain: Sequence[x509.Certificate]) -> bytes:
    """Sign what leads from the bundle of which `base` is the manifest to the bundle `raw`."""
    sequence, digest, had, listed = cbor.decode(base, cbor.BUNDLE)
    message, payload = bundle.open_parts(raw)
    lists = payload.pop(STATUS_LISTS)
    content = {
        FROM: sequence,
        FROM_HASH: digest,
        TO: payload[SEQUENCE],
        TO_HASH: hashlib.sha256(raw).digest(),
        PROTECTED: message.protected,
        SIGNATURE: message.signature,
        MEMBERS: {key: value for key, value in payload.items() if had.get(key) != _short(cbor.encode(value))},
        GONE: sorted(set(had) - set(payload)),
        LISTS: {uri: token for uri, token in lists.items() if listed.get(uri) != _short(token)},
        LISTS_GONE: sorted(set(listed) - set(lists)),
    }
    certificates = [certificate.public_bytes(Encoding.DER) for certificate in chain]
    x5chain = certificates[0] if len(certificates) == 1 else certificates
    return cose.sign(cbor.encode(content), signer, header={cose.TYP: TYP, cose.X5CHAIN: x5chain})


def update(held: Bundle, data: bytes, *, now: int) -> Bundle:
    """The bundle that takes the place of `held`. Raises CertsError, and then `held` stays."""
    message = cose.parse(data, cbor.BUNDLE)
    cose.expect_typ(message, TYP)  # 1
    content = _content(message)
    chain = [load(der) for der in cose.chain(message)]
    anchors, crls = held.trust.anchors, held.trust.crls
    check_path(chain[0], chain[1:], anchors, usage=Usage.BUNDLE_SIGNER, now=now, crls=crls)  # 2
    cose.verify(message, public_key(chain[0]))
    if content[FROM] != held.sequence:  # 3
        raise NotValidNow("presentation_replayed", f"delta from bundle {content[FROM]}, held is {held.sequence}")
    if content[FROM_HASH] != hashlib.sha256(held.raw).digest():
        raise BadSignature("digest_mismatch", "delta from another bundle of this number")
    raw = _apply(content, held.raw)
    if content[TO_HASH] != hashlib.sha256(raw).digest():  # 4
        raise BadSignature("digest_mismatch", "the delta does not make what it names")
    return bundle.update(held, raw, now=now)  # 5


def _content(message: cose.Sign1) -> Mapping[int, Any]:
    content = cbor.decode(message.payload, cbor.BUNDLE)
    if not isinstance(content, dict) or set(content) != set(_KINDS):
        raise Malformed("malformed", "delta")
    if not all(type(content[key]) is kind for key, kind in _KINDS.items()):
        raise Malformed("malformed", "delta")
    if STATUS_LISTS in (*content[MEMBERS], *content[GONE]) or content[TO] < content[FROM]:
        raise Malformed("malformed", "delta")
    if not all(isinstance(key, int) for key in content[GONE]):
        raise Malformed("malformed", "members that are gone")
    if not all(isinstance(uri, str) for uri in content[LISTS_GONE]):
        raise Malformed("malformed", "status lists that are gone")
    return content


def _apply(content: Mapping[int, Any], held: bytes) -> bytes:
    _, payload = bundle.open_parts(held)
    members: dict[Any, Any] = {**payload, **content[MEMBERS]}
    lists = {**payload[STATUS_LISTS], **content[LISTS]}
    kept = {key: value for key, value in members.items() if key not in content[GONE]}
    kept[STATUS_LISTS] = {uri: token for uri, token in lists.items() if uri not in set(content[LISTS_GONE])}
    body = cbor.encode(kept)
    return cbor.encode(cbor.Tag(18, [content[PROTECTED], {}, body, content[SIGNATURE]]))  # RFC 9052 §4.2


def _short(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:_SHORT]
