"""Keeps a spreadsheet from running a cell of somebody else's file, and takes the guard off again when the file comes back.

Spec: OWASP, CSV Injection: what begins with = + - @ or a control is run; an apostrophe before it makes it text.
"""

import re

_RUN = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r\n]")
_GUARDED = re.compile(r"'+\s*[=+\-@＝＋－＠\t\r\n]")


def guard(text: str) -> str:
    return f"'{text}" if _RUN.match(text) else text


def unguard(text: str) -> str:
    """The text that was guarded, exactly: what began with apostrophes of its own got one more."""
    return text[1:] if _GUARDED.match(text) else text
