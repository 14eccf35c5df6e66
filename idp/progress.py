"""A progress bar on the error stream, drawn on a terminal only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

WIDTH = 24


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
