"""Python libraries on our samples, as fast as they go: a line asks for so many of one, the answer is the CPU seconds they took."""

import json
import logging
import sys
import time

import base45
import cwt
from cryptography import x509
from jwcrypto.jwk import JWK
from pycose.keys import EC2Key
from pycose.messages import CoseMessage
from pymdoccbor.mdoc.verifier import MdocCbor
from sd_jwt.verifier import SDJWTVerifier

logging.disable(logging.CRITICAL)
given = json.loads(sys.stdin.readline())
credential, response = bytes.fromhex(given["cwt"]), given["mdoc"]
root = x509.load_pem_x509_certificate(given["root"].encode())
issuer = JWK.from_json(json.dumps(given["issuer"]))
cwt_key = cwt.COSEKey.from_pem(given["issuer_pem"], kid=bytes.fromhex(given["kid"]), alg="ES256")
x, y = (bytes.fromhex(given[name]) for name in ("issuer_x", "issuer_y"))
cose_key = EC2Key(crv="P_256", x=x, y=y)
text = given["base45"]
plain = base45.b45decode(text)


def by_pycose() -> None:
    message = CoseMessage.decode(credential)
    message.key = cose_key
    assert message.verify_signature()


def by_sd_jwt() -> None:
    SDJWTVerifier(given["sd_jwt"], lambda *_: issuer, given["audience"], given["nonce"]).get_verified_payload()


def by_pymdoccbor() -> None:
    read = MdocCbor()
    read.loads(response)
    assert read.verify(trusted_root_certs=[root])


OPERATIONS = {
    "cwt": lambda: cwt.decode(credential, cwt_key),
    "pycose": by_pycose,
    "sd-jwt": by_sd_jwt,
    "pymdoccbor": by_pymdoccbor,
    "base45 encode": lambda: base45.b45encode(plain),
    "base45 decode": lambda: base45.b45decode(text),
}
for line in sys.stdin:
    name, count = json.loads(line)
    operation = OPERATIONS[name]
    began = time.process_time()
    for _ in range(count):
        operation()
    print(time.process_time() - began, flush=True)
