"""The classes of driving licence: from which age each may be held, and how long it is valid.

Spec: Law on Road Traffic Order and Safety 36/2024/QH15 Art. 57 (classes, validity), 59 (ages), 89(3) (classes of before)
"""

from dataclasses import dataclass
from datetime import date

from idp.accounts.ages import years_later

# B2 was given until the end of 2024 and stays valid until its own end (Art. 89(3)); the other classes are today's.
# Completed years before one may hold a class (Art. 59(1)), and how many years it is valid (Art. 57(5); None: no end).
MINIMUM_AGE = {
    **dict.fromkeys(("A1", "A", "B1", "B", "C1", "B2"), 18),
    **dict.fromkeys(("C", "BE"), 21),
    **dict.fromkeys(("D1", "D2", "C1E", "CE"), 24),
    **dict.fromkeys(("D", "D1E", "D2E", "DE"), 27),
}
VALID_YEARS: dict[str, int | None] = {
    **dict.fromkeys(("A1", "A", "B1")),
    **dict.fromkeys(("B", "C1", "B2"), 10),
    **dict.fromkeys(("C", "D1", "D2", "D", "BE", "C1E", "CE", "D1E", "D2E", "DE"), 5),
}


@dataclass(frozen=True, slots=True)
class LicenceClass:
    name: str
    issued: date

    @property
    def expires(self) -> date | None:
        years = VALID_YEARS[self.name]
        return None if years is None else years_later(self.issued, years)
