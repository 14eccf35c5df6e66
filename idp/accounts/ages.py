"""How old a person is, from a date of birth that may be known to the year or the month only.

Spec: Civil Code 91/2015/QH13 Art. 20; Decree 69/2024/NĐ-CP Art. 7. The register never invents a day: where the day is not
known, a right that comes with an age comes at the end of the year or month.
"""

from datetime import date


def latest_birthday(birth_date: str) -> tuple[int, int, int]:
    """The last day (year, month, day) that the recorded date may mean; a day that no calendar has is kept as it is."""
    parts = [int(part) for part in birth_date.split("-")]
    year, month, day = (*parts, *(12, 31)[len(parts) - 1 :]) if len(parts) < 3 else parts
    return year, month, day


def age(birth_date: str, today: date) -> int:
    """Completed years, certainly reached."""
    year, month, day = latest_birthday(birth_date)
    return today.year - year - ((today.month, today.day) < (month, day))


def is_adult(birth_date: str, today: date) -> bool:
    return age(birth_date, today) >= 18


def years_later(day: date, years: int) -> date:
    """The same day of another year; 29 February is kept on 28 February."""
    return day.replace(year=day.year + years, day=28 if (day.month, day.day) == (2, 29) else day.day)
