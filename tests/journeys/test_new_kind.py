"""A new kind of document is one entry of data and no code: written into a copy of the packages, it walks from register to verdict.

Every role runs as it is started in life: the provider and its registers as a process, wallet and verifier as commands.
"""

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certs import qr
from certs.errors import CertsError
from certs.formats import cwt
from tests.certs.documents.kinds import KIND
from tests.certs.samples import PORTRAIT
from tests.smoke import free_ports

ROOT = Path(__file__).parents[2]
PACKAGES = ("certs", "idp", "wallet", "verifier")
START_SECONDS = 90.0
LOANS = [
    {"kind": "book", "lent": "2026-01-05", "due": "2026-02-05"},
    {"kind": "film", "lent": "2026-01-05", "due": None},
]


@dataclass(frozen=True)
class Copy:
    """The four packages in a folder of their own, where commands find no other."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "nation"

    def run(self, role: str, *arguments: str, code: int = 0) -> str:
        command = [sys.executable, "-m", role, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(), check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == code, f"{role} {arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "WALLET_", "VERIFIER_"))
        }
        return {**kept, "PYTHONPATH": str(self.folder), "HOME": str(self.folder)}


def copy(folder: Path) -> Copy:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    return Copy(folder)


@contextmanager
def demonstration(here: Copy) -> Iterator[dict[str, Any]]:
    ready, log = here.folder / "ready.json", here.folder / "demo.log"
    command = [sys.executable, "-m", "idp", "demo", "--data", str(here.data), "--ready-file", str(ready)]
    for name, port in zip(("idp", "wallet", "verifier"), free_ports(3), strict=True):
        command += [f"--{name}-port", str(port)]
    with log.open("wb") as output:
        demo = subprocess.Popen(
            command, cwd=here.folder, env=here.environment(), stdout=output, stderr=output, start_new_session=True
        )
    try:
        end = time.monotonic() + START_SECONDS
        while not ready.exists():
            assert demo.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield json.loads(ready.read_text())
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(timeout=30)


def test_a_new_kind_is_one_entry_of_data_and_no_code(tmp_path: Path) -> None:
    here = copy(tmp_path)
    before = files(here)
    entry = here.folder / "certs" / "documents" / "library_card.toml"
    entry.write_text(KIND, "utf-8")
    assert files(here).keys() - before.keys() == {"certs/documents/library_card.toml"}

    with demonstration(here) as urls:
        persona = json.loads((here.data / "personas.json").read_text("utf-8"))[0]
        person = json.loads(here.run("idp", "people", "--find", persona["pid"], "--data", str(here.data), "--json"))[0]
        bring_in(here, persona["pid"], person["name"])
        made = json.loads(here.run("idp", "offer", persona["pid"], "library_card", "--data", str(here.data), "--json"))[
            0
        ]

        home = ("--home", str(here.folder / "phone"))
        fingerprint = fingerprint_of(here)
        here.run(
            "wallet", "receive", made["link"], "--tx-code", made["transaction code"], "--issuer", urls["idp"],
            "--root-sha256", fingerprint, "--simulation", *home,
        )  # fmt: skip
        assert "Library card" in here.run("wallet", "list", *home)
        text = here.run("wallet", "show-qr", "library_card", "--text", *home).strip()
        bundle = here.folder / "bundle.cbor"
        here.run("verifier", "bundle", "fetch", f"{urls['idp']}/bundle", "-o", str(bundle), "--root", fingerprint)
        told = json.loads(
            here.run("verifier", "check", text, "--bundle", str(bundle), "--type", "library_card", "--json")
        )
        document = told["verified"]
        assert (told["outcome"], document["document"], document["view"]) == ("accepted", "library_card", "card")
        assert document["claims"] == {
            "full_name": person["name"],
            "card_number": "AB1234",
            "group": "adult",
            "valid_until": "2034-02-28",
        }
        read = here.run("verifier", "check", text, "--bundle", str(bundle), "--lang", "vi")
        assert "Thẻ thư viện" in read and "Người lớn" in read and "28/02/2034" in read

    try:  # the catalogue as it is has no such kind
        cwt.peek(qr.from_text(text))
        raise AssertionError("known already")
    except CertsError as error:
        assert error.code == "type_mismatch"
    after = files(here)
    assert {name for name in after if after[name] != before.get(name)} == {"certs/documents/library_card.toml"}


def bring_in(here: Copy, pid: str, name: str) -> None:
    """Into the register, as an authority brings its file: columns named by their labels."""
    row = {
        "Số định danh cá nhân": pid,
        "Họ, chữ đệm và tên": name,
        "Số thẻ": "AB1234",
        "Số hội viên": "000123",
        "Nhóm": "Người lớn",
        "Ngày cấp": "29/02/2024",
        "Có giá trị đến": "28/02/2034",
        "Tiền phạt": "0",
        "Bị khóa": "không",
        "Sở thích": json.dumps(["Lịch sử"], ensure_ascii=False),
        "Sách mượn": json.dumps(LOANS),
        "Ảnh": PORTRAIT,
    }
    path = here.folder / "cards.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    here.run("idp", "documents", "import", "library_card", str(path), "--data", str(here.data), "--json")


def fingerprint_of(here: Copy) -> str:
    return hashlib.sha256((here.data / "idp" / "root.der").read_bytes()).hexdigest()


def files(here: Copy) -> dict[str, str]:
    """Every file of the packages, by its digest."""
    return {
        path.relative_to(here.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for package in PACKAGES
        for path in (here.folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
