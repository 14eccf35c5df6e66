"""The bar of a long count: on a terminal what is done, how fast and how long it will take; elsewhere not a word."""

import io
import time

import pytest

from certs.catalogue import Text
from verifier.commands.progress import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_and_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    terminal, file = Terminal(), io.StringIO()
    bars = [Bar("en", Text("Kiểm tra", "Checking"), stream) for stream in (terminal, file)]
    for bar in bars:
        bar.reach(0.25, 1_000)  # an earlier run had done so much
    now = 1_010.0
    for bar in bars:
        bar.reach(0.5, 21_000)
    last = terminal.getvalue().rpartition("\r")[2]
    assert "████████████░░░░░░░░░░░░  Checking 50% · 21,000 rows · 2,000 a second · 20 s left" in last
    now = 1_300.0
    bars[0].reach(0.51, 22_000)
    assert ":" in terminal.getvalue().rpartition(" · ")[2]
    for bar in bars:
        bar.end()
    assert terminal.getvalue().endswith("\r\x1b[K") and file.getvalue() == ""
