"""Keys whose private half is public knowledge: printed in specifications, or so small that anybody finds them.

A credential bound to such a key is bound to nobody. They are kept as RFC 7638 thumbprints.
"""

from cryptography.hazmat.primitives.asymmetric import ec

from certs.keys import MemorySigner, PublicKey

# Public halves of P-256 key pairs that specifications print, private half included.
_PRINTED: tuple[dict[str, str], ...] = (
    {  # RFC 7515 Appendix A.3
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    },
    {  # RFC 7517 Appendix A.1
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    },
    {  # RFC 7518 Appendix C
        "kty": "EC",
        "crv": "P-256",
        "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    },
    {  # RFC 7518 Appendix C
        "kty": "EC",
        "crv": "P-256",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    },
)
_SMALL = range(1, 17)  # and their negatives modulo the group's order
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _thumbprint_of_scalar(scalar: int) -> str:
    return MemorySigner(ec.derive_private_key(scalar, ec.SECP256R1()), "ES256").public.thumbprint()


KNOWN_THUMBPRINTS = frozenset(
    [
        *(PublicKey.from_jwk(jwk).thumbprint() for jwk in _PRINTED),
        *(_thumbprint_of_scalar(scalar) for small in _SMALL for scalar in (small, _ORDER - small)),
    ]
)
