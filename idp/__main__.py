"""The authority's command line: its words, and what an error says and answers.

Exit codes (sysexits): 0 done, 1 refused, 64 wrong usage, 70 our fault, 78 not configured; 130 stopped by Ctrl-C.
"""

import argparse
import sys
from collections.abc import Sequence

from idp.commands import (
    accounts,
    clients,
    demo,
    documents,
    housekeeping,
    journal,
    keys,
    migrate,
    offers,
    people,
    population,
    restored,
    staff,
)
from idp.commands.terminal import CONFIGURATION, DONE, INTERNAL, Failed, Parser, Run
from idp.config import UnsafeConfiguration
from idp.storage.errors import StorageError

NOUNS = (
    demo,
    population,
    people,
    accounts,
    documents,
    clients,
    staff,
    offers,
    keys,
    migrate,
    journal,
    housekeeping,
    restored,
)  # as `--help` lists them


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    run: Run = options.run
    try:
        return run(options)
    except Failed as failed:
        print(f"idp: {failed}", file=sys.stderr)
        return failed.code
    except BrokenPipeError:
        return DONE
    except UnsafeConfiguration as error:
        print(f"idp: {error}", file=sys.stderr)
        return CONFIGURATION
    except (StorageError, OSError) as error:
        print(f"idp: {error}. Is the database there? Start the demonstration once: make demo", file=sys.stderr)
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m idp", description="The state's side of the reference, from the command line.")
    words = parser.add_subparsers(dest="verb", required=True, parser_class=Parser, metavar="COMMAND")
    for noun in NOUNS:
        noun.add(words)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
