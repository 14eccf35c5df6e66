"""Commands of the verifier: check a document, keep the trust bundle, explain a reason.

python -m verifier check FILE|TEXT|FOLDER|- … --bundle FILE   exit 0 accepted, 1 rejected, 2 cannot tell yet; of several the worst
python -m verifier check A B --policy FILE --bundle FILE      several documents of one person, judged together: one verdict
python -m verifier challenge --bundle FILE --key FILE --certificate FILE --purpose TEXT --view KIND.VIEW    exits as check
python -m verifier watch FOLDER|- --bundle FILE        ends with Ctrl-C: exit 0
python -m verifier batch IN OUT --bundle FILE          exit 0 every row has its verdict, 130 stopped
python -m verifier foreign FILE|TEXT|- --accept KIND --signers FILE --issuer URL JWKS    exits as check
python -m verifier bundle fetch|refresh|download|import|export|show    exit 0 done, 1 refused, 2 unreachable
python -m verifier explain [CODE]
python -m verifier doctor --bundle FILE                exit 0 all is well, 2 soon something is not, 1 something is not
python -m verifier serve --bundle FILE                 JSON over HTTP, described at /openapi.json
python -m verifier staff add|list|role|password|disable|enable    who works at the counter; exit 0 done, 1 refused
python -m verifier vectors list|run|export             exit 0 this installation agrees, 1 it does not
anywhere: exit 64 the command was not right, 70 the program failed, 130 stopped by Ctrl-C
"""

import argparse
import sys

from verifier.commands import batch, bundle, challenge, check, doctor, explain, foreign, serve, staff, vectors, watch
from verifier.commands.terminal import INTERNAL, STOPPED, USAGE, Parser, Run, UsageError

NOUNS = (
    check,
    challenge,
    watch,
    batch,
    foreign,
    bundle,
    explain,
    doctor,
    serve,
    staff,
    vectors,
)  # as `--help` lists them


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    run: Run = options.run
    try:
        return run(options)
    except UsageError as error:
        print(f"verifier: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output went away
        return INTERNAL
    except Exception as error:  # noqa: BLE001 — the last stand: no command ends in a traceback
        print(f"verifier: failed: {type(error).__name__}: {error}", file=sys.stderr)
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m verifier", description="Check a document's QR code, with or without a network.")
    words = parser.add_subparsers(required=True, parser_class=Parser, metavar="COMMAND")
    for noun in NOUNS:
        noun.add(words)
    return parser


if __name__ == "__main__":
    sys.exit(main())
