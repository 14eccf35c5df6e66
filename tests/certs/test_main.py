"""The commands of the floor, as an operator types them."""

import io
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import __main__ as command
from certs import crl, pkcs11, roots, trust
from certs.__main__ import main
from certs.catalogue import Text
from certs.crl import Crl, Crls
from certs.keys import FileSigner, PublicKey
from certs.trust import Service, TrustList
from certs.x509 import Usage, check_path, dns_names
from tests.certs.refusals import refused
from tests.tokens import LABEL, MODULE, SoftToken
from tests.world import World


def test_a_root_and_a_signer_under_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["root", str(tmp_path), "--name", "Root of tests", "--days", "100"]) == 0
    root = x509.load_pem_x509_certificate((tmp_path / "root.pem").read_bytes())
    assert stat.S_IMODE((tmp_path / "root.key").stat().st_mode) == 0o600
    shown = capsys.readouterr().out
    assert root.fingerprint(root.signature_hash_algorithm).hex() in shown  # type: ignore[arg-type]

    assert main(["signer", str(tmp_path), "health", "--usage", "document-signer", "--days", "10"]) == 0
    leaf = x509.load_pem_x509_certificate((tmp_path / "health.pem").read_bytes())
    now = int(leaf.not_valid_before_utc.timestamp())
    check_path(leaf, (), (root,), usage=Usage.DOCUMENT_SIGNER, now=now)
    assert FileSigner.load(tmp_path / "health.key", "ES256").public.crypto() == leaf.public_key()


def test_a_certificate_is_revoked_and_stays_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["root", str(tmp_path)]) == 0
    for name in ("health", "tax"):
        more = ["--crl-uri", "http://ca.example/root.crl"] if name == "tax" else []
        assert main(["signer", str(tmp_path), name, *more]) == 0
    root, health, tax = (
        x509.load_pem_x509_certificate((tmp_path / f"{name}.pem").read_bytes()) for name in ("root", "health", "tax")
    )
    assert main(["crl", str(tmp_path)]) == 0
    first = _crl(tmp_path, root)
    assert not first.revocations
    assert main(["revoke", str(tmp_path), str(tmp_path / "health.pem"), "--reason", "key-compromise"]) == 0
    assert f"{health.serial_number:x}" in capsys.readouterr().out
    assert main(["crl", str(tmp_path), "--days", "5"]) == 0
    told = _crl(tmp_path, root)
    assert set(told.revocations) == {health.serial_number}
    assert told.number > first.number + 1 and told.next_update == told.issued + 5 * 86_400
    check_path(tax, (), (root,), usage=Usage.DOCUMENT_SIGNER, now=told.issued, crls=Crls([told]))
    for leaf, lists, code in ((health, [told], "cert_revoked"), (tax, [], "status_unavailable")):
        with refused(code):
            check_path(leaf, (), (root,), usage=Usage.DOCUMENT_SIGNER, now=told.issued, crls=Crls(lists))


def test_what_cannot_be_revoked_leaves_the_list_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
        assert main(["root", str(tmp_path / folder)]) == 0
        assert main(["signer", str(tmp_path / folder), "tax"]) == 0
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs" / "tax.pem")
    assert main(["revoke", ours, str(tmp_path / "ours" / "tax.pem"), "--reason", "superseded"]) == 0
    before = (tmp_path / "ours" / "root.crl").read_bytes()
    for certificate in (theirs, str(tmp_path / "ours" / "tax.pem"), str(tmp_path / "ours" / "root.pem")):
        assert main(["revoke", ours, certificate, "--reason", "superseded"]) == 1
    (tmp_path / "ours" / "root.pem").write_bytes((tmp_path / "theirs" / "root.pem").read_bytes())
    assert main(["crl", ours]) == 1  # a list that is not this root's is not carried on
    assert (tmp_path / "ours" / "root.crl").read_bytes() == before
    assert "certs: " in capsys.readouterr().err


def _crl(folder: Path, root: x509.Certificate) -> Crl:
    data = (folder / "root.crl").read_bytes()
    return crl.read(data, (root,), now=int(root.not_valid_before_utc.timestamp()))


