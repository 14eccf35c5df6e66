"""How far, how fast, how long still: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Iterator
from io import StringIO

from idp.progress import Count


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def _seconds(*values: float) -> Iterator[float]:
    yield from values


def test_a_terminal_gets_a_bar() -> None:
    clock = _seconds(0, 2.0, 2.01)
    stream = Terminal()
    count = Count(stream, 1_000, 9_000, lambda: next(clock))
    count.reach(5_000)
    assert stream.getvalue().endswith(f"{'█' * 13}{'░' * 11}  5,000 of 9,000 · 2,000 a second · 2 s left")
    written = stream.getvalue()
    count.reach(5_001)  # too soon to be drawn again
    assert stream.getvalue() == written
    count.end()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_elsewhere_a_line_every_few_seconds() -> None:
    clock = _seconds(0, 2, 6, 8, 12)
    stream = StringIO()
    count = Count(stream, 0, 1_000, lambda: next(clock))
    for done in (100, 300, 400, 600):
        count.reach(done)
    count.end()
    assert stream.getvalue() == "300 of 1,000 · 50 a second · 14 s left\n600 of 1,000 · 50 a second · 8 s left\n"


def test_what_is_counted_may_have_a_unit() -> None:
    clock = _seconds(0, 6)
    stream = StringIO()
    Count(stream, 0, 2_000, lambda: next(clock), "bytes").reach(1_200)
    assert stream.getvalue() == "1,200 of 2,000 bytes · 200 a second · 4 s left\n"
