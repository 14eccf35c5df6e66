"""Telephone numbers: one form, E.164, whatever was typed.

Spec: ITU-T E.164; the national plan (mobile numbers: 0, then 3, 5, 7, 8 or 9, then eight digits).
"""

import re

_SEPARATORS = re.compile(r"[ .\-()]")
_MOBILE = re.compile(r"(?:\+84|0084|84|0)([35789][0-9]{8})", re.ASCII)


def normalise(text: str) -> str | None:
    """`+84` and nine digits; None for what is no Vietnamese mobile number."""
    found = _MOBILE.fullmatch(_SEPARATORS.sub("", text))
    return f"+84{found[1]}" if found else None


def national(phone: str) -> str:
    """As people write it: `0912 345 678`."""
    digits = "0" + phone.removeprefix("+84")
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}"


def mask(phone: str) -> str:
    return "*" * max(len(phone) - 3, 0) + phone[-3:]
