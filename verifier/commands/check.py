"""`check FILE|TEXT|FOLDER|- …`: a document and its verdict; of several each for itself, or all together.

Exit: 0 accepted, 1 rejected, 2 cannot tell yet; of several the worst, and a file in which nothing can be checked is not known.
Where `--policy` asks for several documents of one person, there is one verdict for all of them.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from certs.catalogue import Text
from verifier import facts, scan
from verifier.commands import asking
from verifier.commands.opening import load
from verifier.commands.terminal import INTERNAL, UsageError, Words, command, dump, screen
from verifier.once import Once
from verifier.policy.composed import AllOf, OneDocument
from verifier.presented import Conversation
from verifier.result import Outcome, Report
from verifier.scan import NothingToCheck
from verifier.tools import display, display_joint, display_many, folder
from verifier.tools.display_many import Judged
from verifier.verifier import Verifier

_EXITS = {Outcome.ACCEPTED: 0, Outcome.REJECTED: 1, Outcome.UNDETERMINED: 2}
_BADNESS = (0, 2, 1, INTERNAL)
_OTHERS = Text("tệp khác không được xét", "other files were not looked at")


def add(words: Words) -> None:
    asking.add(command(words, "check", _check, "check pictures, files, texts, a folder or standard input"))


def _check(options: argparse.Namespace) -> int:
    policy, conversation = asking.policy(options), asking.conversation(options)
    verifier, once = Verifier(load(options.bundle, options.root)), asking.guard(options, policy)
    if isinstance(policy, AllOf):
        return _together(options, verifier, policy, conversation, once)

    def inspect(text: str) -> Report:
        one: OneDocument = policy
        return verifier.inspect(text, policy=one, conversation=conversation, once=once)

    if len(options.source) > 1 or _is_folder(options.source[0]):
        return _several(inspect, options)
    (given,) = options.source
    try:
        text = scan.only(source(given), choose=options.code)
    except NothingToCheck as nothing:
        several = f" (--code 1 … --code {len(nothing.texts)})" if nothing.texts else ""
        raise UsageError(nothing.reason.of(options.lang) + several) from nothing
    except OSError as error:
        raise UsageError(f"{given}: {error.strerror}") from error
    report = inspect(text)
    if options.portrait is not None:
        _keep_portrait(report, options.portrait)
    print(dump(report.to_json()) if options.json else display.report(report, screen(options)))
    return exit_code(report)


def _together(
    options: argparse.Namespace,
    verifier: Verifier,
    policy: AllOf,
    conversation: Conversation | None,
    once: Once | None,
) -> int:
    """Every code of every source is a document: none is chosen, and one too many is refused."""
    _refuse_for_one(options)
    named: list[tuple[str, str]] = []
    for given, path in _sources(options)[0]:
        try:
            found = scan.texts(path)
            if not found:
                raise NothingToCheck(scan.NO_CODE)
        except NothingToCheck as nothing:
            raise UsageError(f"{display_many.shown(given)}: {nothing.reason.of(options.lang)}") from nothing
        except OSError as error:
            raise UsageError(f"{given}: {error.strerror}") from error
        named += [(folder.numbered(given, number, len(found)), text) for number, text in enumerate(found, start=1)]
    if len(named) < 2:
        raise UsageError(f"--policy: it asks for {len(policy.parts)} documents of one person, and here is one")
    names, texts = zip(*named, strict=True)
    report = verifier.inspect_all(texts, policy=policy, conversation=conversation, once=once)
    if options.json:
        told = report.to_json()
        documents = [{"source": name, **each} for name, each in zip(names, told["documents"], strict=False)]
        print(dump({**told, "documents": documents}))
    else:
        print(display_joint.joint(report, names, screen(options)))
    return INTERNAL if report.code == "internal" else _EXITS[report.outcome]


def _is_folder(given: str) -> bool:
    try:
        return given not in ("", "-") and Path(given).is_dir()
    except (OSError, ValueError):
        return False


def _sources(options: argparse.Namespace) -> tuple[list[tuple[str, str | bytes | Path]], int]:
    """Each by its name, the files of folders by theirs; and how many files of folders are left alone."""
    if options.source.count("-") > 1:
        raise UsageError("- is standard input, and there is one of it")
    named: list[tuple[str, str | bytes | Path]] = []
    left = 0
    for given in options.source:
        if not _is_folder(given):
            named.append((given, source(given)))
            continue
        try:
            found, others = folder.files(Path(given))
        except OSError as error:
            raise UsageError(f"{given}: {error.strerror}") from error
        if not found:
            raise UsageError(f"{given}: there is nothing to check in it ({', '.join(folder.ENDINGS)})")
        named, left = named + [(path.name, path) for path in found], left + others
    return named, left


def _several(inspect: Callable[[str], Report], options: argparse.Namespace) -> int:
    _refuse_for_one(options)
    named, others = _sources(options)
    several = [each for name, one in named for each in folder.judged(one, inspect, name)]
    outcomes, codes = counted(several)
    if options.json:
        results = [each.to_json() for each in several]
        print(dump({"results": results, "outcomes": outcomes, "codes": codes, "not_looked_at": others}))
    else:
        look = screen(options)
        print(display_many.table(several, look), "", display_many.tally(outcomes, codes, look), sep="\n")
        if others:
            print(f"  {others:,} {look.of(_OTHERS)}")
    return max((_exit_of(each) for each in several), key=_BADNESS.index)


def _refuse_for_one(options: argparse.Namespace) -> None:
    if options.portrait is not None or options.code is not None:
        raise UsageError("--portrait and --code are for one document, not for a folder or several")


def counted(several: Iterable[Judged]) -> tuple[Counter[str], Counter[str]]:
    """How many of each outcome, and how many of each code."""
    known = list(several)
    codes = (each.report.code for each in known if each.report is not None and each.report.code is not None)
    return Counter(each.outcome.value for each in known), Counter(codes)


def _exit_of(judged: Judged) -> int:
    return _EXITS[judged.outcome] if judged.report is None else exit_code(judged.report)


def _keep_portrait(report: Report, path: Path) -> None:
    picture = None if report.verified is None else facts.portrait(report.verified)
    if picture is None:
        raise UsageError("--portrait: nothing was accepted that has a portrait")
    try:
        path.write_bytes(picture.data)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def exit_code(report: Report) -> int:
    return INTERNAL if report.code == "internal" else _EXITS[report.outcome]


def source(given: str) -> str | bytes | Path:
    """`-` is standard input; the name of a file that exists is that file; what looks like one is not taken for a text."""
    if given == "-":
        return sys.stdin.buffer.read(scan.FILE_LIMIT + 1)
    try:
        if Path(given).is_file():
            return Path(given)
    except (OSError, ValueError):  # too long for a name, or a NUL in it: then it is a text
        return given
    if given.lower().endswith(folder.ENDINGS):
        raise UsageError(f"{given}: no such file")
    return given
