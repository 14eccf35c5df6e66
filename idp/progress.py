"""Progress on the error stream: a bar where a terminal is, and of long counts a line now and then elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

WIDTH = 24
LINE_EVERY = 5.0  # seconds, where no terminal is
DRAW_EVERY = 0.1


class Stopped(Exception):
    """The person at the terminal asked to end while something was under way."""


@dataclass(slots=True)
class Progress:
    """Counts the steps of a long piece of work. `stop` is asked between them; Stopped leaves when it says so."""

    stream: TextIO
    total: int
    stop: Callable[[], bool] = lambda: False
    done: int = 0

    def step(self, label: str) -> None:
        """The next step begins."""
        if self.stop():
            raise Stopped
        filled = WIDTH * self.done // self.total
        self._draw(f"{'█' * filled}{'░' * (WIDTH - filled)}  {label}")
        self.done = min(self.done + 1, self.total)

    def end(self) -> None:
        self._draw("")

    def _draw(self, line: str) -> None:
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[K{line}")
            self.stream.flush()


@dataclass(slots=True)
class Count:
    """How far a count has come, how fast, and how long it still takes. `clock` counts seconds from anywhere."""

    stream: TextIO
    start: int
    total: int
    clock: Callable[[], float]
    unit: str = ""  # of what is counted, where that is not plain
    began: float = field(init=False)
    shown: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.shown = self.clock()

    def reach(self, done: int) -> None:
        now, terminal = self.clock(), self.stream.isatty()
        if now - self.shown < (DRAW_EVERY if terminal else LINE_EVERY):
            return
        self.shown = now
        text = self._text(done, now - self.began)
        if terminal:
            filled = WIDTH * done // self.total
            self.stream.write(f"\r\x1b[K{'█' * filled}{'░' * (WIDTH - filled)}  {text}")
        else:
            self.stream.write(f"{text}\n")
        self.stream.flush()

    def end(self) -> None:
        if self.stream.isatty():
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def _text(self, done: int, seconds: float) -> str:
        rate = (done - self.start) / max(seconds, 0.001)
        left = f"{(self.total - done) / rate:.0f} s left" if rate else "…"
        return f"{done:,} of {self.total:,}{self.unit and f' {self.unit}'} · {rate:,.0f} a second · {left}"
