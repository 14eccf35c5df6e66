"""What ends when, and what breaks then: every kind once, nothing twice, broken files told, and the exit code."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import __main__ as command
from certs import doctor
from certs.authority import Authority, TlsAuthority
from certs.desk import Desk
from certs.doctor import Item
from certs.keys import MemorySigner
from certs.profiles import DAY
from certs.rotation import PLANS, dates
from certs.x509 import Usage
from tests.certs.test_profiles import hosts_of
from tests.world import NOW, World


@pytest.fixture
def folder(tmp_path: Path, world: World) -> Path:
    """What lies about in a house: certificates of every kind, lists, a bundle, keys, notes."""
    place = tmp_path / "data"
    place.mkdir()
    (place / "root.der").write_bytes(world.root.certificate.public_bytes(Encoding.DER))
    (place / "root.key.pem").write_bytes(world.root.key.pem())
    for usage in Usage:
        key = MemorySigner.generate()
        issued = world.root.issue(usage.name.lower(), key.public, usage, now=NOW, hosts=hosts_of(usage))
        (place / f"{usage.name}.pem").write_bytes(issued.public_bytes(Encoding.PEM))
    server = TlsAuthority.create("https", ("localhost",), now=NOW)
    leaf = server.issue("server", MemorySigner.generate().public, ("localhost",), now=NOW)
    (place / "tls.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    crl = world.root.sign_crl((), number=41, now=NOW)
    (place / "root.crl").write_bytes(crl)
    (place / "trust-list.jwt").write_text(world.trust_list())
    world.write_bundle(place / "bundle.cbor", crls=(crl,))
    (place / "notes.txt").write_text("not ours")
    return place


def look(*paths: Path, now: int = NOW) -> dict[str, Item]:
    return {item.kind: item for item in doctor.examine(paths, now=now)}


def test_every_kind_is_found_and_says_what_breaks(folder: Path) -> None:
    items = doctor.examine([folder], now=NOW)
    kinds = {usage.name.lower() for usage in Usage}
    kinds |= {"root", "server", "trust_list", "crl", "bundle", "status_list"}
    assert {item.kind for item in items} == kinds
    assert all(item.breaks.vi and item.breaks.en and item.title.vi and item.since is not None for item in items)
    assert [item.when for item in items] == sorted(item.when for item in items)
    assert all(item.ends is not None and item.when <= item.ends for item in items)


def test_a_thing_in_several_places_is_told_once(folder: Path) -> None:
    (trust_list,) = (item for item in doctor.examine([folder], now=NOW) if item.kind == "trust_list")
    assert len(trust_list.where) == 2 and {Path(each.split(" #")[0]).name for each in trust_list.where} == {
        "trust-list.jwt",
        "bundle.cbor",
    }
    assert len({(item.kind, item.name, item.ends) for item in doctor.examine([folder, folder], now=NOW)}) == len(
        doctor.examine([folder], now=NOW)
    )


def test_something_is_due_when_it_ends_or_when_its_next_one_has_to_sign(folder: Path) -> None:
    found = look(folder)
    assert not found["trust_list"].due(now=NOW, days=29) and found["trust_list"].due(now=NOW, days=30)
    signer = found["reader"]
    assert signer.act_by is not None and signer.ends is not None and signer.act_by < signer.ends
    days = (signer.act_by - NOW) // DAY
    assert not signer.due(now=NOW, days=days - 1) and signer.due(now=NOW, days=days + 1)


def test_a_next_one_that_is_ready_is_not_asked_for_and_a_former_one_may_end(tmp_path: Path) -> None:
    root, one = Authority.create("Root", now=NOW), Desk(tmp_path, "health")
    key = MemorySigner.generate()
    first, second = (root.issue("health", key.public, Usage.DOCUMENT_SIGNER, now=NOW) for _ in range(2))
    one.certificate().write_bytes(first.public_bytes(Encoding.PEM))
    when = dates(first, PLANS[Usage.DOCUMENT_SIGNER])
    (alone,) = doctor.examine([tmp_path], now=NOW)
    assert alone.due(now=when.takes_over, days=0)
    one.certificate(".next").write_bytes(second.public_bytes(Encoding.PEM))
    current = next(item for item in doctor.examine([tmp_path], now=NOW) if "next" not in Path(item.where[0]).name)
    assert not current.due(now=when.takes_over, days=0) and current.due(now=when.latest, days=0)
    one.certificate(".next").unlink()
    one.certificate().rename(one.certificate(f".former-{first.serial_number:x}"))
    (former,) = doctor.examine([tmp_path], now=NOW)
    assert not former.due(now=when.ends + 900 * DAY, days=0) and "already" in former.breaks.en


def test_keys_and_what_is_none_of_ours_are_passed_over(folder: Path) -> None:
    shown = json.dumps([item.where for item in doctor.examine([folder], now=NOW)])
    assert "root.key" not in shown and "notes" not in shown


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.der", b"0\x82\x01\x00nonsense"),
        ("a.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("a.crl", b"0\x03\x02\x01\x01"),
        ("a.crl", b""),
        ("a.jwt", b"a.b.c"),
        ("a.jwt", "é".encode()),
        ("a.cbor", b"\xd2\x84"),
        ("a.cbor", b""),
    ],
)
def test_a_broken_file_is_told_and_the_others_still_are(folder: Path, name: str, content: bytes) -> None:
    before = len(doctor.examine([folder], now=NOW))
    (folder / name).write_bytes(content)
    items = doctor.examine([folder], now=NOW)
    (broken,) = (item for item in items if item.kind == "broken")
    assert len(items) == before + 1 and broken.due(now=NOW, days=0) and name in broken.name
    assert items[0] is broken


def test_a_list_of_a_root_that_is_not_there_is_broken(folder: Path, world: World) -> None:
    (folder / "trust-list.jwt").write_text(World().trust_list())
    assert look(folder)["broken"].name == "trust-list.jwt"


def test_a_list_whose_signer_has_ended_is_still_told(folder: Path) -> None:
    (folder / "bundle.cbor").unlink()
    found = look(folder, now=NOW + 1000 * DAY)
    assert "broken" not in found and found["trust_list"].due(now=NOW + 1000 * DAY, days=0)


# --- the command ------------------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str, now: int = NOW) -> Any:
    monkeypatch.setattr(command.time, "time", lambda: now)
    code = command.main(["doctor", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_command_says_in_a_sentence_what_breaks(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capsys, monkeypatch, str(folder), "--within", "30")
    assert (code, err) == (3, "")
    assert "danh sách tin cậy" in out and "Bên kiểm tra từ chối gói có danh sách này" in out and "\x1b[" not in out
    code, out, _ = run(capsys, monkeypatch, str(folder), "--within", "30", "--lang", "en")
    assert code == 3 and "Verifiers refuse a bundle with this list" in out and "more hold; the next to look at" in out
    assert all(len(line) <= 120 or str(folder) in line for line in out.splitlines())


def test_nothing_due_is_a_good_exit(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = str(folder / "READER.pem")
    code, out, _ = run(capsys, monkeypatch, reader, "--lang", "en")
    assert code == 0 and "✓ Nothing is due within 30 days" in out
    code, out, _ = run(capsys, monkeypatch, reader, "--all", "--lang", "en")
    assert code == 0 and "Wallets refuse what it asks" in out
    code, out, _ = run(capsys, monkeypatch, reader, "--lang", "en", now=NOW + 800 * DAY)
    assert code == 3 and "✕" in out and "over" in out


def test_machines_get_json(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = run(capsys, monkeypatch, str(folder), "--json")
    told = json.loads(out)
    assert code == 3 and len(told) == len(doctor.examine([folder], now=NOW))
    (listed,) = (one for one in told if one["kind"] == "trust_list")
    assert (listed["days_left"], listed["due"], listed["ends"]) == (30, True, "2026-04-01T08:00:00Z")
    assert set(listed["breaks"]) == {"vi", "en"}


@pytest.mark.parametrize("empty", ["missing", "empty"])
def test_nothing_to_look_at_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, empty: str
) -> None:
    if empty == "empty":
        (tmp_path / empty).mkdir()
    code, out, err = run(capsys, monkeypatch, str(tmp_path / empty))
    assert (code, out) == (1, "") and err.startswith("certs: ") and err.count("\n") == 1


def test_nothing_is_changed(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    run(capsys, monkeypatch, str(folder))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        path.name: path.read_bytes() for path in copy.iterdir()
    }


def test_a_key_that_nobody_knows_is_told_as_broken(folder: Path, world: World) -> None:
    """A root on a curve that has no name here."""
    der = world.root.certificate.public_bytes(Encoding.DER)
    (folder / "odd.der").write_bytes(der.replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030177")))
    (broken,) = (item for item in doctor.examine([folder], now=NOW) if item.kind == "broken")
    assert broken.name == "odd.der"
