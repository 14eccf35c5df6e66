"""A file into a file, and the process killed at any moment: whoever goes on ends with the very bytes of one go."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from tests.world import World
from verifier import Policy, Verifier
from verifier.__main__ import main
from verifier.batch import output, run
from verifier.batch.lines import Writing
from verifier.batch.output import Output, Refused
from verifier.batch.run import Summary, Task
from verifier.batch.sheet import Wanted

ROOT = Path(__file__).parents[3]
ROWS = 150


@pytest.fixture(scope="module")
def nation() -> World:
    return World(now=int(time.time()) - 5)


@pytest.fixture
def source(nation: World, tmp_path: Path) -> Path:
    texts = [nation.printed(), nation.paper(), "hello", '"', "", nation.printed(nation.issue("health_record"))]
    path = tmp_path / "in.csv"
    rows = "".join(f"{number},{texts[number % len(texts)]}\n" for number in range(ROWS))
    path.write_text("id,credential\n" + rows, "utf-8", newline="")
    return path


def task_of(source: Path, name: str, **changes: Any) -> Task:
    asked = {
        "policy": Policy(require_holder_proof=False),
        "claims": ("full_name", "points"),
        "language": "vi",
        **changes,
    }
    kept = Writing(keep=("id",), comma=name.endswith(".csv"), **asked)
    return Task(source, source.with_name(name), Wanted("credential", ("id",)), kept)


@pytest.fixture
def done(nation: World) -> Callable[..., Summary]:
    verifier = Verifier(nation.open_bundle(), clock=lambda: nation.now)

    def run_it(task: Task, **how: Any) -> Summary:
        return run.run(task, verifier, **{"processes": 1, "chunk_rows": 8, **how})

    return run_it


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_row_in_its_order_in_each_kind_of_file(source: Path, done: Callable[..., Summary]) -> None:
    told = [done(task_of(source, name)) for name in ("out.csv", "out.jsonl", "out.parquet")]
    assert left(source.parent) == {"in.csv", "out.csv", "out.jsonl", "out.parquet"}
    assert {(one.rows, one.complete, one.resumed_after) for one in told} == {(ROWS, True, 0)}
    assert told[0].outcomes == {"accepted": 75, "rejected": 75} and sum(told[0].codes.values()) == 75
    with source.with_name("out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["row"], row["id"]) for row in rows] == [
        (str(n + 2), str(n) if n % 6 != 3 else "") for n in range(ROWS)
    ]
    assert rows[0]["full_name"] == "Nguyễn Thị Thuỳ Dương" and rows[0]["points"] == "12"
    assert (rows[3]["code"], rows[3]["note"] != "", rows[4]["code"]) == ("malformed", True, "prefix_unknown")
    lines = [json.loads(line) for line in source.with_name("out.jsonl").read_bytes().splitlines()]
    assert [line["verdict"] for line in lines] == [row["verdict"] for row in rows]
    assert pyarrow.parquet.read_table(source.with_name("out.parquet")).to_pylist() == lines
    assert all(source.with_name(one).stat().st_mode & 0o077 == 0 for one in ("out.csv", "out.jsonl", "out.parquet"))


def test_from_parquet_too(nation: World, tmp_path: Path, done: Callable[..., Summary]) -> None:
    path = tmp_path / "in.parquet"
    table = pyarrow.table({"id": range(100), "credential": [nation.printed(), None] * 50})
    pyarrow.parquet.write_table(table, path, row_group_size=30)
    stops = iter([False] * 33 + [True] * 1000)
    assert not done(task_of(path, "out.jsonl"), stop=lambda: next(stops)).complete
    assert done(task_of(path, "out.jsonl")).complete
    lines = [json.loads(line) for line in path.with_name("out.jsonl").read_bytes().splitlines()]
    assert [(line["row"], line["id"]) for line in lines] == [(n + 2, str(n)) for n in range(100)]
    assert [line["code"] for line in lines] == [None, "encoding_invalid"] * 50


class _Fuse:
    """Kills this process, without a word, before or after the n-th thing that it does to a disk."""

    def __init__(self, burns: int) -> None:
        self._left = burns

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def deadly(*given: Any, **named: Any) -> Any:
            self.burn()
            result = function(*given, **named)
            self.burn()
            return result

        return deadly


def _doomed(burns: int, task: Task, done: Callable[..., Summary]) -> None:
    fuse = _Fuse(burns)
    for name in ("fsync", "rename", "replace", "unlink", "open"):
        setattr(os, name, fuse.around(getattr(os, name)))
    Output.write = fuse.around(Output.write)  # type: ignore[method-assign]
    run.KEEP_EVERY = 3
    done(task)
    os._exit(0)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_between_any_two_things_that_it_does(source: Path, done: Callable[..., Summary]) -> None:
    """Each moment at which the disk could hold something else, one after the other; then again, and again."""
    source.write_text("".join(source.read_text("utf-8").splitlines(keepends=True)[:34]), "utf-8", newline="")
    done(task_of(source, "whole.csv"))
    whole = source.with_name("whole.csv").read_bytes()
    task, moments = task_of(source, "out.csv"), 0
    context = get_context("fork")
    while True:
        moments += 1
        child = context.Process(target=_doomed, args=(moments, task, done))
        child.start()
        child.join()
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        assert not task.output.exists() or task.output.read_bytes() == whole  # never half of it under its name
        if moments % 3 == 0:  # and killed again on the way on
            again = context.Process(target=_doomed, args=(moments // 2, task, done))
            again.start()
            again.join()
        if (
            not task.output.exists() or output.parts_of(task.output)[1].exists()
        ):  # else nothing was left to do but to say so
            assert done(task).complete
        assert task.output.read_bytes() == whole
        task.output.unlink()
        assert left(source.parent) <= {"in.csv", "whole.csv", "out.csv.part.json.new"}
    assert moments > 40 and task.output.read_bytes() == whole


def test_the_command_killed_at_random_moments(source: Path, nation: World, tmp_path: Path) -> None:
    """As people run it: three processes, of which one is killed, and none of the others stays."""
    rows = source.read_text("utf-8").splitlines(keepends=True)
    source.write_text(rows[0] + "".join(rows[1:] * 30), "utf-8", newline="")
    bundle = str(nation.write_bundle(tmp_path / "bundle.cbor"))
    words = ["batch", str(source), str(tmp_path / "out.parquet"), "--bundle", bundle, "--no-holder", "--keep", "id"]
    chance, kills = random.Random(8), 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-m", "verifier", *words, "--processes", "2"], cwd=ROOT, stderr=subprocess.PIPE
        ) as process:
            assert process.stderr is not None
            began = time.monotonic()
            while not (tmp_path / "out.parquet.part.json").exists() and time.monotonic() < began + 30:
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 1.0))
            kills += process.poll() is None
            process.kill()
            # The pipe's other end is in every child too: it ends when the last of them is gone.
            assert process.stderr.read() == b""
    with subprocess.Popen(
        [sys.executable, "-m", "verifier", *words, "--processes", "2"],
        cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        point = tmp_path / "out.parquet.part.json"
        before = point.read_bytes()
        while process.poll() is None and point.exists() and point.read_bytes() == before:
            time.sleep(0.01)  # it is at work when it has gone on by a step; before, Python itself may still be starting
        time.sleep(chance.uniform(0.0, 0.5))
        with suppress(ProcessLookupError):  # it was done before
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to every one of them
        said = process.communicate(timeout=60)[1].decode()
    # All may be done when the signal comes, and Python on its way out, where no handler is any more.
    done = process.returncode == -signal.SIGINT and (tmp_path / "out.parquet").exists()
    assert "Traceback" not in said and (done or process.returncode in (0, 64, 130))
    assert process.returncode != 130 or not said or "Đã dừng" in said
    there = (tmp_path / "out.parquet").exists()
    assert main([*words, "--processes", "1", "--json"]) == (64 if there else 0)
    told = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert told.column("row").to_pylist() == list(range(2, ROWS * 30 + 2)) and kills > 0
    ids = ["" if n % 6 == 3 else str(n) for n in range(ROWS)]
    assert told.column("id").to_pylist() == ids * 30


def test_stopped_and_gone_on_with(source: Path, done: Callable[..., Summary]) -> None:
    done(task_of(source, "whole.csv"))
    task = task_of(source, "out.csv")
    stops = iter([False] * 60 + [True] * 1000)
    stopped = done(task, stop=lambda: next(stops))
    assert not stopped.complete and stopped.rows == 60 and not task.output.exists()
    shares: list[tuple[float, int]] = []
    ended = done(task, told=lambda share, rows: shares.append((share, rows)))
    assert ended.complete and (ended.rows, ended.resumed_after) == (ROWS, 60)
    assert shares[0][1] > 60 and shares[-1] == (1.0, ROWS)
    assert task.output.read_bytes() == source.with_name("whole.csv").read_bytes()


def half(source: Path, done: Callable[..., Summary]) -> Task:
    task, stops = task_of(source, "out.csv"), iter([False] * 60 + [True] * 1000)
    done(task, stop=lambda: next(stops))
    return task


def test_an_input_that_changed_is_noticed(source: Path, done: Callable[..., Summary]) -> None:
    task = half(source, done)
    data = source.read_bytes()
    source.write_bytes(data[:-2] + b"x\n")  # as long as before
    with pytest.raises(Refused, match="input has changed"):
        done(task)
    assert done(task, restart=True).resumed_after == 0

    def meddle(share: float, rows: int) -> None:
        source.write_bytes(data + b"more,more\n")

    with pytest.raises(Refused, match="while it was read"):
        done(task_of(source, "other.csv"), told=meddle)
    assert not source.with_name("other.csv").exists()


def test_another_task_does_not_go_on_with_it(source: Path, done: Callable[..., Summary]) -> None:
    half(source, done)
    for changes, words in (
        ({"policy": Policy(documents=("health_record",))}, "another policy"),
        ({"claims": ("full_name",)}, "other columns"),
        ({"language": "en"}, "other columns"),
    ):
        with pytest.raises(Refused, match=words):
            done(task_of(source, "out.csv", **changes))
    assert done(task_of(source, "out.csv")).complete


def test_nor_does_who_believes_another_root(source: Path, nation: World, done: Callable[..., Summary]) -> None:
    """Verdicts of a simulation must not end up in one file with those of the nation."""
    task, other = half(source, done), World(now=nation.now)
    with pytest.raises(Refused, match="another root"):
        run.run(task, Verifier(other.open_bundle(), clock=lambda: other.now), processes=1)
    assert done(task).complete


def test_nothing_is_written_over(source: Path, done: Callable[..., Summary], tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "foreign.csv.part").write_text("mine too")
    (tmp_path / "again.csv").hardlink_to(source)
    for name, words in (
        ("in.csv", "must not be the input"),
        ("again.csv", "must not be the input"),
        ("there.csv", "is there already"),
        ("dangling.csv", "is there already"),
        ("foreign.csv", "cannot be gone on with"),
        ("out.txt", "must end in"),
    ):
        before = source.read_bytes()
        with pytest.raises(Refused, match=words):
            done(task_of(source, name))
        assert source.read_bytes() == before
    inner = source.rename(tmp_path / "x.csv.part")
    with pytest.raises(Refused, match="must not be the input"):
        done(task_of(inner, "x.csv"))
    told_apart = task_of(inner, "z.csv")
    # `full_name` of the input would be written as `input.full_name`, and that is there
    both = replace(told_apart, writing=replace(told_apart.writing, keep=("full_name", "input.full_name")))
    with pytest.raises(Refused, match="given twice"):
        run.check_names(both)
    with pytest.raises(Refused, match="No document has a claim"):
        done(task_of(inner, "y.csv", claims=("salary",)))
    assert (tmp_path / "there.csv").read_text() == "mine" and (tmp_path / "foreign.csv.part").read_text() == "mine too"


def test_one_run_at_a_time(source: Path, done: Callable[..., Summary]) -> None:
    task = half(source, done)
    with open(output.parts_of(task.output)[0], "rb") as file:
        output.fcntl.flock(file, output.fcntl.LOCK_EX)
        with pytest.raises(Refused, match="Another run"):
            done(task)
    assert done(task).complete


def test_a_point_that_is_damaged_is_told(source: Path, done: Callable[..., Summary]) -> None:
    task = half(source, done)
    part, point = output.parts_of(task.output)
    held = point.read_bytes()
    for data in (
        b"{",
        b"[]",
        held.replace(b'"version": 1', b'"version": 2'),
        held.replace(b'"row": ', b'"row": "x", "r": '),
    ):
        point.write_bytes(data)
        with pytest.raises(Refused, match="--restart"):
            done(task)
    point.write_bytes(held)
    os.truncate(part, 10)
    with pytest.raises(Refused, match="--restart"):
        done(task)
    assert done(task, restart=True).complete


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.csv", "out.csv"), "nowhere.csv"),
        (("in.csv", "in.csv"), "trùng tệp đầu vào"),
        (("in.csv", "out.xlsx"), ".parquet"),
        (("in.csv", "out.csv", "--column", "text"), "id, credential"),
        (("in.csv", "out.csv", "--keep", "id,x"), "“x”"),
        (("in.csv", "out.csv", "--claims", "salary"), "“salary”"),
        (("in.csv", "out.csv", "--claims", "full_name,full_name"), "hai lần"),
        (("in.csv", "out.csv", "--claims", ","), "commas"),
        (("in.csv", "out.csv", "--processes", "0"), "256"),
        (("in.csv", "folder/out.csv"), "folder"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else None,
)
def test_what_cannot_be_carried_out_is_told(
    words: tuple[str, ...], said: str, source: Path, nation: World, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = nation.write_bundle(source.with_name("bundle.cbor"))
    given = [str(source.parent / words[0]), str(source.parent / words[1]), *words[2:]]
    try:
        code = main(["batch", *given, "--bundle", str(bundle), "--processes", "1", *words[2:]])
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    told = capsys.readouterr()
    assert (code, told.out) == (64, "") and said in told.err and "Traceback" not in told.err
    assert left(source.parent) <= {"in.csv", "bundle.cbor"}


def test_what_the_command_tells_at_its_end(source: Path, nation: World, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = nation.write_bundle(source.with_name("bundle.cbor"))
    words = ["batch", str(source), str(source.with_name("out.csv")), "--bundle", str(bundle), "--no-holder"]
    assert main([*words, "--processes", "1", "--lang", "en"]) == 0
    told = capsys.readouterr()
    assert told.err == "" and "malformed" in told.out and str(ROWS) in told.out
    columns = {line.rindex(line.split()[-1]) + len(line.split()[-1]) for line in told.out.splitlines()[:4]}
    assert len(columns) == 1  # numbers below one another
    assert "Nguyễn" not in source.with_name("out.csv").read_text("utf-8")  # nobody asked for it