def test_nothing_is_ever_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["root", str(tmp_path)]) == 0
    before = (tmp_path / "root.pem").read_bytes()
    assert main(["root", str(tmp_path)]) == 1
    assert "exists" in capsys.readouterr().err
    assert (tmp_path / "root.pem").read_bytes() == before
    assert main(["signer", str(tmp_path), "tax"]) == 0
    assert main(["signer", str(tmp_path), "tax"]) == 1


def test_a_private_key_is_called_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["root", str(tmp_path)])
    capsys.readouterr()
    assert main(["show", str(tmp_path / "root.key")]) == 1
    shown = capsys.readouterr()
    assert "this is a private key" in shown.err and shown.out == ""


def test_a_certificate_is_shown_in_either_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = World().root.certificate
    for name, encoding in (("a.pem", Encoding.PEM), ("a.der", Encoding.DER)):
        (tmp_path / name).write_bytes(root.public_bytes(encoding))
        assert main(["show", str(tmp_path / name)]) == 0
        assert "CN=Test root" in capsys.readouterr().out


def test_a_bundle_is_shown_with_who_may_issue_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    assert main(["show", str(world.write_bundle(tmp_path / "bundle.cbor", sequence=12))]) == 0
    shown = capsys.readouterr().out
    assert "sequence" in shown and "12" in shown and world.root_sha256 in shown
    assert "transport, from 2013-01-01 00:00 UTC until 2025-03-01 00:00 UTC" in shown
    assert "1024 entries" in shown


def test_a_bundle_is_shown_with_its_revocation_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    crls = (world.root.sign_crl((), number=41, now=world.now),)
    assert main(["show", str(world.write_bundle(tmp_path / "bundle.cbor", crls=crls))]) == 0
    assert "number 41, 0 revoked" in capsys.readouterr().out


def test_a_peek_warns_that_nothing_is_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = World().present()
    assert main(["peek", text]) == 0
    shown = capsys.readouterr()
    assert "NOT CHECKED" in shown.err
    told = json.loads(shown.out)
    assert (told["document"], told["view"], told["claims"]["points"]) == ("driving_licence", "licence", 12)
    monkeypatch.setattr(sys, "stdin", io.StringIO(text + "\n"))
    assert main(["peek", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == told


@pytest.mark.parametrize(
    "arguments",
    [
        ["peek", "hello"],
        ["peek", "VN1:"],
        ["show", "/nonexistent"],
        ["signer", "/nonexistent", "x"],
        ["show", __file__],
    ],
)
def test_what_goes_wrong_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("certs: ") and shown.err.count("\n") == 1
    assert shown.out == ""


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["signer", "x", "y", "--usage", "everything"], ["root"]])
def test_a_wrong_command_line_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m certs" in capsys.readouterr().err


def test_the_vectors_are_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors"]) == 0
    assert {"keys", "trust", "accepted", "refused"} <= set(json.loads(capsys.readouterr().out))


def test_it_runs_as_a_module() -> None:
    run = subprocess.run([sys.executable, "-m", "certs", "--help"], capture_output=True, text=True, check=True)
    assert "root" in run.stdout and "peek" in run.stdout


# --- rotation, readers, tokens ----------------------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The clock of the commands."""
    now = [1_790_000_000]
    monkeypatch.setattr(command.time, "time", lambda: now[0])
    return now


