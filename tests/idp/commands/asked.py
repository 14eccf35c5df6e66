"""The authority's commands: asked in this process, as `python -m idp` asks them, or as a process where that is in question.

An interpreter that starts and loads the provider costs a second; what a command does, a few milliseconds.
"""

import json
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from idp.__main__ import main
from tests.smoke import ROOT

Done = subprocess.CompletedProcess[str]


def idp(*arguments: str, data: Path | None = None) -> Done:
    words, out, err = _words(arguments, data), StringIO(), StringIO()
    code: object
    held = [
        (number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)
    ]  # long commands listen to them
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as ended:  # argparse's own
            code = ended.code
        finally:
            for number, handler in held:
                signal.signal(number, handler)
    assert isinstance(code, int)
    return Done(words, code, out.getvalue(), err.getvalue())


def process(*arguments: str, data: Path | None = None) -> Done:
    command = [sys.executable, "-m", "idp", *_words(arguments, data)]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)


def alike(*arguments: str, data: Path | None = None) -> Done:
    """As a process it answers what it answers here: for commands that may be given twice."""
    alone, here = process(*arguments, data=data), idp(*arguments, data=data)
    assert (alone.returncode, alone.stdout, alone.stderr) == (here.returncode, here.stdout, here.stderr)
    return alone


def authority(data: Path, verb: str, pid: object, kind: str) -> None:
    """Suspend, reinstate or revoke somebody's document of a kind, of which there are copies."""
    listed = json.loads(idp("document", "list", str(pid), "--json", data=data).stdout)
    (document,) = [row["id"] for row in listed if row["type"] == kind]
    done = idp("document", verb, document, "--json", data=data)
    assert done.returncode == 0 and json.loads(done.stdout)[0]["credentials"] >= 1, done


def _words(arguments: tuple[str, ...], data: Path | None) -> list[str]:
    return [*arguments, *(["--data", str(data)] if data else [])]
