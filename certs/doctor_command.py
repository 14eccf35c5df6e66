"""`python -m certs doctor`: the findings of `certs/doctor.py` on a terminal, or as JSON.

Exit codes: 0 nothing is due, 3 something is due, over or broken; 1 nothing could be looked at.
"""

import argparse
import json
import shutil
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from certs import doctor
from certs.catalogue import Text
from certs.doctor import Item
from certs.profiles import DAY

DUE = 3
WITHIN = 30


@dataclass(frozen=True, slots=True)
class _Screen:
    language: str
    colour: bool
    width: int

    def of(self, text: Text) -> str:
        return text.of(self.language)

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    looked = commands.add_parser("doctor", help="what ends soon, and what breaks then")
    looked.add_argument("paths", type=Path, nargs="*", help="folders, bundles, certificates, lists; default: instance")
    looked.add_argument(
        "--within", type=_days, default=WITHIN, metavar="DAYS", help=f"how far to look (default: {WITHIN})"
    )
    looked.add_argument("--all", action="store_true", help="also what holds for longer")
    looked.add_argument("--json", action="store_true", help="for machines: everything, one object each")
    looked.add_argument("--lang", choices=("vi", "en"), default="vi", help="language of the texts (default: vi)")
    looked.set_defaults(run=run)


def _days(text: str) -> int:
    if not text.isdecimal() or len(text) > 5:
        raise argparse.ArgumentTypeError("a number of days")
    return int(text)


def run(options: argparse.Namespace) -> int:
    paths = options.paths or [Path("instance")]
    for path in paths:
        if not path.exists():
            raise ValueError(f"there is no {path}. Name a data folder, a bundle or a certificate")
    items = doctor.examine(paths, now=options.now)
    if not items:
        raise ValueError(f"nothing that is signed in {', '.join(map(str, paths))}")
    due = [item for item in items if item.due(now=options.now, days=options.within)]
    if options.json:
        print(json.dumps([_object(item, item in due, options.now) for item in items], ensure_ascii=False, indent=2))
    else:
        columns = shutil.get_terminal_size((100, 24)).columns
        screen = _Screen(options.lang, sys.stdout.isatty(), max(60, min(columns, 120)))
        print("\n".join(_page(items if options.all else due, items, due, screen, options)))
    return DUE if due else 0


def _object(item: Item, due: bool, now: int) -> dict[str, object]:
    return {
        "kind": item.kind,
        "name": item.name,
        "since": _iso(item.since),
        "act_by": _iso(item.act_by),
        "ends": _iso(item.ends),
        "days_left": None if item.ends is None else (item.ends - now) // DAY,
        "due": due,
        "breaks": {"vi": item.breaks.vi, "en": item.breaks.en},
        "where": list(item.where),
    }


def _page(
    shown: Sequence[Item], items: Sequence[Item], due: Sequence[Item], screen: _Screen, options: argparse.Namespace
) -> list[str]:
    lines: list[str] = []
    for alike in _together(shown):
        lines += [*_entry(alike[0], alike[0] in due, screen, options.now, others=len(alike) - 1), ""]
    holding = [item for item in items if item not in due and item.ends is not None and item.ends > options.now]
    if due:
        said = Text(
            f"{len(due)} mục cần xử lý trong {options.within} ngày", f"{len(due)} due within {options.within} days"
        )
        lines.append(screen.paint("! " + screen.of(said), "1;33"))
    else:
        said = Text(f"Không có gì đến hạn trong {options.within} ngày", f"Nothing is due within {options.within} days")
        lines.append(screen.paint("✓ " + screen.of(said), "1;32"))
    if holding:
        first = holding[0]
        told = Text(
            f"  {len(holding)} mục khác còn hiệu lực; sớm nhất: {screen.of(first.title)} {first.name}, {_date(first.when)}",
            f"  {len(holding)} more hold; the next to look at: {screen.of(first.title)} {first.name}, {_date(first.when)}",
        )
        lines.append(screen.of(told))
    return lines


def _together(shown: Sequence[Item]) -> list[list[Item]]:
    """What ends on one day in one file, with one consequence, is one line: a bundle has a status list for each kind."""
    groups = groupby(shown, lambda item: (item.kind, _date(item.ends), item.breaks, item.where))
    return [list(alike) for _, alike in groups]


def _entry(item: Item, due: bool, screen: _Screen, now: int, *, others: int) -> list[str]:
    mark, shade = ("✓", "32") if not due else ("✕", "31") if item.ends is None or item.ends <= now else ("!", "33")
    when = _date(item.ends) if item.ends is not None else "—"
    left = screen.of(_left(item.ends, now))
    head = f"{screen.paint(mark, shade)} {when:<10}  {screen.paint(f'{left:<14}', shade)}  "
    lines = [f"{head}{screen.paint(screen.of(item.title), '1')}  {item.name}{f' (+{others})' if others else ''}"]
    indent = " " * 4
    wrapped = textwrap.wrap(screen.of(item.breaks), screen.width - len(indent) - 2)
    lines += [f"{indent}{'→ ' if number == 0 else '  '}{line}" for number, line in enumerate(wrapped)]
    told = []
    if item.since is not None:
        told.append(screen.of(Text(f"tin cậy từ {_date(item.since)}", f"trusted since {_date(item.since)}")))
    if item.act_by is not None and not item.harmless:
        by = _date(item.act_by)
        told.append(screen.of(Text(f"bản kế tiếp phải ký từ {by}", f"its successor has to sign from {by}")))
    more = f" (+{len(item.where) - 1})" if len(item.where) > 1 else ""
    told.append(item.where[0] + more)
    return [*lines, screen.paint(indent + "  " + " · ".join(told), "2")]


def _left(ends: int | None, now: int) -> Text:
    if ends is None:
        return Text("hỏng", "broken")
    days = abs(ends - now) // DAY
    if ends <= now:
        return Text(f"hết {days} ngày", f"over {days} days") if days else Text("vừa hết", "just over")
    return Text(f"còn {days} ngày", f"in {days} days") if days else Text("trong hôm nay", "within a day")


def _date(seconds: int | None) -> str:
    return "" if seconds is None else time.strftime("%d/%m/%Y", time.gmtime(seconds))


def _iso(seconds: int | None) -> str | None:
    return None if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
