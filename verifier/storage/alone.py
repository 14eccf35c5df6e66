"""One process at a time: the counter's verdicts and open questions lie in the memory of one, deliberately never on a disk.

Spec: POSIX `fcntl` record locks: they end with the process, however it ends, and hold within it for any number of threads.
"""

import fcntl
import os
import time
from pathlib import Path

PATIENCE_SECONDS = 10.0  # a server that replaces its worker starts the new one while the old one still ends
_PAUSE_SECONDS = 0.05


class NotAlone(RuntimeError):
    """Another process serves this counter already."""


class Alone:
    """Holds the file until the process ends. Raises NotAlone. Several in one process are one."""

    def __init__(self, path: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        for _ in range(int(patience / _PAUSE_SECONDS)):
            if self._taken():
                return
            time.sleep(_PAUSE_SECONDS)
        if not self._taken():
            raise NotAlone(
                f"{path}: another process serves this counter already. It is one process with many threads (granian: "
                "--workers 1, --blocking-threads N): what lies in the memory of one, another cannot show"
            )

    def _taken(self) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            return False
        return True
