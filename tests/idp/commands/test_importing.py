"""`people import` and `documents import`: as processes killed, raced and stopped, and given what is no file at all."""

import csv
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from idp.model import Person
from idp.registries.importing.columns import Layout
from idp.registries.importing.rejects import Rejects
from idp.storage import place
from tests.databases import Postgres, fresh_name
from tests.idp.commands import asked
from tests.idp.commands.asked import Done
from tests.idp.registries.importing.files import licence_of, persons, row_of, write_csv, write_parquet
from tests.smoke import ROOT

MANY = 9_000


@dataclass(frozen=True)
class Office:
    """A provider's settings and its database, without a nation."""

    folder: Path
    database: str

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "idp", *arguments]

    def environment(self, **other: str) -> dict[str, str]:
        settings = {"IDP_ISSUER": "http://localhost:5000", "IDP_DATA": str(self.folder), "IDP_SIMULATION": "1"}
        return {**os.environ, **settings, "IDP_DATABASE_URL": self.database, "PYTHONPATH": str(ROOT), **other}

    def run(self, *arguments: str, **other: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            env=self.environment(**other),
        )

    def ask(self, *arguments: str, **other: str) -> Done:
        """In this process: where what is asked for is the same, and no process ends."""
        with pytest.MonkeyPatch.context() as patched:
            for name, value in self.environment(**other).items():
                patched.setenv(name, value)
            patched.chdir(self.folder)
            return asked.idp(*arguments)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
        )

    def people(self) -> Counter[str]:
        with place.opened(self.database) as storage, storage.reading() as ports:
            return Counter(person.pid for person in ports.population.each())

    def held(self) -> int:
        with place.opened(self.database) as storage, storage.reading() as ports:
            return ports.population.count()

    def wait(self, process: "subprocess.Popen[str]") -> None:
        """Until it has written something."""
        deadline = time.monotonic() + 60
        with place.opened(self.database) as storage:
            before = None
            while process.poll() is None and time.monotonic() < deadline:
                with storage.reading() as ports:
                    held = ports.population.count()
                before = held if before is None else before
                if held > before:
                    return
                time.sleep(0.02)

    def add(self, people: list[Person]) -> None:
        with place.opened(self.database) as storage, storage.transaction() as ports:
            ports.population.add(people)


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/idp.sqlite"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.create(fresh_name())
    with place.opened(url):
        return Office(tmp_path, url)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Office]:
    """For what no database has to do with."""
    url = f"sqlite:///{tmp_path}/idp.sqlite"
    with place.opened(url):
        yield Office(tmp_path, url)


def _summary(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert "Traceback" not in done.stderr, done.stderr
    (row,) = json.loads(done.stdout)
    assert row["read"] == row["written"] + row["replaced"] + row["already there"] + row["refused"]
    return dict(row)


def _file(path: Path, people: list[Person], *, bad: int = 10) -> Path:
    """Every so many rows one is refused."""
    return write_csv(
        path, (row_of(one) | ({"sex": "?"} if not place % bad else {}) for place, one in enumerate(people))
    )


def _rejected(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["pid"] for row in csv.DictReader(file)]


def test_people_come_in_and_what_is_refused_is_named(small: Office) -> None:
    people = persons(300)
    path = _file(small.folder / "p.csv", people)
    done = small.run("people", "import", "p.csv")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines()[:4])
    assert lines == {"file": "p.csv", "read": "300", "written": "270", "replaced": "0"}
    assert "refused  choice  sex    30    2, 12, 22, 32, 42  Is not in the list of choices." in done.stdout
    rejects = small.folder / "p.csv.rejects.csv"
    assert "python -m idp people import p.csv.rejects.csv" in done.stderr and "only you" in done.stderr
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    assert _rejected(rejects) == [person.pid for person in people[::10]]
    assert not any(person.pid in done.stdout + done.stderr for person in people)
    again = _summary(small.ask("people", "import", str(path), "--json"))
    assert (again["already there"], again["written"], again["refused"]) == (270, 0, 30)
    listed = small.ask("people", "--find", people[1].pid)
    assert people[1].name in listed.stdout


