"""The demonstration as a process: it builds once, starts quickly again, says what is in the way, and ends cleanly."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle as bundles
from certs.catalogue import CATALOGUE
from idp import config, demo, nation, scheme
from idp.app import create_app
from idp.config import Config
from idp.demo import Options
from idp.nation import NotANation
from idp.progress import Progress, Stopped
from idp.storage import place
from idp.storage.tables import db
from tests.databases import Postgres, fresh_name
from tests.smoke import ROOT, free_ports

NOW = 1_790_000_000


def _options(folder: Path) -> Options:
    return Options(folder / "nation", 5800, 5801, 5802)


def _prepare(options: Options, now: int = NOW) -> nation.Nation:
    return demo.prepare(options, now=now, progress=Progress(StringIO(), 8))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Options:
    options = _options(tmp_path_factory.mktemp("built"))
    _prepare(options)
    return options


@pytest.fixture
def copied(built: Options, tmp_path: Path) -> Options:
    shutil.copytree(built.data, tmp_path / "nation")
    return replace(built, data=tmp_path / "nation")


# --- the nation on disk -----------------------------------------------------------------------------------------------


def test_secrets_are_readable_by_their_owner_alone(built: Options) -> None:
    assert stat.S_IMODE(built.data.stat().st_mode) == 0o700
    secret = [*built.data.rglob("*.pem"), *built.data.rglob("client_secret"), built.data / "personas.json"]
    assert len(secret) == 15  # twelve keys, two client secrets, the personas
    for path in secret:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_root_and_the_trust_lists_key_are_not_with_the_provider(built: Options) -> None:
    online = {path.stem for path in (built.data / "idp" / "signers").glob("*.pem")}
    authorities = {"public-security", "health", "social-insurance", "tax", "business", "civil-status"}
    assert online == authorities | {"status", "bundle"}


def test_the_first_bundle_stands_on_the_root(built: Options) -> None:
    here = nation.open_nation(built.data)
    assert here is not None
    bundle = bundles.read(here.bundle.read_bytes(), now=NOW, root_sha256=here.root_sha256())
    assert len(list(bundle.statuses)) >= len(CATALOGUE)
    licences = {
        service.authority: (service.since, service.until)
        for service in bundle.trust.list.services
        if service.document == "driving_licence"
    }
    assert licences == {
        "transport": (1356973200, 1740762000),  # 2013 until the end of 28 February 2025 in Vietnam
        "public-security": (1740762000, None),
    }


def test_a_second_start_changes_nothing(copied: Options) -> None:
    before = {path: path.read_bytes() for path in copied.data.rglob("*") if path.is_file()}
    _prepare(copied, NOW + 3600)
    assert {path: path.read_bytes() for path in copied.data.rglob("*") if path.is_file()} == before


def test_the_trust_list_is_renewed_at_half_time(copied: Options) -> None:
    held = nation.open_nation(copied.data)
    assert held is not None
    first = bundles.read(held.bundle.read_bytes(), now=NOW)
    later = NOW + 16 * 86400
    _prepare(copied, later)
    second = bundles.update(first, held.bundle.read_bytes(), now=later)
    assert second.trust.list.sequence == first.trust.list.sequence + 1
    assert second.trust.list.services == first.trust.list.services


@pytest.mark.parametrize("days", [365, 800, 4_000])
def test_a_demonstration_that_was_left_for_years_starts_again(copied: Options, days: int) -> None:
    """One year: lists and signers are due. More than two: all signers have ended. Eleven: the root has ended too."""
    later = NOW + days * 86400
    here = _prepare(copied, later)
    bundle = bundles.read(here.bundle.read_bytes(), now=later, root_sha256=here.root_sha256())
    assert bundle.trust.list.next_update > later < bundle.expires
    assert all(crl.next_update > later for crl in bundle.trust.crls) and list(bundle.trust.crls)
    for service in bundle.trust.list.services:
        if service.until is None:
            (signer,) = bundle.trust.listed(service.certificates[0].public_bytes(Encoding.DER))
            bundle.trust.check_path(signer, now=later)
    before = {path: path.read_bytes() for path in copied.data.rglob("*") if path.is_file()}
    _prepare(copied, later + 3600)
    assert {path: path.read_bytes() for path in copied.data.rglob("*") if path.is_file()} == before


def test_a_running_provider_goes_on_after_the_end_of_what_it_began_with(copied: Options) -> None:
    """The operator's process renews the files; the provider, never started again, publishes and signs with them."""
    here = _prepare(copied)
    clock, seen = [NOW], []
    settings = Config(
        issuer=here.issuer,
        data=here.idp,
        database_url=config.database_url(here.idp, {}),
        simulation=True,
        publish_every=0,
    )
    app = create_app(settings, clock=lambda: clock[0])
    ask = app.test_client()
    held = bundles.read(ask.get("/bundle", base_url=here.issuer).data, now=NOW, root_sha256=here.root_sha256())
    for days in range(10, 800, 10):
        clock[0] = NOW + days * 86400
        scheme.renew(here, now=clock[0])
        if days % 50 == 0:
            held = bundles.update(held, ask.get("/bundle", base_url=here.issuer).data, now=clock[0])
            assert held.expires > clock[0] < held.trust.list.next_update
            assert all(one.next_update > clock[0] for one in held.trust.crls)
            seen.append((here.signers / "health.der").read_bytes())
    assert len(set(seen)) >= 2
    with app.app_context():
        db.engine.dispose()


