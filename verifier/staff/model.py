"""The people of the counter as values: an account, its roles, and how it stands in the staff file.

Names of accounts are typed at a counter: small letters, digits, `.`, `-`, `_`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from certs.catalogue import Text
from certs.encoding import safe_text
from certs.errors import CertsError

NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)
TITLE_LIMIT = 80  # characters of a person's name, as it is shown
MOST = 1_000  # accounts of one counter


class Role(StrEnum):
    TELLER = "teller"  # checks documents, asks, signs customers in
    SUPERVISOR = "supervisor"  # all of that; trust data, the book of the day, the list of staff
    AUDITOR = "auditor"  # how the counter judged, and on what it relies: no documents and no customers


ROLE_NAMES: Mapping[Role, Text] = MappingProxyType(
    {
        Role.TELLER: Text("giao dịch viên", "teller"),
        Role.SUPERVISOR: Text("giám sát", "supervisor"),
        Role.AUDITOR: Text("kiểm soát", "auditor"),
    }
)


class StaffError(Exception):
    """What was asked of the staff file cannot be done, or the file is not right; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`version` goes up with each change of password, role or state: a session of an earlier one has ended."""

    name: str
    title: str
    roles: frozenset[Role]
    password: str = field(repr=False)  # Argon2id, encoded
    created: int
    version: int = 1
    disabled: bool = False
    must_change: bool = False  # the password was made by somebody else

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "roles": sorted(self.roles),
            "password": self.password,
            "created": self.created,
            "version": self.version,
            "disabled": self.disabled,
            "must_change": self.must_change,
        }


def account(value: Any) -> Account:
    """From the file's JSON. Raises StaffError: an entry that is not wholly understood admits nobody."""
    kinds = {"name": str, "title": str, "roles": list, "password": str, "created": int, "version": int}
    flags = {"disabled": bool, "must_change": bool}
    if not isinstance(value, dict) or value.keys() != kinds.keys() | flags.keys():
        raise StaffError("an account has other members than it should")
    for name, kind in (kinds | flags).items():
        if type(value[name]) is not kind:
            raise StaffError(f"an account's {name} is not as it should be")
    if not value["password"].startswith("$argon2id$"):
        raise StaffError("a password is not kept by Argon2id")
    return Account(
        **{
            **value,
            "name": check_name(value["name"]),
            "title": check_title(value["title"]),
            "roles": check_roles(value["roles"]),
        }
    )


def check_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise StaffError("a name has 2 to 32 small letters, digits, '.', '-' and '_', and begins with a letter")
    return name


def check_title(title: str) -> str:
    try:
        found = safe_text(" ".join(title.split()), limit=TITLE_LIMIT)
    except CertsError:
        found = ""
    if not found:
        raise StaffError(f"a person's name has 1 to {TITLE_LIMIT} letters")
    return found


def check_roles(roles: Iterable[object]) -> frozenset[Role]:
    try:
        found = frozenset(Role(str(each)) for each in roles)
    except ValueError:
        found = frozenset()
    if not found:
        raise StaffError(f"roles are {', '.join(Role)}; at least one is needed")
    return found
