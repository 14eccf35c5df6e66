"""The personal identification number (số định danh cá nhân): its form, what it says, how it is masked.

Spec: Law 26/2023/QH15 Art. 12; Circular 59/2021/TT-BCA Art. 4; Circular 07/2016/TT-BCA Appendix (codes of provinces and countries).

Twelve digits: three for the place of birth registration, one for century and sex, two for the year of birth, six at random.
There is no check digit. The number is a person's own: never write it whole into a log.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

# `\d` would also take the digits of other scripts, which look alike and compare differently.
_FORM = re.compile(r"[0-9]{12}", re.ASCII)

COUNTRIES = range(
    101, 296
)  # births registered abroad; the list of countries itself is not published well enough to use
SYNTHETIC = "999"  # given to no place: these numbers belong to nobody
CENTURIES_NOW = 4  # the digits 0 to 3: nobody living was born in the 22nd century


def _provinces() -> Mapping[str, str]:
    text = files("idp.accounts").joinpath("province_codes.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["code"]: row["name"] for row in csv.DictReader(text.splitlines())})


# The 63 provinces of before 1 July 2025: numbers given then stay valid.
PROVINCES = _provinces()


class NotAPersonalId(ValueError):
    """`code` says which rule; the message never repeats the number."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, repr=False)
class PersonalId:
    number: str
    place: str  # the three digits
    birth_year: int
    sex: str  # "male" | "female", as registered when the number was given

    def __repr__(self) -> str:
        return f"PersonalId({mask(self.number)})"

    @property
    def synthetic(self) -> bool:
        return self.place == SYNTHETIC


def parse(text: str, *, year: int, simulation: bool) -> PersonalId:
    """The number, if it is one; `year` is the present year. Raises NotAPersonalId. Checks, in order:

    1 twelve ASCII digits and nothing else; 2 a place that gives numbers (999 in a simulation only);
    3 a century of people who live; 4 a year that has begun.
    """
    if not _FORM.fullmatch(text):  # 1
        raise NotAPersonalId("form")
    place = text[:3]
    if place == SYNTHETIC:  # 2
        if not simulation:
            raise NotAPersonalId("synthetic")
    elif place not in PROVINCES and int(place) not in COUNTRIES:
        raise NotAPersonalId("place")
    century_and_sex = int(text[3])
    if century_and_sex >= CENTURIES_NOW:  # 3
        raise NotAPersonalId("century")
    birth_year = (19 + century_and_sex // 2) * 100 + int(text[4:6])
    if birth_year > year:  # 4
        raise NotAPersonalId("future")
    return PersonalId(text, place, birth_year, "female" if century_and_sex % 2 else "male")


def is_valid(text: str, *, year: int, simulation: bool) -> bool:
    try:
        parse(text, year=year, simulation=simulation)
    except NotAPersonalId:
        return False
    return True


def compose(place: str, *, birth_year: int, sex: str, serial: int) -> str:
    """The number made of its parts, for the synthetic register."""
    if not 1900 <= birth_year < 2100 or sex not in ("male", "female") or not 0 <= serial < 1_000_000:
        raise NotAPersonalId("parts")
    century_and_sex = (birth_year // 100 - 19) * 2 + (sex == "female")
    return f"{place}{century_and_sex}{birth_year % 100:02}{serial:06}"


def disagreements(number: PersonalId, *, birth_date: str, sex: str) -> tuple[str, ...]:
    """Where the register says otherwise than the number: a warning, since a record may have been corrected since.

    Spec: Decree 70/2024/NĐ-CP Art. 11 (in some cases the number is set anew only at the citizen's wish).
    """
    found = []
    if number.birth_year != int(birth_date[:4]):
        found.append("birth_year")
    if number.sex != sex:
        found.append("sex")
    return tuple(found)


def mask(number: str) -> str:
    """`*********346`: the first digits would tell the province, the sex and the year of birth."""
    return "*" * max(len(number) - 3, 0) + number[-3:] if len(number) > 3 else "*" * len(number)
