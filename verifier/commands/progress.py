"""How far a long count has come, how fast, and how long it still takes: a bar on a terminal, and silence elsewhere."""

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

from certs.catalogue import Text

WIDTH = 24
DRAW_EVERY = 0.1  # seconds


@dataclass(slots=True)
class Bar:
    """One line on the error stream, drawn over itself and gone when it is done."""

    language: str
    what: Text
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _shown: float = 0.0
    _first: tuple[float, float, int] | None = (
        None  # when and where this run began: an earlier one may have done a share
    )

    def reach(self, share: float, rows: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now, share, rows
        if now - self._shown < DRAW_EVERY or not self.stream.isatty():
            return
        self._shown = now
        filled = int(WIDTH * min(share, 1.0))
        bar = "█" * filled + "░" * (WIDTH - filled)
        self.stream.write(f"\r\x1b[K{bar}  {self._text(share, rows, now)}")
        self.stream.flush()

    def end(self) -> None:
        if self.stream.isatty():
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def _text(self, share: float, rows: int, now: float) -> str:
        began, before, rows_before = self._first or (now, share, rows)
        seconds = max(now - began, 0.001)
        parts = [f"{self.what.of(self.language)} {share:.0%}"]
        if rows > rows_before:
            rate = (rows - rows_before) / seconds
            parts += [Text(f"{rows:,} dòng", f"{rows:,} rows").of(self.language)]
            parts += [Text(f"{rate:,.0f} mỗi giây", f"{rate:,.0f} a second").of(self.language)]
        if share > before:
            left = _span(seconds * (1.0 - share) / (share - before))
            parts.append(Text(f"còn {left}", f"{left} left").of(self.language))
        return " · ".join(parts)


def _span(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}" if whole >= 60 else f"{whole} s"
