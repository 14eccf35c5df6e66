"""Both holders, the page's and Python's, pass the published vectors themselves: `tests/vectors/qr/vectors.json`."""

import json
import subprocess
from pathlib import Path
from typing import Any

from certs import qr
from certs.encoding import base45_encode
from certs.keys import PublicKey
from certs.proof import holder_proof
from tests.wallet.vectors import NODE

PUBLISHED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/qr/vectors.json").read_text("utf-8"))
PROOF: dict[str, Any] = PUBLISHED["holder_proof"]


class Recorded:
    """Signs what is published with what is published, and nothing else."""

    public = PublicKey.from_jwk({name: value for name, value in PUBLISHED["keys"]["holder"].items() if name != "d"})

    def sign(self, message: bytes) -> bytes:
        assert message.hex() == PROOF["to_be_signed"]
        return bytes.fromhex(PROOF["signature"])


def test_the_page_makes_the_published_text() -> None:
    runner = Path(__file__).parent / "js" / "published.mjs"
    ran = subprocess.run(
        [NODE, "--no-warnings", runner],
        check=True,
        input=json.dumps(PUBLISHED),
        capture_output=True,
        text=True,
        timeout=60,
    )
    answered = json.loads(ran.stdout)
    assert answered["asked"] == [PROOF["to_be_signed"]]
    assert answered["text"] == PROOF["text"]
    assert answered["base45"] == [text for _, text in PUBLISHED["base45"]]


def test_python_makes_the_published_text() -> None:
    made = holder_proof(
        bytes.fromhex(PROOF["credential"]),
        Recorded(),
        now=PROOF["now"],
        audience=PROOF["audience"],
        challenge=bytes.fromhex(PROOF["challenge"]),
    )
    assert qr.to_text(made) == PROOF["text"]
    assert [base45_encode(bytes.fromhex(given)) for given, _ in PUBLISHED["base45"]] == [
        text for _, text in PUBLISHED["base45"]
    ]


def test_the_published_signature_holds() -> None:
    Recorded.public.verify(bytes.fromhex(PROOF["signature"]), bytes.fromhex(PROOF["to_be_signed"]))
