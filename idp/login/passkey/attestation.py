"""What an authenticator says about its make: a statement that we can read must be right, and is kept; none is required.

Spec: W3C Web Authentication Level 3 §7.1 steps 21, 22, §8; whether its maker is trusted (steps 23, 24) is not asked
"""

from collections.abc import Mapping
from typing import Any

from fido2.attestation import apple, base, packed, tpm, u2f
from fido2.webauthn import AttestationObject

from certs.encoding import b64url_encode
from idp.login.passkey.ceremony import Refusal

_FORMATS: Mapping[str, base.Attestation] = {
    "none": base.NoneAttestation(),
    "packed": packed.PackedAttestation(),
    "fido-u2f": u2f.FidoU2FAttestation(),
    "apple": apple.AppleAttestation(),
    "tpm": tpm.TpmAttestation(),
}


def checked(made: AttestationObject, client_data_hash: bytes) -> dict[str, Any]:
    """What to keep of it: with the hash of the client data it can be checked again when a maker is to be trusted."""
    verifier, kind = _FORMATS.get(made.fmt), "unknown"
    if verifier is not None:
        try:
            kind = verifier.verify(made.att_stmt, made.auth_data, client_data_hash).attestation_type.name.lower()
        except (base.InvalidAttestation, NotImplementedError) as error:
            raise Refusal("attestation") from error
    if made.fmt == "none":
        return {"format": "none"}
    hashed = b64url_encode(client_data_hash)
    return {"format": made.fmt, "type": kind, "object": b64url_encode(made), "client_data_hash": hashed}