def test_documents_from_parquet_and_written_over(small: Office) -> None:
    day = datetime.now(UTC).date().isoformat()
    people = [person for person in persons(60) if person.deceased_on is None and person.birth_date < "1995"]
    small.add(people)
    rows = [licence_of(person, licence_number=f"99024{place:07}") for place, person in enumerate(people)]
    assert max(row["issued_on"] for row in rows) <= day
    write_parquet(small.folder / "d.parquet", rows)
    first = _summary(small.run("documents", "import", "driving_licence", "d.parquet", "--json"))
    assert (first["written"], first["refused"], first["complete"]) == (len(people), 0, True)
    write_parquet(small.folder / "d.parquet", [{**row, "points": 3} for row in rows])
    refused = small.ask("documents", "import", "driving_licence", "d.parquet", "--json")
    assert refused.returncode == 1 and _summary(refused)["faults"][0]["code"] == "differs"
    done = small.ask("documents", "import", "driving_licence", "d.parquet", "--replace", "--json")
    assert done.returncode == 0 and _summary(done)["replaced"] == len(people)


def test_a_dry_run_writes_no_row(small: Office) -> None:
    _file(small.folder / "p.csv", persons(50))
    done = small.ask("people", "import", "p.csv", "--dry-run", "--json", "--rejects", "why.csv")
    assert done.returncode == 1
    row = _summary(done)
    assert (row["written"], row["refused"], row["dry run"], small.held()) == (45, 5, True, 0)
    assert len(_rejected(small.folder / "why.csv")) == 5


def test_killed_at_any_moment_and_started_again(office: Office) -> None:
    people = persons(MANY)
    _file(office.folder / "p.csv", people)
    wanted = {person.pid for place, person in enumerate(people) if place % 10}
    refused = [person.pid for person in people[::10]]
    chance, rejects = random.Random(int(time.time())), office.folder / "p.csv.rejects.csv"
    for _ in range(3):
        with office.start("people", "import", "p.csv") as process:
            office.wait(process)
            time.sleep(chance.uniform(0, 0.4))
            process.send_signal(signal.SIGKILL)
        held = office.people()
        assert set(held) <= wanted and set(held.values()) <= {1}
        if rejects.exists():  # it was through, and late to end
            assert _rejected(rejects) == refused
    row = _summary(office.run("people", "import", "p.csv", "--json"))
    assert (row["read"], row["refused"], row["complete"]) == (MANY, MANY // 10, True)
    assert office.people() == Counter(wanted)
    assert _rejected(rejects) == refused
    assert not (office.folder / "p.csv.rejects.csv.part").exists()


def test_two_at_once(office: Office) -> None:
    """The same people in two files, the one from its end: each row is written by one and found there by the other."""
    people = persons(MANY)
    write_csv(office.folder / "one.csv", map(row_of, people))
    write_csv(office.folder / "two.csv", map(row_of, reversed(people)))
    both = [office.start("people", "import", name, "--json") for name in ("one.csv", "two.csv")]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in both]
    rows = [_summary(subprocess.CompletedProcess([], code, out, errors)) for out, errors, code in ended]
    assert [code for _, _, code in ended] == [0, 0], ended
    assert sum(row["written"] for row in rows) == MANY == sum(row["already there"] for row in rows)
    assert office.people() == Counter(person.pid for person in people)


def test_two_at_once_over_the_same_documents(office: Office) -> None:
    people = [person for person in persons(3_000) if person.deceased_on is None and person.birth_date < "1995"]
    office.add(people)
    for name, points in (("one", 3), ("two", 4)):
        rows = [licence_of(person, points=points) for person in people]
        write_parquet(office.folder / f"{name}.parquet", rows if points == 3 else rows[::-1])
    words = ("documents", "import", "driving_licence")
    both = [office.start(*words, f"{name}.parquet", "--replace", "--json") for name in ("one", "two")]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in both]
    rows_ = [_summary(subprocess.CompletedProcess([], code, out, errors)) for out, errors, code in ended]
    assert sum(row["written"] for row in rows_) == len(people) == sum(row["replaced"] for row in rows_)


def test_ctrl_c_leaves_whole_batches_and_says_how_to_go_on(small: Office) -> None:
    write_csv(small.folder / "p.csv", map(row_of, persons(40_000)))
    with small.start("people", "import", "p.csv", "--json") as process:
        small.wait(process)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "Give the same command again" in errors and "Traceback" not in errors
    (row,) = json.loads(out)
    assert row["complete"] is False and row["written"] == small.held() < 40_000


