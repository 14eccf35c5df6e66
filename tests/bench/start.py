"""How long each role takes to be there, and how much memory it holds then."""

import subprocess
import sys
import time
from pathlib import Path

from tests.bench.tables import table

ROOT = Path(__file__).parent.parent.parent
IMPORTS = {
    "an empty interpreter": "pass",
    "`cryptography` alone": "import cryptography.x509",
    "`verifier`, the library": "import verifier",
    "`idp.app`": "import idp.app",
    "`wallet.app`": "import wallet.app",
    "`verifier.app`": "import verifier.app",
}
_PEAK = "\nprint(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
TURNS = 5


def report() -> str:
    best = dict.fromkeys(IMPORTS, float("inf"))
    memory = dict.fromkeys(IMPORTS, 0)
    for _ in range(TURNS):
        for name, statement in IMPORTS.items():
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", statement + _PEAK], cwd=ROOT, check=True, capture_output=True, text=True
            )
            best[name] = min(best[name], time.perf_counter() - began)
            memory[name] = int(done.stdout) // 1024
    return table(
        ["start an interpreter and import", "ms", "MiB"], ([n, f"{best[n] * 1e3:.0f}", str(memory[n])] for n in IMPORTS)
    )
