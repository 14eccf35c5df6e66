"""PyPI `cwt`, unmodified: reads our CWT with our key, refuses it with one bit changed, and signs the same claims itself."""

import json
import sys
from contextlib import suppress

import cwt

given = json.load(sys.stdin)
kid = bytes.fromhex(given["kid"])
public = cwt.COSEKey.from_pem(given["public"], kid=kid, alg="ES256")
private = cwt.COSEKey.from_pem(given["private"], kid=kid, alg="ES256")
credential = bytes.fromhex(given["credential"])

forged = None
with suppress(cwt.VerifyError):
    forged = cwt.decode(bytes.fromhex(given["forged"]), public)
header, _, payload = cwt.COSE.new().decode_with_headers(credential, public)
answer = {
    "claims": [[key, value] for key, value in cwt.decode(credential, public).items() if key != given["confirmation"]],
    "forged": forged,
    "signed": cwt.COSE.new(deterministic_header=True).encode_and_sign(payload, private, protected=header).hex(),
    "as_it_likes": cwt.encode(cwt.decode(credential, public), private).hex(),
}
json.dump(answer, sys.stdout)
