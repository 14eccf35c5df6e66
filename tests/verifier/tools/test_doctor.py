"""`doctor`: each thing that checking stands on, well and not well, and what to do about it."""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from certs.bundle import Bundle
from tests.site import Answer, Site
from tests.verifier.test_cli import Here
from tests.world import DAY, World
from verifier import scan
from verifier.tools import doctor
from verifier.tools.doctor import Finding, State


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(capsys)


def states(findings: Iterable[Finding]) -> dict[str, State]:
    found = {finding.id: finding for finding in findings}
    for finding in found.values():
        assert finding.said.vi and finding.said.en
        assert finding.advice is not None or finding.state in (State.OK, State.NOTE)
    return {name: finding.state for name, finding in found.items()}


def of_bundle(held: Bundle, now: int, root: str | None = None) -> dict[str, State]:
    return states(doctor.trust(held, now=now, root_sha256=root))


def test_a_bundle_grows_old(world: World) -> None:
    held = world.open_bundle()
    fresh = of_bundle(held, world.now, world.root_sha256)
    assert set(fresh.values()) == {State.OK} and {"clock", "root", "ends.status_list"} <= set(fresh)
    late = of_bundle(held, world.now + DAY)  # the status list's own life is a day
    assert (late["ends.status_list"], late["ends.bundle"], late["bundle"]) == (State.FAIL, State.OK, State.OK)
    soon = of_bundle(held, world.now + 28 * DAY)
    assert (soon["ends.bundle"], soon["bundle"]) == (State.WARN, State.WARN)
    over = of_bundle(held, world.now + 30 * DAY)
    assert (over["ends.bundle"], over["ends.trust_list"], over["ends.root"]) == (State.FAIL, State.FAIL, State.OK)


def test_clock_and_root(world: World) -> None:
    held = world.open_bundle()
    assert of_bundle(held, world.now - DAY)["clock"] is State.FAIL
    assert of_bundle(held, world.now)["root"] is State.NOTE
    assert of_bundle(held, world.now, "00" * 32)["root"] is State.FAIL


def test_the_decoder_reads_what_it_drew(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.decoder().state is State.OK
    monkeypatch.setattr(scan, "texts", lambda _: ("VN1:ANOTHER",))
    assert doctor.decoder().state is State.FAIL
    monkeypatch.setattr(scan, "texts", lambda _: ())
    assert doctor.decoder().state is State.FAIL


def test_extras(world: World) -> None:
    packages = [package for extra in doctor.EXTRAS for package in extra.packages]
    assert set(states(doctor.extras(dict.fromkeys(packages, True))).values()) == {State.OK}
    some = states(doctor.extras({**dict.fromkeys(packages, True), "pyarrow": False}))
    assert [name for name, state in some.items() if state is State.NOTE] == ["extra.parquet"]


def test_what_lies_at_the_address(world: World) -> None:
    held, now = world.open_bundle(), world.now

    def look(data: bytes, *, with_held: bool = True, root: str | None = None, off: int = 0) -> dict[str, State]:
        date = format_datetime(datetime.fromtimestamp(now + off, UTC), usegmt=True)
        return states(doctor.reached(data, held if with_held else None, now=now, root_sha256=root, date=date))

    assert look(held.raw) == {"network": State.OK, "clock.server": State.OK}
    assert look(world.bundle(sequence=2))["network"] is State.WARN
    assert look(World(now=now).bundle(sequence=2))["network"] is State.FAIL
    assert look(held.raw, with_held=False, root=world.root_sha256)["network"] is State.OK
    assert look(held.raw, with_held=False, root="00" * 32)["network"] is State.FAIL
    assert look(b"junk", with_held=False)["network"] is State.FAIL
    assert look(held.raw, off=3600)["clock.server"] is State.FAIL
    assert "clock.server" not in states(doctor.reached(held.raw, held, now=now, root_sha256=None, date="yesterday"))


def test_the_command(here: Here, tmp_path: Path, site: Site) -> None:
    nation = World(now=int(time.time()) - 5)
    bundle = str(nation.write_bundle(tmp_path / "bundle.cbor"))
    asked = ("--bundle", bundle, "--root", nation.root_sha256, "--lang", "en")
    code, out, err = here("doctor", *asked)
    assert (code, err) == (0, "") and "✓ Clock" in out and "✕" not in out and "\x1b" not in out
    site.pages["/bundle"] = Answer(Path(bundle).read_bytes())
    code, out, _ = here("doctor", *asked, "--from", site.url + "/bundle")
    assert code == 0 and "reached, and has #1" in out
    assert here("doctor", *asked, "--from", site.url + "/nowhere")[0] == 1
    assert here("doctor", *asked, "--from", "http://localhost:1/bundle")[0] == 1
    assert here("doctor")[0] == 2
    (tmp_path / "junk").write_bytes(b"junk")
    for wrong in (str(tmp_path / "junk"), str(tmp_path / "nowhere")):
        code, out, _ = here("doctor", "--bundle", wrong, "--json")
        told = {finding["id"]: finding["state"] for finding in json.loads(out)["findings"]}
        assert code == 1 and told["bundle"] == "fail" and told["decoder"] == "ok"
    assert here("doctor", "--bundle", bundle, "--root", "00" * 32)[0] == 1
