"""`python -m verifier foreign`: anchors from files, exit codes as `check` has them."""

import json
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor
from tests.pictures import picture_of
from tests.verifier.foreign.abroad import Clinic, Country, text_of
from verifier.__main__ import main

AUSTRIA = Country(days=4000)


def certificate_now() -> str:
    now = int(time.time())
    return text_of(AUSTRIA.sign(cbor.encode({**AUSTRIA.claims(), 4: now + 600, 6: now - 60})))


@pytest.fixture
def signers(tmp_path: Path) -> str:
    path = tmp_path / "signers.pem"
    path.write_bytes(b"".join(each.certificate.public_bytes(Encoding.PEM) for each in (Country(), AUSTRIA)))
    return str(path)


def run(*arguments: str) -> int:
    return main(["foreign", *arguments])


def test_a_certificate(signers: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = certificate_now()
    assert run(text, "--accept", "eu_dcc.vaccination", "--signers", signers, "--lang", "en") == 0
    told = capsys.readouterr().out
    assert "ACCEPTED" in told and "Müller Zoë" in told and "Not bound to whoever shows it" in told
    path = tmp_path / "code.png"
    path.write_bytes(picture_of(text))
    assert run(str(path), "--accept", "eu_dcc", "--signers", signers, "--json") == 0
    assert json.loads(capsys.readouterr().out)["verified"]["kinds"] == ["eu_dcc.vaccination"]
    assert run(text, "--accept", "eu_dcc.test", "--signers", signers) == 1
    assert "policy_refused" in capsys.readouterr().out


def test_a_health_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = Clinic(crl_version=1)
    keys, revoked = tmp_path / "jwks.json", tmp_path / "crl.json"
    keys.write_text(json.dumps(clinic.jwks))
    text = clinic.card(nbf=int(time.time()) - 60, vc={"rid": "abc"})
    given = ("--accept", "shc.immunization", "--issuer", clinic.url, str(keys))
    assert run(text, *given) == 2
    assert "status_unavailable" in capsys.readouterr().out
    for rids, expected in (((), 0), (("abc",), 1)):
        revoked.write_text(json.dumps(clinic.revocations(*rids)))
        assert run(text, *given, "--revocations", str(revoked)) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ("--accept", "driving_licence"),
        ("--accept", "eu_dcc", "--issuer", "http://clinic.example", "{keys}"),
        ("--accept", "shc", "--issuer", "https://clinic.example", "{missing}"),
        ("--accept", "shc", "--issuer", "https://clinic.example", "{signers}"),
        ("--accept", "eu_dcc", "--signers", "{keys}"),
        ("--accept", "eu_dcc", "--signers", "{missing}"),
        ("--accept", "eu_dcc"),
    ],
)
def test_what_is_not_right_as_given(
    arguments: tuple[str, ...], signers: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(Clinic().jwks))
    named = {"keys": str(keys), "missing": str(tmp_path / "none"), "signers": signers}
    assert run("HC1:X", *(each.format(**named) for each in arguments)) == 64
    said = capsys.readouterr().err
    assert said.startswith("verifier: ") and "Traceback" not in said
