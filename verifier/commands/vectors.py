"""`vectors list|run|export`: the published examples for another implementer, and whether this installation agrees with them.

Exit: 0 it agrees, 1 it does not.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from certs.catalogue import Text
from certs.errors import CertsError
from verifier.commands.progress import Bar
from verifier.commands.terminal import DONE, UsageError, Words, command, dump, group, screen
from verifier.tools.vectors import ALL, Case

_FILE_LIMIT = 16 * 1024 * 1024
_ALL_AGREE = Text("khớp cả", "agree")
_DIFFERS = Text("khác", "differ")
_WRITTEN = Text("Đã ghi", "Written")
_RUNNING = Text("Đang chạy", "Running")
_CASES = Text("ca", "cases")


def add(words: Words) -> None:
    actions = group(words, "vectors", "the published examples for whoever builds a verifier or a wallet")
    command(actions, "list", _list, "which there are, and what they are of")
    run = command(actions, "run", _run, "whether this installation says what is published")
    run.add_argument("of", nargs="*", metavar="NAME", help=f"some of {', '.join(_runnable())} (default: all)")
    run.add_argument("--file", type=Path, help="the examples of that file in place of our own; name one kind")
    export = command(actions, "export", _export, "write them into a folder, one file of JSON each")
    export.add_argument("folder", type=Path)


def _runnable() -> list[str]:
    return [name for name, each in ALL.items() if each.run is not None]


def _list(options: argparse.Namespace) -> int:
    look = screen(options)
    made = {name: each.make() for name, each in ALL.items()}
    if options.json:
        told = {
            name: {"specification": made[name]["specification"], "cases": _count(made[name]), "runs_here": each.run is not None}
            for name, each in ALL.items()
        }  # fmt: skip
        print(dump(told))
        return DONE
    width = max(map(len, ALL))
    for name, each in ALL.items():
        print(f"{name:<{width}}  {_count(made[name]):>4} {look.of(_CASES)}  {look.of(each.about)}")
        print(f"{'':<{width}}       {made[name]['specification']}")
    return DONE


def _count(document: dict[str, Any]) -> int:
    return sum(len(document.get(kind, ())) for kind in ("accepted", "refused", "made"))


def _run(options: argparse.Namespace) -> int:
    names = options.of or _runnable()
    unknown = [name for name in names if name not in _runnable()]
    if unknown or (options.file is not None and len(options.of) != 1):
        raise UsageError(f"vectors run: name {'one of' if options.file else 'some of'} {', '.join(_runnable())}")
    results = {name: _cases(name, options) for name in names}
    if options.json:
        told = {
            name: {
                "cases": len(cases),
                "differ": [{"id": c.id, "published": c.published, "told": c.told} for c in cases if not c.agrees],
            }
            for name, cases in results.items()
        }
        print(dump(told))
    else:
        _tell(results, options)
    return 0 if all(case.agrees for cases in results.values() for case in cases) else 1


def _cases(name: str, options: argparse.Namespace) -> list[Case]:
    run = ALL[name].run or _nobody
    document = ALL[name].make() if options.file is None else _read(options.file)
    bar, cases = Bar(options.lang, _RUNNING), []
    try:
        for case in run(document):
            cases.append(case)
            bar.reach(len(cases) / max(_count(document), 1), len(cases))
    except (KeyError, TypeError, AttributeError, ValueError, CertsError) as error:
        raise UsageError(
            f"{options.file or name}: these are no vectors of {name} ({type(error).__name__}: {error})"
        ) from error
    finally:
        bar.end()
    if not cases:
        raise UsageError(f"{options.file or name}: there is no example in it")
    return cases


def _nobody(_: Mapping[str, Any]) -> Iterator[Case]:
    return iter(())


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_FILE_LIMIT))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: this is no JSON") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path}: these are no vectors")
    return document


def _tell(results: dict[str, list[Case]], options: argparse.Namespace) -> None:
    look = screen(options)
    for name, cases in results.items():
        wrong = [case for case in cases if not case.agrees]
        sign, word, colour = ("✕", _DIFFERS, "31") if wrong else ("✓", _ALL_AGREE, "32")
        count = f"{len(wrong)}/{len(cases)}" if wrong else f"{len(cases)}"
        print(look.paint(f"{sign} {name}: {look.of(word)} {count}", colour))
        for case in wrong:
            print(f"  {case.id}\n    {case.published}\n    {case.told}")


def _export(options: argparse.Namespace) -> int:
    written = []
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        for name, each in ALL.items():
            path = options.folder / f"{name}.json"
            with path.open("x", encoding="utf-8") as file:
                file.write(json.dumps(each.make(), ensure_ascii=False, indent=1) + "\n")
            written.append(str(path))
    except OSError as error:
        raise UsageError(f"{error.filename or options.folder}: {error.strerror}; nothing is written over") from error
    if options.json:
        print(dump({"written": written}))
    else:
        print("\n".join(f"{screen(options).of(_WRITTEN)} {path}" for path in written))
    return DONE
