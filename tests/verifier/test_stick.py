"""Trust data on a stick, by commands alone: to a counter that never had a network."""

import json
import time
from pathlib import Path

import pytest

from certs import bundle as bundles
from certs import delta
from certs.status import Status
from tests.site import Answer, Asked, Site
from tests.verifier.test_cli import run
from tests.world import World


@pytest.fixture
def world() -> World:
    """Of this moment: the commands read the clock."""
    return World(now=int(time.time()))


def sequence(out: str) -> int:
    return int(json.loads(out)["sequence"])


def test_the_first_one_needs_the_fingerprint_of_its_root(world: World, tmp_path: Path) -> None:
    stick, kept = tmp_path / "stick.cbor", tmp_path / "counter" / "bundle.cbor"
    stick.write_bytes(world.bundle())
    assert run("bundle", "import", str(stick), "--bundle", str(kept))[0] == 64
    code, _, err = run("bundle", "import", str(stick), "--bundle", str(kept), "--root", "00" * 32)
    assert code == 1 and "issuer_untrusted" in err and not kept.exists()
    code, out, _ = run("bundle", "import", str(stick), "--bundle", str(kept), "--root", world.root_sha256, "--json")
    assert (code, sequence(out)) == (0, 1) and kept.read_bytes() == stick.read_bytes()
    assert run("check", world.present(), "--bundle", str(kept))[0] == 0


def test_a_delta_is_downloaded_by_one_and_taken_by_the_other(world: World, site: Site, tmp_path: Path) -> None:
    first = world.bundle(sequence=1)
    world.set_state(7, Status.INVALID)
    second, by = world.bundle(sequence=2), world.bundle_desk
    patch = delta.build(delta.manifest(first), second, signer=by.signer, chain=[by.certificate])

    def answer(asked: Asked) -> Answer:
        return Answer(patch if asked.query == "from=1" else second)

    site.pages["/bundle"] = answer
    kept, stick = tmp_path / "bundle.cbor", tmp_path / "stick.cbor"
    kept.write_bytes(first)
    shown = json.loads(run("bundle", "show", str(kept), "--json")[1])
    url = site.url + "/bundle"
    assert run("bundle", "download", url, "--since", str(shown["sequence"]), "-o", str(stick))[0] == 0
    assert stick.read_bytes() == patch
    code, out, _ = run("bundle", "import", str(stick), "--bundle", str(kept), "--json")
    assert (code, sequence(out)) == (0, 2) and kept.read_bytes() == second
    assert run("check", world.present(world.issue(index=7)), "--bundle", str(kept))[0] == 1
    code, _, err = run("bundle", "import", str(stick), "--bundle", str(kept))  # once more
    assert code == 1 and "presentation_replayed" in err and kept.read_bytes() == second
    assert run("bundle", "download", url, "-o", str(stick))[0] == 0 and stick.read_bytes() == second
    assert run("bundle", "import", str(stick), "--bundle", str(kept))[0] == 0  # the same again is no harm


def test_what_is_exported_is_what_is_held(world: World, tmp_path: Path) -> None:
    kept, stick = tmp_path / "bundle.cbor", tmp_path / "stick.cbor"
    kept.write_bytes(world.bundle(sequence=3))
    code, out, _ = run("bundle", "export", "--bundle", str(kept), "-o", str(stick), "--lang", "en")
    assert code == 0 and "Written to the file. #3" in out and stick.read_bytes() == kept.read_bytes()
    kept.write_bytes(b"damaged")
    assert run("bundle", "export", "--bundle", str(kept), "-o", str(tmp_path / "other"))[0] == 64
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "damage", [b"", b"rubbish", None, -20, b"\0"], ids=["empty", "rubbish", "missing", "cut", "longer"]
)
def test_a_bad_file_changes_nothing(world: World, tmp_path: Path, damage: bytes | int | None) -> None:
    kept, stick = tmp_path / "bundle.cbor", tmp_path / "stick.cbor"
    kept.write_bytes(world.bundle(sequence=1))
    before, newer = kept.read_bytes(), world.bundle(sequence=2)
    if damage is not None:
        whole = newer[:damage] if isinstance(damage, int) else newer + damage if damage == b"\0" else damage
        stick.write_bytes(whole)
    code, out, err = run("bundle", "import", str(stick), "--bundle", str(kept))
    assert code == (64 if damage is None else 1) and err and not out
    assert kept.read_bytes() == before


@pytest.mark.parametrize("number", ["-1", "x", "1" * 19, "٣", "1.5"])
def test_a_number_that_is_none(number: str, tmp_path: Path) -> None:
    asked = run("bundle", "download", "http://127.0.0.1:1/bundle", f"--since={number}", "-o", str(tmp_path / "x"))
    assert asked[0] == 64 and not (tmp_path / "x").exists()


def test_each_part_tells_its_own_end(world: World, tmp_path: Path) -> None:
    kept = tmp_path / "bundle.cbor"
    crl = world.root.sign_crl((), number=4, now=world.now)
    kept.write_bytes(world.bundle(crls=(crl,)))
    parts = json.loads(run("bundle", "show", str(kept), "--json")[1])["parts"]
    assert [part["kind"] for part in parts] == ["bundle", "root", "trust_list", "crl", "status_list"]
    held = bundles.read(kept.read_bytes(), now=world.now)
    ends = {part["kind"]: part["until"] for part in parts}
    assert ends["bundle"] == held.expires and ends["trust_list"] == held.trust.list.next_update
    (listed,) = held.statuses
    assert ends["status_list"] == min(listed.expires, world.now + listed.ttl)
    out = run("bundle", "show", str(kept), "--lang", "en")[1]
    for words in (
        "The whole bundle until",
        "Root until",
        "Trust list until",
        "Revocation list until",
        "Status lists until",
    ):
        assert words in out