def test_the_watch_over_a_running_demonstration_renews(copied: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    here, stop = _prepare(copied), threading.Event()
    before = here.trust_list.read_bytes()
    monkeypatch.setattr(demo, "RENEWED_EVERY", 0.0)
    monkeypatch.setattr(demo.time, "time", lambda: NOW + 20 * 86400)
    watch = threading.Thread(target=demo._watch, args=(here, [], stop))
    watch.start()
    for _ in range(200):
        if here.trust_list.read_bytes() != before:
            break
        stop.wait(0.05)
    stop.set()
    watch.join()
    assert here.trust_list.read_bytes() != before


def test_a_nation_of_the_version_before_is_brought_along(copied: Options) -> None:
    """Without readers, anchors, revocation lists and the authorities that came since."""
    for folder in ("anchors", "crls", "trust-list-deltas"):
        shutil.rmtree(copied.data / "idp" / folder, ignore_errors=True)
    for path in (*copied.data.glob("verifier/reader.*"), *copied.data.glob("idp/signers/civil-status.*")):
        path.unlink()
    note = copied.data / "nation.json"
    note.write_text(note.read_text().replace('"version": 4', '"version": 3'))
    with place.opened(f"sqlite:///{copied.data / 'idp' / 'idp.sqlite'}") as storage, storage.transaction() as ports:
        bank = ports.clients.get("bank")
        assert bank is not None
        ports.clients.replace(replace(bank, profile="bank", scopes=("openid",)))
    here = _prepare(copied, NOW + 3600)
    bundle = bundles.read(here.bundle.read_bytes(), now=NOW + 3600, root_sha256=here.root_sha256())
    assert [reader.organisation for reader in bundle.trust.list.readers] == ["bank", "bank"]
    assert "civil-status" in {service.authority for service in bundle.trust.list.services}
    assert json.loads(note.read_text())["version"] == 4
    with place.opened(f"sqlite:///{copied.data / 'idp' / 'idp.sqlite'}") as storage, storage.reading() as ports:
        assert ports.clients.get("bank") == bank
    note.write_text(note.read_text().replace('"version": 4', '"version": 2'))
    with pytest.raises(NotANation, match="another version"):
        _prepare(copied, NOW + 3600)


def test_a_wallet_that_had_no_back_channel_gets_one(copied: Options) -> None:
    with place.opened(f"sqlite:///{copied.data / 'idp' / 'idp.sqlite'}") as storage, storage.transaction() as ports:
        wallet = ports.clients.get("wallet")
        assert wallet is not None and wallet.metadata["backchannel_logout_uri"].endswith("/backchannel-logout")
        before = {"post_logout_redirect_uris": ["http://localhost:5801/elsewhere"]}
        ports.clients.replace(replace(wallet, metadata=before))
    _prepare(copied, NOW + 3600)
    with place.opened(f"sqlite:///{copied.data / 'idp' / 'idp.sqlite'}") as storage, storage.reading() as ports:
        found = ports.clients.get("wallet")
        assert found is not None and found.metadata == {**wallet.metadata, **before}


def test_other_ports_are_said(copied: Options) -> None:
    with pytest.raises(NotANation, match="lives at http://localhost:5800"):
        _prepare(replace(copied, idp_port=5900))


def test_reset_makes_it_anew(copied: Options) -> None:
    before = nation.Nation(copied.data, "", "", "").root_sha256()
    _prepare(replace(copied, reset=True, idp_port=5900))
    assert nation.Nation(copied.data, "", "", "").root_sha256() != before
    assert [path.name for path in copied.data.parent.iterdir()] == ["nation"]


@pytest.mark.parametrize("reset", [False, True])
def test_a_folder_of_somebody_else_is_never_touched(tmp_path: Path, reset: bool) -> None:
    options = replace(_options(tmp_path), reset=reset)
    options.data.mkdir()
    (options.data / "thesis.txt").write_text("years of work")
    with pytest.raises(NotANation, match="not a nation"):
        _prepare(options)
    assert [path.name for path in options.data.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("step", range(7))
def test_a_build_that_is_cut_off_leaves_nothing(tmp_path: Path, step: int) -> None:
    asked = iter([False] * step + [True])
    options = _options(tmp_path)
    with pytest.raises(Stopped):
        demo.prepare(options, now=NOW, progress=Progress(StringIO(), 8, lambda: next(asked)))
    assert list(tmp_path.iterdir()) == []


def test_remains_of_a_killed_build_are_cleared_away(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    remains = tmp_path / f".nation.new.{gone.pid}"
    others = tmp_path / f".nation.new.{os.getppid()}"
    for folder in (remains, others):
        (folder / "idp").mkdir(parents=True)
    _prepare(_options(tmp_path))
    assert not remains.exists() and others.exists()


# --- its rows on a server ---------------------------------------------------------------------------------------------


@pytest.fixture
def server(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database that DATABASE_URL names."""
    name = fresh_name()
    url = postgres.create(name)
    monkeypatch.setenv("DATABASE_URL", url)
    yield url
    postgres.drop(name)


def test_one_setting_puts_the_rows_on_a_server(server: str, tmp_path: Path) -> None:
    options = _options(tmp_path)
    here = _prepare(options)
    assert not list(options.data.rglob("*.sqlite"))
    assert demo.roles(here)[0].environment["IDP_DATABASE_URL"] == server
    for role in demo.roles(here)[1:]:
        assert server not in role.environment.values()  # its password is nobody else's
    assert place.is_taken(server)
    before = here.bundle.read_bytes()
    assert _prepare(options, NOW + 3600).bundle.read_bytes() == before
    root = here.root_sha256()
    assert _prepare(replace(options, reset=True)).root_sha256() != root


def test_a_folder_and_another_nation_s_database_are_not_put_together(
    server: str, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = _options(tmp_path)
    _prepare(options)
    with pytest.raises(NotANation, match="holds a nation"):
        _prepare(replace(options, data=tmp_path / "second"))
    assert place.is_taken(server) and not (tmp_path / "second").exists()
    name = fresh_name()
    monkeypatch.setenv("DATABASE_URL", postgres.create(name))
    with pytest.raises(NotANation, match="not that of"):
        _prepare(options)
    postgres.drop(name)


@pytest.mark.parametrize("step", [2, 4, 6])
def test_a_build_that_is_cut_off_leaves_nothing_on_the_server(server: str, tmp_path: Path, step: int) -> None:
    asked = iter([False] * step + [True])
    with pytest.raises(Stopped):
        demo.prepare(_options(tmp_path), now=NOW, progress=Progress(StringIO(), 8, lambda: next(asked)))
    assert list(tmp_path.iterdir()) == [] and not place.is_taken(server)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://postgres:geheim@127.0.0.1:1/x", "cannot open the database"),
        ("mysql://u:geheim@localhost/x", "not a database that this provider knows"),
        ("geheim", "cannot be read"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_line(tmp_path: Path, url: str, said: str) -> None:
    command = [sys.executable, "-m", "idp", "demo", "--data", str(tmp_path / "nation")]
    command += [
        f"--{name}-port={port}" for name, port in zip(("idp", "wallet", "verifier"), free_ports(3), strict=True)
    ]
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert said in done.stderr and "geheim" not in done.stderr
    assert list(tmp_path.iterdir()) == []


# --- the process ------------------------------------------------------------------------------------------------------


class Demo:
    def __init__(self, folder: Path) -> None:
        self.folder, self.ports = folder, free_ports(3)
        self.ready = folder / "ready.json"

    def start(self, *more: str) -> "subprocess.Popen[str]":
        self.ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "idp", "demo", "--data", str(self.folder / "nation")]
        command += ["--ready-file", str(self.ready), *more]
        for name, port in zip(("idp", "wallet", "verifier"), self.ports, strict=True):
            command += [f"--{name}-port", str(port)]
        return subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def wait_ready(self, process: "subprocess.Popen[str]") -> float:
        """The seconds that it says it took."""
        for _ in range(1500):
            if self.ready.exists():
                return float(json.loads(self.ready.read_text())["seconds"])
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        raise AssertionError("not ready")

    def listening(self) -> list[int]:
        return [port for port in self.ports if _listens(port)]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[Demo]:
    yield Demo(tmp_path)


def _children(pid: int) -> list[int]:
    """All processes below this one."""
    below: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            below += [int(path.parent.name), *_children(int(path.parent.name))]
    return below


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_two_starts_and_a_clean_end(demonstration: Demo, number: signal.Signals) -> None:
    process = demonstration.start()
    assert demonstration.wait_ready(process) < 15
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert "http://localhost:" in out and "Nguyễn Thị Minh Anh" in out and "Trần Văn Bình" in out

    process = demonstration.start()
    assert demonstration.wait_ready(process) < 10  # under 3 s on an idle machine
    children = _children(process.pid)
    assert len(children) >= 3 and len(demonstration.listening()) == 3
    process.send_signal(number)
    process.send_signal(number)  # an impatient person
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert demonstration.listening() == []
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_taken_port_is_one_line_and_nothing_is_built(demonstration: Demo, which: int) -> None:
    with socket.create_server(("127.0.0.1", demonstration.ports[which])):
        process = demonstration.start()
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1 and out == ""
    assert err.count("\n") == 1 and str(demonstration.ports[which]) in err and "_PORT=" in err
    assert list(demonstration.folder.iterdir()) == []


def test_a_role_that_dies_ends_all_with_a_line(demonstration: Demo) -> None:
    process = demonstration.start()
    demonstration.wait_ready(process)
    wallet = next(
        pid
        for pid in _children(process.pid)
        if b"wallet.app" in Path(f"/proc/{pid}/cmdline").read_bytes() and os.getpgid(pid) == pid
    )
    os.kill(wallet, signal.SIGKILL)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.count("\n") == 1 and "wallet ended by itself" in err and "wallet.log" in err
    assert demonstration.listening() == []


def test_a_wrong_option_is_usage() -> None:
    command = [sys.executable, "-m", "idp", "demo", "--idp-port", "many"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 64 and "--help" in done.stderr