def test_one_file_of_rejects_has_one_writer(small: Office) -> None:
    write_csv(small.folder / "p.csv", map(row_of, persons(3)))
    with closing(Rejects(small.folder / "p.csv.rejects.csv", Layout(("pid",), (None,), mended=False))):
        other = small.ask("people", "import", "p.csv")
        assert (other.returncode, other.stdout) == (1, "") and "--rejects" in other.stderr
    assert small.held() == 0
    assert small.ask("people", "import", "p.csv").returncode == 0


def test_outside_of_a_simulation_synthetic_people_stay_out(small: Office) -> None:
    write_csv(small.folder / "p.csv", map(row_of, persons(3)))
    done = small.ask("people", "import", "p.csv", "--json", IDP_SIMULATION="0", IDP_ISSUER="https://id.example.vn")
    row = _summary(done)
    assert (row["refused"], row["faults"][0]["code"]) == (3, "synthetic")


def test_without_the_extra_parquet_says_what_to_install(small: Office) -> None:
    (small.folder / "pyarrow.py").write_text("raise ImportError")
    write_parquet(small.folder / "p.parquet", [row_of(person) for person in persons(1)])
    path = f"{small.folder}:{ROOT}"
    done = small.run("people", "import", "p.parquet", PYTHONPATH=path)
    assert done.returncode == 78 and "vneid-reference[parquet]" in done.stderr
    write_csv(small.folder / "p.csv", map(row_of, persons(1)))
    assert small.run("people", "import", "p.csv", PYTHONPATH=path).returncode == 0


HEADER = ",".join(row_of(persons(1)[0]))


@pytest.mark.parametrize(
    ("content", "arguments", "code", "hint"),
    [
        (b"", (), 1, "no header"),
        (b"PK\x03\x04" + b"\0" * 50, (), 1, "Excel"),
        (b"PAR1" + b"\0" * 50, (), 1, "Parquet"),
        (b"\0" * 5_000_000, (), 1, "header"),
        (b"x," * 1_000_000, (), 1, "longer"),
        (b"999196000346,An\n", (), 1, "*********346"),
        (f"{HEADER},shoe\n".encode(), (), 1, "--ignore"),
        (HEADER.replace("name,", "").encode(), (), 1, "missing: name"),
        (HEADER.encode(), ("--ignore", "shoe"), 1, "shoe"),
        (HEADER.encode(), ("--rejects", "f.csv"), 64, "another"),
        (HEADER.encode(), ("--rejects", "none/such/r.csv"), 64, "--rejects"),
        (None, (), 64, "no file"),
    ],
)
def test_what_is_no_file_is_refused_in_a_sentence(
    small: Office,
    content: bytes | None,
    arguments: tuple[str, ...],
    code: int,
    hint: str,
) -> None:
    if content is not None:
        (small.folder / "f.csv").write_bytes(content)
    done = small.ask("people", "import", "f.csv", *arguments)
    assert (done.returncode, done.stdout) == (code, "") and hint in done.stderr
    assert "999196000346" not in done.stderr and len(done.stderr) < 1_500 and done.stderr.count("\n") == 1
    assert sorted(path.name for path in small.folder.iterdir() if "idp.sqlite" not in path.name) in (["f.csv"], [])


@pytest.mark.parametrize(
    "content",
    [
        b'"' * 100_000,
        (b'"x\n' * 5_000),
        b"\xff\xfe\0" * 10_000,
        b"," * 500_000 + b"\n",
        b"=1+1," * 12 + b"\n",
        b"\r\n" * 10_000 + b"x",
        ("[" * 100_000).encode(),
    ],
)
def test_hostile_rows_are_refused_one_by_one(small: Office, content: bytes) -> None:
    (person,) = persons(1)
    good = ",".join(f'"{cell}"' for cell in row_of(person).values())
    (small.folder / "f.csv").write_bytes(HEADER.encode() + b"\n" + content + b"\n" + good.encode() + b"\n")
    done = small.ask("people", "import", "f.csv", "--json")
    row = _summary(done)
    assert done.returncode == 1 and row["complete"] is True and row["refused"] >= 1
    assert row["written"] == 1
    for path in small.folder.glob("f.csv.rejects*"):
        again = _summary(small.ask("people", "import", str(path), "--json"))
        assert (again["written"], again["refused"]) == (0, row["refused"])


def test_a_type_that_is_none(small: Office) -> None:
    done = small.ask("documents", "import", "passport", "f.csv")
    assert done.returncode == 64 and "driving_licence" in done.stderr
