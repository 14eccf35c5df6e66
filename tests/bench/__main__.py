"""`make bench`: measure, print Markdown tables; `--only flood,start` for a part of it. See `tests/bench/README.md`."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from platform import python_version

from tests.bench import (
    batch,
    camera,
    flood,
    formats,
    hostile,
    importing,
    journal,
    offline,
    pictures,
    provider,
    register,
    sign_in,
    start,
    status,
    wallet_app,
)

PARTS: Mapping[str, Callable[[argparse.Namespace], str]] = {
    "offline": lambda _: offline.report(),
    "formats": formats.report,
    "hostile": lambda _: hostile.report(),
    "batch": batch.report,
    "pictures": lambda _: pictures.report(),
    "camera": lambda _: camera.report(),
    "wallet_app": lambda _: wallet_app.report(),
    "start": lambda _: start.report(),
    "status": status.report,
    "register": register.report,
    "importing": importing.report,
    "sign_in": sign_in.report,
    "flood": flood.report,
    "journal": journal.report,
    "provider": provider.report,
}
PACKAGES = ("cryptography", "flask", "sqlalchemy", "psycopg", "granian", "qrcode")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--seconds", type=float, default=2.0, help="measured in each round of load")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of load")
    parser.add_argument("--people", type=int, default=1_000_000, help="in the large register")
    options = parser.parse_args()
    began = time.monotonic()
    print(f"Python {python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES))
    for name in options.only.split(","):
        print(f"\n{PARTS[name](options)}", flush=True)
    print(f"\n{time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