def test_a_folder_is_rotated_day_by_day(tmp_path: Path, at: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path)
    assert main(["root", folder]) == main(["signer", folder, "health"]) == main(["crl", folder]) == 0
    assert main(["signer", folder, "trust-list", "--usage", "trust-list-signer"]) == 0
    held = _folder_list(tmp_path, at[0])
    first = (tmp_path / "health.pem").read_bytes()
    assert main(["rotate", folder]) == 0
    assert "done" not in capsys.readouterr().out
    seen: set[bytes] = set()
    for _ in range(60):
        at[0] += 15 * 86_400
        assert main(["rotate", folder]) == 0
        root = x509.load_pem_x509_certificate((tmp_path / "root.pem").read_bytes())
        new = trust.read((tmp_path / "trust-list.jwt").read_text(), (root,), now=at[0])
        trust.check_successor(held, new, now=at[0])
        signs = (tmp_path / "health.pem").read_bytes()
        assert x509.load_pem_x509_certificate(signs) in held.services[0].certificates or signs == first
        held, _ = new, seen.add(signs)
    assert len(seen) == 3  # in two years and a half
    shown = capsys.readouterr().out
    assert "the next one is made; publish it" in shown and "root.crl" not in shown
    assert main(["rotate", folder, "--check"]) == 0
    assert "its next one is made and published" in capsys.readouterr().out
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    at[0] += 400 * 86_400
    assert main(["rotate", folder, "--check"]) == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def _folder_list(folder: Path, now: int) -> TrustList:
    root, health, operator = (
        x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        for name in ("root", "health", "trust-list")
    )
    service = Service("health", Text("Y tế", "Health"), "health_record", (health,), now)
    content = TrustList(1, now, now + 30 * 86_400, (service,))
    token = trust.sign(content, FileSigner.load(folder / "trust-list.key", "ES256"), (operator,))
    (folder / "trust-list.jwt").write_text(token)
    return trust.read(token, (root,), now=now)


def test_a_reader_is_certified_for_its_hosts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path)
    assert main(["root", folder]) == 0
    assert main(["signer", folder, "bank", "--usage", "reader"]) == 1
    assert "names its hosts" in capsys.readouterr().err
    assert main(["signer", folder, "bank", "--usage", "reader", "--host", "bank.example"]) == 0
    assert dns_names(x509.load_pem_x509_certificate((tmp_path / "bank.pem").read_bytes())) == ("bank.example",)


def test_a_key_is_made_in_a_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    soft = SoftToken.make(tmp_path / "soft")
    monkeypatch.setenv("SOFTHSM2_CONF", str(soft.configuration))
    soft.initialize()
    folder, place = str(tmp_path), ["--pkcs11-module", str(MODULE), "--token", LABEL]
    assert main(["root", folder]) == 0
    assert main(["signer", folder, "health", *place]) == 1
    assert "--pin-file" in capsys.readouterr().err
    assert main(["signer", folder, "health", *place, "--pin-file", str(soft.pin_file())]) == 0
    issued = x509.load_pem_x509_certificate((tmp_path / "health.pem").read_bytes())
    assert PublicKey.from_crypto(issued.public_key()) == pkcs11.find_key(soft.token, "health")
    assert not (tmp_path / "health.key").exists()
    pkcs11.close_all()


def test_what_was_revoked_stays_so_when_keys_rotate(tmp_path: Path, at: list[int]) -> None:
    """`rotate` keeps a list for each root beside `root.crl`: neither may bring back what the other has revoked."""
    folder = str(tmp_path)
    assert main(["root", folder, "--days", "1000"]) == main(["crl", folder]) == 0
    for name in ("health", "tax"):
        assert main(["signer", folder, name, "--days", "700"]) == 0
    health, tax, first = (
        x509.load_pem_x509_certificate((tmp_path / f"{name}.pem").read_bytes()) for name in ("health", "tax", "root")
    )
    assert main(["rotate", folder]) == 0
    at[0] += 86_400
    assert main(["revoke", folder, str(tmp_path / "health.pem"), "--reason", "key-compromise"]) == 0
    assert main(["rotate", folder]) == 0
    told = crl.read((tmp_path / "root.crl").read_bytes(), (first,), now=at[0])
    assert set(told.revocations) == {health.serial_number}
    (tmp_path / "kept.pem").write_bytes((tmp_path / "tax.pem").read_bytes())
    while x509.load_pem_x509_certificate((tmp_path / "root.pem").read_bytes()) == first:
        at[0] += 10 * 86_400
        assert main(["rotate", folder]) == 0
    assert main(["revoke", folder, str(tmp_path / "kept.pem"), "--reason", "key-compromise"]) == 0
    assert main(["rotate", folder]) == 0
    path = roots.crl_path(tmp_path / "crls", first)
    held = crl.read(path.read_bytes(), (first,), now=at[0])
    assert set(held.revocations) == {health.serial_number, tax.serial_number}
