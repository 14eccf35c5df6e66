"""The vectors that lie beside the repository: where they are, and which of their cases our profile answers otherwise."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

from certs.errors import CertsError

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "vectors"
EXCEPTIONS: dict[str, dict[str, dict[str, list[Any]]]] = json.loads(
    (Path(__file__).parent / "exceptions.json").read_text("utf-8")
)


class Case(NamedTuple):
    """`run` returns when the floor accepts, and raises CertsError when it refuses."""

    id: Any
    valid: bool
    run: Callable[[], object]


def absent(what: str) -> NoReturn:
    """A developer may be without the shared folder; a build (`CI` is set) that skips would be green for nothing."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI is set", pytrace=False)
    pytest.skip(what)


def load(path: str) -> Any:
    if not FOLDER.is_dir():
        absent("the shared vectors are not here: ../shared/vectors")
    return json.loads((FOLDER / path).read_text("utf-8"))


def judge(source: str, cases: list[Case], *, count: int) -> None:
    """Every invalid case must be refused, every valid one accepted; exceptions by number must still be exceptions."""
    assert len(cases) == count, f"{source} has {len(cases)} cases"
    listed = EXCEPTIONS.get(source, {})
    outside = {each for ids in listed.get("outside", {}).values() for each in ids}
    defective = {each for ids in listed.get("defective", {}).values() for each in ids}
    assert outside | defective <= {case.id for case in cases}, "an exception names no case"
    wrong = []
    for case in cases:
        expected = case.valid and case.id not in outside
        try:
            case.run()
            accepted, answer = True, "accepted"
        except CertsError as error:
            accepted, answer = False, repr(error)
        if accepted != expected and case.id not in defective:
            wrong.append((case.id, "valid" if case.valid else "invalid", answer))
    assert wrong == []
