"""Languages that a request wishes for, against those that there are.

Spec: RFC 4647 §3.4 (lookup); BCP 47; OpenID Connect Core 1.0 §3.1.2.1 (`ui_locales`, `claims_locales`), §5.2, §5.5.2
"""

from collections.abc import Iterable

PAGES = ("vi", "en")
CLAIMS = ("vi",)  # what the registers hold: names and places, as they are written in Viet Nam

MAX_RANGES = 20  # that are looked at: nobody reads more languages
MAX_RANGE = 64  # characters of one; the longest that BCP 47 §4.4.1 reckons with has 35. Looking costs their square


def best(ranges: Iterable[str], available: tuple[str, ...]) -> str | None:
    """The first wish that can be met, each cut from its end until something fits; None where none can."""
    for wish in tuple(ranges)[:MAX_RANGES]:
        if len(wish) > MAX_RANGE:
            continue
        subtags = wish.lower().replace("_", "-").split("-")
        while subtags:
            if (tag := "-".join(subtags)) in available:
                return tag
            subtags.pop()
    return None
