"""The demonstration over https: certificates of its own, a nation that keeps to one scheme, and nothing that trusts both."""

import ssl
import stat
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509

from certs.authority import DAY
from certs.x509 import load
from idp import demo, nation, tls
from idp.demo import Options
from idp.nation import NotANation
from idp.progress import Progress
from tests.smoke import ROOT, free_ports

NOW = 1_790_000_000


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Options:
    made = Options(tmp_path_factory.mktemp("tls") / "nation", 5810, 5811, 5812, tls=True)
    _prepare(made)
    return made


def _prepare(options: Options, now: int = NOW) -> nation.Nation:
    return demo.prepare(options, now=now, progress=Progress(StringIO(), 8))


def _files(folder: Path, pattern: str) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob(pattern))}


def test_each_role_has_a_key_of_its_own_that_others_cannot_read(options: Options) -> None:
    keys = _files(options.data, "tls.key")
    assert len(set(keys.values())) == 3
    for path in (*map(Path, keys), options.data / "ca" / "tls-root.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_root_to_trust_is_not_the_root_of_documents(options: Options) -> None:
    here = nation.open_nation(options.data)
    assert here is not None
    trusted = x509.load_pem_x509_certificate((options.data / "tls" / "ca.pem").read_bytes())
    assert trusted.public_key() != load((here.idp / "root.der").read_bytes()).public_key()
    names = trusted.extensions.get_extension_for_class(x509.NameConstraints)
    assert names.critical and {str(name.value) for name in names.value.permitted_subtrees or ()} == {
        "localhost",
        "127.0.0.1/32",
        "::1/128",
    }
    bundle = here.bundle.read_bytes()
    for path in options.data.rglob("tls.pem"):
        assert ssl.PEM_cert_to_DER_cert(path.read_text()) not in bundle


def test_a_second_start_changes_nothing_and_a_late_one_renews(options: Options) -> None:
    before, root = _files(options.data, "tls.*"), (options.data / "tls" / "ca.pem").read_bytes()
    _prepare(options, NOW + 20 * DAY)
    assert _files(options.data, "tls.*") == before
    _prepare(options, NOW + 380 * DAY)
    after = _files(options.data, "tls.*")
    assert after.keys() == before.keys() and not set(after.values()) & set(before.values())
    assert (options.data / "tls" / "ca.pem").read_bytes() == root  # what a browser trusts stays
    here = nation.open_nation(options.data)
    assert here is not None and not tls.certify(here, now=NOW + 380 * DAY)


def test_a_root_that_ends_is_followed_by_another(options: Options) -> None:
    root = (options.data / "tls" / "ca.pem").read_bytes()
    later = NOW + 750 * DAY
    _prepare(options, later)
    after = (options.data / "tls" / "ca.pem").read_bytes()
    assert after != root
    trusted = x509.load_pem_x509_certificate(after)
    for role in ("idp", "wallet", "verifier"):
        leaf = x509.load_pem_x509_certificate((options.data / role / "tls.pem").read_bytes())
        leaf.verify_directly_issued_by(trusted)
        assert leaf.not_valid_after_utc.timestamp() > later + 300 * DAY


def test_https_is_handed_to_each_role(options: Options) -> None:
    here = nation.open_nation(options.data)
    assert here is not None
    ca = str(options.data / "tls" / "ca.pem")
    for role in demo.roles(here):
        assert role.url.startswith("https://localhost:58")
        assert role.certificate == options.data / role.name / "tls.pem"
        assert role.environment.get(f"{role.name.upper()}_CA_BUNDLE", ca) == ca


def test_http_and_https_do_not_mix(options: Options, tmp_path: Path) -> None:
    with pytest.raises(NotANation, match=r"made for https; start it with TLS=1 \(--tls\)"):
        _prepare(replace(options, tls=False))
    plain = replace(options, data=tmp_path / "nation", tls=False)
    here = _prepare(plain)
    assert not list(plain.data.rglob("tls*")) and tls.ca_bundle(here) is None and tls.served(here, "idp") is None
    with pytest.raises(NotANation, match=r"made for http; leave TLS=1 \(--tls\) out"):
        _prepare(replace(plain, tls=True))
    assert not list(plain.data.rglob("tls*"))


def test_the_wrong_scheme_is_one_line_at_the_terminal(options: Options) -> None:
    command = [sys.executable, "-m", "idp", "demo", "--data", str(options.data)]
    for name, port in zip(("idp", "wallet", "verifier"), free_ports(3), strict=True):
        command += [f"--{name}-port", str(port)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and "TLS=1" in done.stderr and "DATA=" in done.stderr


@pytest.mark.parametrize(("word", "tls"), [("1", True), ("yes", True), ("0", False), ("no", False), ("", False)])
def test_make_knows_tls(word: str, tls: bool) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "demo", f"TLS={word}"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert ("--tls" in done.stdout) is tls
