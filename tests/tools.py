"""The programs that the tests need and that pip cannot bring: installed from Debian's packages where we may, else named.

`python -m tests.tools`; exits 0 when all are there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "postgresql": "initdb",
    "redis-server": "redis-server",
    "nginx": "nginx",
    "chromium": "chromium",
    "softhsm2": "softhsm2-util",
    "libapache2-mod-auth-openidc": "/usr/lib/apache2/modules/mod_auth_openidc.so",
}
PLACES = ("/usr/sbin", "/sbin")  # not on everybody's path


def missing() -> list[str]:
    return [package for package, program in PACKAGES.items() if not _there(program)]


def _there(program: str) -> bool:
    if program.startswith("/"):  # a part of another program
        return Path(program).is_file()
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *PLACES))
    return shutil.which(program, path=path) is not None or any(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))


def main() -> int:
    wanted = missing()
    if not wanted:
        return 0
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted]
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        print(f"The tests need {', '.join(wanted)}. Install them with: sudo {' '.join(install)}", file=sys.stderr)
        return 1
    print(f"installing {', '.join(wanted)} …", file=sys.stderr)
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
    if subprocess.run(install, check=False, stderr=subprocess.DEVNULL, **quiet).returncode:  # type: ignore[call-overload]
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)  # type: ignore[call-overload]
        subprocess.run(install, check=False, **quiet)  # type: ignore[call-overload]
    if wanted := missing():
        print(f"Still missing: {', '.join(wanted)}. Install them, then start again.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
