"""The command line of every role: an identifier that begins with a hyphen is a value, and no option.

Spec: RFC 4648 §5 (its alphabet has the hyphen: one of 64 key ids and document ids begins with it); POSIX Utility Syntax Guideline 10
(whatever looks like an option may still be given behind `--`).
"""

import argparse
import re
from typing import Any

_IDENTIFIER = re.compile(
    r"-[A-Za-z0-9_][A-Za-z0-9_-]{20,}", re.ASCII
)  # of 16 bytes and more; no option here has such a name


class Parser(argparse.ArgumentParser):
    def _parse_optional(self, arg_string: str) -> Any:
        return None if _IDENTIFIER.fullmatch(arg_string) else super()._parse_optional(arg_string)
