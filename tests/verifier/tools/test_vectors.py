"""`vectors`: what is published can be had and run, and a verifier that says something else is found out."""

import json
from pathlib import Path

import pytest

from tests.verifier.test_cli import Here
from verifier.tools import vectors

PUBLISHED = Path(__file__).parents[2] / "vectors"


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(capsys)


@pytest.mark.parametrize("name", ["qr", "challenge"])
def test_this_installation_agrees_with_the_published_files(name: str) -> None:
    run = vectors.ALL[name].run
    assert run is not None
    document = json.loads((PUBLISHED / name / "vectors.json").read_text("utf-8"))
    cases = list(run(document))
    assert len(cases) == len(document["accepted"]) + len(document["refused"])
    assert [case.id for case in cases if not case.agrees] == []


def test_the_command(here: Here, tmp_path: Path) -> None:
    code, out, _ = here("vectors", "list", "--json")
    listed = json.loads(out)
    assert code == 0 and set(listed) == set(vectors.ALL) and min(one["cases"] for one in listed.values()) > 20
    folder = tmp_path / "vectors"
    assert here("vectors", "export", str(folder))[0] == 0
    assert {path.stem for path in folder.iterdir()} == set(vectors.ALL)
    assert here("vectors", "export", str(folder))[0] == 64  # nothing is written over
    written = json.loads((folder / "qr.json").read_text("utf-8"))
    assert written["refused"] == vectors.ALL["qr"].make()["refused"]
    code, out, err = here("vectors", "run", "qr", "--file", str(folder / "qr.json"), "--lang", "en")
    assert (code, err) == (0, "") and f"qr: agree {listed['qr']['cases']}" in out
    written["refused"][0]["code"] = "revoked"
    written["accepted"][0]["result"]["claims"]["full_name"] = "Another"
    (folder / "other.json").write_text(json.dumps(written))
    code, out, _ = here("vectors", "run", "qr", "--file", str(folder / "other.json"), "--json")
    assert code == 1 and [one["id"] for one in json.loads(out)["qr"]["differ"]] == ["licence", "no-prefix"]


@pytest.mark.parametrize("data", ["", "[]", "{}", '{"accepted": [], "refused": [], "trust": {}}', '{"accepted": 1}'])
def test_what_is_no_vectors(here: Here, tmp_path: Path, data: str) -> None:
    (tmp_path / "x.json").write_text(data)
    code, out, err = here("vectors", "run", "qr", "--file", str(tmp_path / "x.json"))
    assert (code, out) == (64, "") and "x.json" in err
    assert here("vectors", "run", "device")[0] == here("vectors", "run", "--file", "x")[0] == 64
