"""People of a demonstration whom the register knows, and who have no account: for journeys and pictures that register them."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests import smoke
from tests.idp.commands import asked
from tests.idp.commands.asked import Done

LICENCE = "driving_licence"
PERSONAS = 10  # they come first in the register, and have accounts
LOOKED_AT = 60
ADULT_SINCE = 18


@dataclass(frozen=True)
class Newcomer:
    pid: str
    name: str
    born: str

    @property
    def day(self) -> str:
        """The date of birth as people write it."""
        return date.fromisoformat(self.born).strftime("%d/%m/%Y")


def idp(nation: smoke.Run, *arguments: str) -> Done:
    """One of the authority's commands, at this nation."""
    return asked.idp(*arguments, data=nation.data)


def found(nation: smoke.Run, count: int) -> list[Newcomer]:
    """Adults, alive and unlocked, with an identity card and a licence in force."""
    people: list[Newcomer] = []
    for each in _rows(nation, "people", "--limit", str(LOOKED_AT))[PERSONAS:]:
        if len(people) == count:
            return people
        adult = len(each["born"]) == 10 and int(each["born"][:4]) + ADULT_SINCE < date.today().year
        if not adult or each["note"] != "–":
            continue
        held = {row["type"]: row["state"] for row in _rows(nation, "document", "list", each["pid"])}
        if held.get(LICENCE) == held.get("citizen_identity") == "valid":
            people.append(Newcomer(each["pid"], each["name"], each["born"]))
    raise AssertionError("the register has too few adults with a licence")


def _rows(nation: smoke.Run, *arguments: str) -> list[dict[str, Any]]:
    done = idp(nation, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows
