"""The verdicts of a chunk of rows as the lines of a file: CSV for people and spreadsheets, JSON for machines.

Spec: RFC 4180, RFC 8259 in lines; OWASP, CSV Injection: a cell that begins with = + - @ (their full-width forms too), a tab or a
line end, blanks or apostrophes before it or not, is run by spreadsheets; an apostrophe before it makes it text. So does one inside
a cell, behind whatever parts cells elsewhere: where the comma is for decimals they are parted by semicolons. Verdicts hold names and addresses that somebody else wrote, and kept cells whatever was in the input: all of these go through that guard, and
so do the names of their columns. What is our own (numbers, times, the closed list of codes, our sentences) never begins so.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from certs.catalogue import CATALOGUE, Kind
from verifier.batch.sheet import Chunk
from verifier.batch.verdict import NOTHING, RowVerdict, judged
from verifier.policy.composed import OneDocument
from verifier.result import Outcome
from verifier.verifier import Verifier

OWN = ("row", "verdict", "code", "note", "checked_at", "bundle")
_NUMBERS = ("row", "bundle")
_RUN = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r\n]")
_PARTS = re.compile(r"[;|\t\r\n][\s\"';|]*+")
_STARTS = frozenset("=+-@＝＋－＠")
_SPOKEN = {Kind.YES: bool, Kind.COUNT: int}


class Done(NamedTuple):
    """What a chunk came to: its lines, how many rows had which outcome, and how many which code."""

    lines: bytes
    outcomes: Counter[str]
    codes: Counter[str]


@dataclass(frozen=True, slots=True)
class Writing:
    """What is asked of each row and how it is written down. It travels to every process."""

    policy: OneDocument
    claims: tuple[str, ...]
    keep: tuple[str, ...]
    language: str
    comma: bool  # CSV, else JSON

    def columns(self) -> Mapping[str, type]:
        """The columns of the output and what is in them; a kept one of the same name as ours is told apart."""
        kept = {_free(name, (*OWN, *self.claims)): str for name in self.keep}
        return {
            **{name: int if name in _NUMBERS else str for name in OWN},
            **kept,
            **{name: claim_type(name) for name in self.claims},
        }

    def head(self) -> bytes:
        """With a byte order mark, by which a spreadsheet knows the encoding."""
        return b"\xef\xbb\xbf" + _comma([[guard(name) for name in self.columns()]]) if self.comma else b""

    def __call__(self, verifier: Verifier, chunk: Chunk) -> Done:
        now, bundle, first = int(verifier.clock()), verifier.bundle.sequence, chunk.first
        when = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        outcomes: Counter[str] = Counter()
        codes: Counter[str] = Counter()
        rows = []
        for place, text in enumerate(chunk.texts):
            fault = chunk.faults.get(place)
            if fault is None:
                verdict, note = judged(text, verifier, self.policy, self.claims), None
            else:
                verdict = RowVerdict(Outcome.REJECTED, fault.code, NOTHING, now)
                note = fault.note.of(self.language)
            outcome = verdict.outcome.value
            outcomes[outcome] += 1
            if verdict.code is not None:
                codes[verdict.code] += 1
            told = [verdict.claims.get(name) for name in self.claims]
            rows.append([first + place, outcome, verdict.code, note, when, bundle, *chunk.kept[place], *told])
        return Done(self._lines(rows), outcomes, codes)

    def _lines(self, rows: list[list[Any]]) -> bytes:
        if self.comma:
            own = len(OWN)
            return _comma([*row[:own], *(guard(_text(cell)) for cell in row[own:])] for row in rows)
        columns = self.columns()
        kinds = [*columns.values()]
        lines = (
            json.dumps(
                dict(zip(columns, (_as(kind, cell) for kind, cell in zip(kinds, row, strict=True)), strict=True)),
                ensure_ascii=False,
            )
            for row in rows
        )
        return "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")


def claim_type(name: str) -> type:
    """As it stands in a table: yes or no, a whole number, else text; where kinds of document differ, text."""
    spoken = {
        _SPOKEN.get(field.kind, str) for kind in CATALOGUE.values() for field in kind.fields if field.name == name
    }
    return spoken.pop() if len(spoken) == 1 else str


def guard(text: str) -> str:
    """What no spreadsheet runs, at whatever it parts cells."""
    inside = _PARTS.sub(
        lambda found: f"{found[0]}'" if text[found.end() : found.end() + 1] in _STARTS else found[0], text
    )
    return f"'{inside}" if _RUN.match(text) else inside


def _free(name: str, taken: Iterable[str]) -> str:
    return f"input.{name}" if name in taken else name


def _as(kind: type, cell: Any) -> Any:
    return cell if cell is None or type(cell) is kind else _text(cell)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.replace("\0", "\ufffd")
    return str(cell) if type(cell) is int else json.dumps(cell, ensure_ascii=False)


def _comma(rows: Iterable[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(errors="backslashreplace")
