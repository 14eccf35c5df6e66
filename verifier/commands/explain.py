"""`explain [CODE]`: what a reason code means and what to do."""

import argparse

from verifier.commands.terminal import DONE, UsageError, Words, command, dump, screen
from verifier.reasons import REASONS
from verifier.tools import display


def add(words: Words) -> None:
    made = command(words, "explain", _explain, "what a reason code means and what to do")
    made.add_argument("code", nargs="?")


def _explain(options: argparse.Namespace) -> int:
    if options.code is not None and options.code not in REASONS:
        raise UsageError(f"no such code: {options.code}. All codes: python -m verifier explain")
    entries = list(REASONS.values()) if options.code is None else [REASONS[options.code]]
    if options.json:
        texts = {
            entry.code: {
                "outcome": "undetermined" if entry.undetermined else "rejected",
                "reason": {"vi": entry.sentence.vi, "en": entry.sentence.en},
                "advice": {"vi": entry.advice.vi, "en": entry.advice.en},
            }
            for entry in entries
        }
        print(dump(texts))
    else:
        print("\n\n".join(display.reason(entry, screen(options)) for entry in entries))
    return DONE
