"""The holder's half of an mdoc: what the device signs, or authenticates by a MAC, over the conversation it is in.

Spec: ISO/IEC 18013-5:2021 §8.3.2.1.2.2 (DeviceSigned), §9.1.3.4 (DeviceAuthentication), §9.1.3.5 (MAC: ECDH, HKDF, HMAC
256/256), §9.1.3.6 (signature), §9.1.2.4 (key authorizations); RFC 9052 §6 (COSE_Mac0), RFC 5869 (HKDF).
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certs import cbor, cose
from certs.cbor import Tag, Value
from certs.cose import Sign1
from certs.errors import BadSignature, Malformed, Unsupported
from certs.formats.mso import (
    EMBEDDED,
    LIMITS,
    LIMITS_SIGNED,
    NOTHING,
    SecurityObject,
    cose_parts,
    embedded,
    mapping,
    name_of,
)
from certs.formats.session_transcript import SessionTranscript
from certs.keys import PublicKey, Signer

HMAC_256 = 5  # RFC 9053 §3.1: HMAC 256/256
_MEMBERS = frozenset({"nameSpaces", "deviceAuth"})
_NO_ELEMENTS = b"\xa0"  # our devices sign no elements of their own


@dataclass(frozen=True, slots=True)
class DeviceSigned:
    """A parsed DeviceSigned that proves nothing yet: `name_spaces` as it came, what it holds, and the signature or MAC."""

    name_spaces: bytes
    elements: Mapping[str, Mapping[str, Value]]
    by_mac: bool
    protected: bytes
    header: Mapping[int | str, Value]
    proof: bytes


def mac_key(private: ec.EllipticCurvePrivateKey, public: PublicKey, transcript: SessionTranscript) -> bytes:
    """EMacKey (§9.1.3.5): the same for the device's private and the reader's public key, and the other way round."""
    return shared_key(private, public, transcript, b"EMacKey")


def shared_key(
    private: ec.EllipticCurvePrivateKey, public: PublicKey, transcript: SessionTranscript, info: bytes
) -> bytes:
    """32 bytes that two keys and one conversation have in common, for the one use that `info` names."""
    other = public.crypto()
    if not isinstance(other, ec.EllipticCurvePublicKey) or other.curve.name != private.curve.name:
        raise Unsupported("alg_not_allowed", "curves differ")
    salt = hashlib.sha256(cbor.embedded(transcript.encoded)).digest()
    return HKDF(hashes.SHA256(), 32, salt, info).derive(private.exchange(ec.ECDH(), other))


def to_sign(doc_type: str, transcript: SessionTranscript) -> bytes:
    """The payload of the device's signature, for a key that lies elsewhere."""
    return _device_authentication(doc_type, transcript, _NO_ELEMENTS)


def signed(doc_type: str, transcript: SessionTranscript, signer: Signer) -> dict[str, Value]:
    """DeviceSigned by signature. The key is the one that the issuer bound the document to."""
    payload = _device_authentication(doc_type, transcript, _NO_ELEMENTS)
    message = cose.parse(cose.sign(payload, signer, header={}), LIMITS_SIGNED)
    return _device_signed("deviceSignature", message.protected, message.signature)


def maced(doc_type: str, transcript: SessionTranscript, key: bytes) -> dict[str, Value]:
    """DeviceSigned by MAC, for the one reader that knows `key` (see `mac_key`): it can prove it to nobody else."""
    protected = cbor.encode({cose.ALG: HMAC_256})
    tag = _mac(key, protected, _device_authentication(doc_type, transcript, _NO_ELEMENTS))
    return _device_signed("deviceMac", protected, tag)


def from_value(value: Value) -> DeviceSigned:
    """Raises Malformed; the proof is a signature or a MAC, never both and never none, over a payload that is not sent."""
    parts = mapping(value, _MEMBERS, NOTHING, "DeviceSigned")
    raw = embedded(parts["nameSpaces"])
    spaces = mapping(cbor.decode(raw, LIMITS), None, NOTHING, "device nameSpaces")
    elements = {name_of(space): mapping(named, None, NOTHING, "device elements") for space, named in spaces.items()}
    auth = mapping(parts["deviceAuth"], NOTHING, {"deviceSignature", "deviceMac"}, "deviceAuth")
    if len(auth) != 1:
        raise Malformed("malformed", "signature and MAC, or neither")
    ((kind, message),) = auth.items()
    protected, unprotected, payload, proof = cose_parts(message)
    header = cose.protected_header(protected, LIMITS)
    if payload is not None or not unprotected.keys() <= {cose.KID} or set(header) != {cose.ALG}:  # kid: not read
        raise Malformed("malformed", "deviceAuth")
    return DeviceSigned(raw, elements, kind == "deviceMac", protected, header, proof)


def check(
    device: DeviceSigned,
    security: SecurityObject,
    transcript: SessionTranscript,
    *,
    reader_key: ec.EllipticCurvePrivateKey | None,
) -> bytes:
    """1. the proof holds over this conversation, by the key in the MSO   2. the device signed no element without a right to

    Returns the bytes that it covers."""
    payload = _device_authentication(security.doc_type, transcript, device.name_spaces)
    if device.by_mac:
        _check_mac(device, security.holder, transcript, payload, reader_key)
    else:
        message = Sign1(device.protected, device.header, payload, device.proof)
        try:
            cose.verify(message, security.holder)
        except BadSignature as error:
            raise BadSignature("holder_binding_invalid", error.detail) from None
    for space, named in device.elements.items():  # 2: §9.1.2.4
        if space in security.authorized_spaces:
            continue
        if not all((space, name) in security.authorized_elements for name in named):
            raise Unsupported("policy_refused", f"element of the device in {space}")
    return payload


def _check_mac(
    device: DeviceSigned,
    holder: PublicKey,
    transcript: SessionTranscript,
    payload: bytes,
    reader_key: ec.EllipticCurvePrivateKey | None,
) -> None:
    if reader_key is None or device.header[cose.ALG] != HMAC_256:
        raise Unsupported("alg_not_allowed", "MAC that this reader did not ask for")
    expected = _mac(mac_key(reader_key, holder, transcript), device.protected, payload)
    if not hmac.compare_digest(expected, device.proof):
        raise BadSignature("holder_binding_invalid", "MAC")


def _device_signed(kind: str, protected: bytes, proof: bytes) -> dict[str, Value]:
    return {"nameSpaces": Tag(EMBEDDED, _NO_ELEMENTS), "deviceAuth": {kind: [protected, {}, None, proof]}}


def _device_authentication(doc_type: str, transcript: SessionTranscript, name_spaces: bytes) -> bytes:
    """DeviceAuthenticationBytes (§9.1.3.4), by concatenation: transcript and namespaces go in as the bytes they are."""
    parts = cbor.encode("DeviceAuthentication"), transcript.encoded, cbor.encode(doc_type), cbor.embedded(name_spaces)
    return cbor.embedded(b"\x84" + b"".join(parts))


def _mac(key: bytes, protected: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, cbor.encode(["MAC0", protected, b"", payload]), "sha256")  # RFC 9052 §6.3
