"""The library and the command need the base install only: no framework is even looked for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = (
    "flask",
    "werkzeug",
    "jinja2",
    "authlib",
    "joserfc",
    "sqlalchemy",
    "flask_sqlalchemy",
    "alembic",
    "granian",
    "pyarrow",
    "argon2",
)

PROGRAM = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {EXTRAS!r}:
            raise ImportError(f"{{name}} is not in the base install")

sys.meta_path.insert(0, Refuse())
import verifier
import verifier.foreign.dcc, verifier.foreign.shc
import verifier.__main__, verifier.scan, verifier.snapshot, verifier.keeper, verifier.facts, verifier.tools.display
assert set(verifier.__all__) <= set(dir(verifier))
"""


def test_the_base_install_is_enough() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["verifier.login", "verifier.app"])
def test_the_hook_of_this_test_does_refuse(module: str) -> None:
    program = PROGRAM + f"\nimport {module}"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "not in the base install" in done.stderr


def test_accounts_of_staff_say_which_extra_they_need(tmp_path: Path) -> None:
    add = ["staff", "add", "mai", "--title", "Mai", "--role", "teller", "--staff", str(tmp_path / "staff.json")]
    program = PROGRAM + f"\nsys.exit(verifier.__main__.main({add!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "vneid-reference[verifier]" in done.stderr
