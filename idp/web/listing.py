"""What the citizen's lists have in common: the filter and the place in the list, as an address carries them.

Whatever else stands in an address is left aside: a list that was asked for wrongly is shown from its beginning.
"""

import re
from dataclasses import dataclass

import flask

from certs.catalogue import Text
from idp.accounts.history import KEPT

PAGE = 20  # rows
DAY = 86_400
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)

# How far back, in seconds.
PERIODS = {
    "7d": (7 * DAY, Text("7 ngày qua", "Last 7 days")),
    "30d": (30 * DAY, Text("30 ngày qua", "Last 30 days")),
    "1y": (365 * DAY, Text("12 tháng qua", "Last 12 months")),
    "all": (KEPT, Text("5 năm qua", "Last 5 years")),
}


@dataclass(frozen=True, slots=True)
class Asked:
    period: str
    chosen: str | None  # of what the list can be filtered by
    before: int | None

    def since(self, now: int) -> int:
        return now - PERIODS[self.period][0]

    @property
    def filtered(self) -> bool:
        return self.period != "all" or self.chosen is not None


def asked(name: str, choices: set[str]) -> Asked:
    """`name` is the parameter that holds one of `choices`."""
    sent = flask.request.args
    period, chosen, before = sent.get("period", ""), sent.get(name, ""), sent.get("before", "")
    return Asked(
        period if period in PERIODS else "all",
        chosen if chosen in choices else None,
        int(before) if _NUMBER.fullmatch(before) else None,
    )
