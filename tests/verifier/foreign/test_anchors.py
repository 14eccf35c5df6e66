"""Anchors from a folder: what an operator writes, and what is wrong with it."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.verifier.foreign.abroad import Clinic, Country, folder_of
from tests.world import DAY, NOW
from verifier.__main__ import main
from verifier.foreign import Framework
from verifier.foreign.anchors import FILE, AnchorsError, framework_of, from_folder

AUSTRIA = Country(days=4000)


def test_a_folder(tmp_path: Path) -> None:
    clinic = Clinic()
    folder = folder_of(tmp_path / "abroad", signers=(AUSTRIA,), clinics=(clinic,), more="as_of = 2026-01-05")
    (folder / "AT.pem").write_bytes(AUSTRIA.certificate.public_bytes(Encoding.DER))  # by what is in it, not by its name
    door = from_folder(folder, clock=lambda: NOW)
    assert door.frameworks == (Framework.EU_DCC, Framework.SMART_HEALTH_CARD)
    for text, other in ((AUSTRIA.certify(), "shc"), (clinic.card(), "eu_dcc")):
        report = door.inspect(text)
        assert report.verified is not None and report.verified.trust_as_of == 1767571200
        assert door.inspect(text, other).code == "policy_refused"
    lists = "revocations = ['crl.json']"
    (folder / "crl.json").write_text(json.dumps(clinic.revocations("abc")))
    (folder / FILE).write_text((folder / FILE).read_text() + "\n" + lists)
    assert from_folder(folder, clock=lambda: NOW).inspect(clinic.card(vc={"rid": "abc"})).code == "revoked"


def test_it_takes_no_more_than_it_names_and_not_for_ever(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "abroad", signers=(AUSTRIA,), more="accept = ['eu_dcc.test']\nuntil = 2030-01-01")
    assert from_folder(folder, clock=lambda: NOW).inspect(AUSTRIA.certify("v")).code == "policy_refused"
    assert from_folder(folder, clock=lambda: NOW).inspect(AUSTRIA.certify("t")).accepted
    folder_of(folder, signers=(AUSTRIA,), more="until = 2026-01-01T07:00:00+07:00")
    assert from_folder(folder, clock=lambda: NOW + 9 * DAY).inspect(AUSTRIA.certify()).code == "status_stale"


def test_the_command_takes_the_same_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of(tmp_path / "abroad", signers=(AUSTRIA,))
    assert main(["foreign", AUSTRIA.certify("t"), "--accept", "eu_dcc", "--anchors", str(folder)]) in (0, 1)
    assert "key_not_found" not in capsys.readouterr().out
    (folder / FILE).unlink()
    assert main(["foreign", "HC1:", "--accept", "eu_dcc", "--anchors", str(folder)]) == 64
    assert main(["foreign", "HC1:", "--accept", "eu_dcc", "--anchors", "x", "--signers", "y"]) == 64
    assert FILE in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "no framework"),
        ("sginers = []", "sginers: no such name"),
        ("signers = 'AT.pem'", "a list of names"),
        ("signers = ['none.pem']", "none.pem: No such file"),
        ("signers = ['anchors.toml']", "no certificate of a document signer"),
        ("signers = ['AT.pem']\naccept = ['shc']", "accept"),
        ("signers = ['AT.pem']\naccept = []", "accept"),  # nothing is not everything
        ("signers = ['AT.pem']\nuntil = 'soon'", "until: a day"),
        ("signers = ['AT.pem']\nuntil = 2026-01-01T00:00:00", "with its zone"),
        ("issuers = []", "a table"),
        ("[issuers.'https://clinic.example']", "keys"),
        ("[issuers.'http://clinic.example']\nkeys = '0.json'", "https"),
        ("[issuers.'https://clinic.example']\nkeys = '0.json'\nrevocation = []", "revocation: no such name"),
        ("[issuers.'https://clinic.example']\nkeys = 'AT.pem'", "not JSON"),
        ("signers = [", "anchors.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, written: str, says: str) -> None:
    folder = folder_of(tmp_path / "abroad", signers=(AUSTRIA,), clinics=(Clinic(),))
    (folder / FILE).write_text(written)
    with pytest.raises(AnchorsError, match=says):
        from_folder(folder)


def test_what_a_text_begins_with() -> None:
    assert [framework_of(text) for text in ("HC1:X", "shc:/1/2/0", "VN1:X", "hc1:")] == ["eu_dcc", "shc", None, None]
