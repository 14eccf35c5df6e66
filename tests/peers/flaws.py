"""PyPI `pymdoccbor` and `sd-jwt`, unmodified: which of these samples they accept, and what they then report as shown."""

import json
import logging
import sys

from cryptography import x509
from jwcrypto.jwk import JWK
from pymdoccbor.mdoc.verifier import MdocCbor
from sd_jwt.verifier import SDJWTVerifier

logging.disable(logging.CRITICAL)
given = json.load(sys.stdin)
root = x509.load_pem_x509_certificate(given["root"].encode())
issuer = JWK.from_json(json.dumps(given["issuer"]))


def mdoc(sample: str) -> list[str] | None:
    read = MdocCbor()
    read.loads(sample)
    return sorted(read.disclosure_map) if read.verify(trusted_root_certs=[root]) else None


def sd_jwt(sample: str) -> list[str] | None:
    verified = SDJWTVerifier(sample, lambda *_: issuer, given["audience"], given["nonce"])
    return sorted(verified.get_verified_payload())


answer = {}
for name, sample in given["samples"].items():
    try:
        answer[name] = (sd_jwt if "~" in sample else mdoc)(sample)
    except Exception as error:  # noqa: BLE001 - whatever it says is its refusal
        answer[name] = None
        answer[f"{name}: why"] = repr(error)
json.dump(answer, sys.stdout)
