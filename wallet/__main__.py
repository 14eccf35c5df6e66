"""The wallet on the command line, with software keys: its words, and what an error says and answers.

Spec: none. Exit: 0 done, 1 refused, 64 usage, 70 internal. Errors go to stderr with the next step; `--json` for machines.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from certs import arguments
from wallet.commands import backup, documents, past, showing
from wallet.commands.opening import opened
from wallet.commands.terminal import DONE, INTERNAL, REFUSED, USAGE, Run
from wallet.config import ConfigError, home_defaults
from wallet.errors import WalletError
from wallet.ports import Web
from wallet.storage.errors import StorageError

NOUNS = (documents, showing, past, backup)  # as `--help` lists them


def main(
    arguments: Sequence[str] | None = None, *, web: Web | None = None, clock: Callable[[], int] | None = None
) -> int:
    try:
        options = _parser().parse_args(arguments)
        run: Run = options.run
        with opened(options, home_defaults(), web=web, clock=clock or (lambda: int(time.time()))) as folder:
            return run(folder, options)
    except SystemExit as leaving:
        return DONE if leaving.code in {0, None} else USAGE  # argparse has written its line
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except WalletError as error:
        print(f"error: {error.advice.happened.en} {error.advice.next_step.en}", file=sys.stderr)
        print(f"       {error.code}{f' ({error.detail})' if error.detail else ''}", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:
        return DONE
    except (StorageError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    parser = arguments.Parser(
        prog="python -m wallet", description="Receive, list, show, present and back up documents."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for noun in NOUNS:
        noun.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
