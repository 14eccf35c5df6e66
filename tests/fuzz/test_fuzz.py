"""Each parser on a few hundred changed inputs, always the same; `make soak` gives each ten minutes and other ones every time."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from certs.errors import Malformed
from tests.fuzz.driver import Found, Harness, one, runs
from tests.fuzz.every import HARNESSES, PARSERS

SEED = 1
RUNS = 250
CHEAP = {"base45": 4000, "cbor": 1500, "cose": 1500, "jose": 1500, "crl": 1500, "card": 1000, "certificates": 1000}


@pytest.mark.parametrize("name", HARNESSES)
def test_a_declared_refusal_or_what_a_valid_input_says(name: str) -> None:
    told = runs(HARNESSES[name](), SEED, iter(range(CHEAP.get(name, RUNS))))
    print(f"seed {SEED}: {told}")
    assert (
        0 < told.accepted < told.runs
    )  # of changes some leave the content alone; were it none or all, nothing is tested


def test_each_harness_belongs_to_a_parser() -> None:
    assert sorted(name for names in PARSERS.values() for name in names) == sorted(HARNESSES)


def _crashes(data: bytes) -> bytes:
    if data.startswith(b"G"):
        raise KeyError("crash")
    raise Malformed("malformed")


def _believes_all(data: bytes) -> bytes:
    return data


def _dawdles(data: bytes) -> bytes:
    began = time.process_time()
    while data != b"GOOD" and time.process_time() - began < 0.2:
        pass
    return b"GOOD"


@pytest.mark.parametrize(
    ("read", "said"),
    [(_crashes, "KeyError"), (_believes_all, "says what no valid input says"), (_dawdles, "of CPU")],
)
def test_a_parser_that_is_wrong_is_found(
    read: Callable[[bytes], Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.driver.CPU_LIMIT", 0.1)
    harness = Harness("wrong", (b"GOOD",), lambda data: data if data == b"GOOD" else read(data))
    with pytest.raises(Found, match=said) as caught:
        runs(harness, SEED, iter(range(400)))
    number = int(str(caught.value).split("run ")[1].split(":")[0])
    assert f"--seed {SEED} --run {number}" in str(caught.value)
    with pytest.raises(Found, match=said):  # and it is found again
        one(harness, SEED, number)
