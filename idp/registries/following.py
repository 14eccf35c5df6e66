"""What the registers' records say of a person, brought in line with the population register.

Spec: Law 26/2023/QH15 Art. 11(4) (sector data that differs from the population database is adjusted)

Only what differs between the person before and after is touched: where nothing of it stands in a record, it stays as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from idp.accounts.ages import is_adult
from idp.model import Document, Person
from idp.registries import business, civil_status, population, tax

# A person in a record of their own, field by field.
_OWN: Mapping[str, Callable[[Person], str]] = {
    "personal_identification_number": lambda person: person.pid,
    "full_name": lambda person: person.name,
    "birth_date": lambda person: person.birth_date,
    "sex": lambda person: person.sex,
    "nationality": lambda person: person.nationality,
    "residence": population.residence,
    "permanent_address": population.residence,
}
# And in that of the spouse.
_SPOUSE: Mapping[str, Callable[[Person], str]] = {
    "spouse_identification_number": lambda person: person.pid,
    "spouse_name": lambda person: person.name,
    "spouse_birth_date": lambda person: person.birth_date,
}


def own(document: Document, before: Person, after: Person, *, today: date) -> Document:
    """A document of this person as it should be now: the very same where nothing changes."""
    changed = {
        name: says(after) for name, says in _OWN.items() if name in document.record and says(before) != says(after)
    }
    changed |= _derived(document, before, after, today=today)
    if not changed:
        return document
    made = replace(document, record={**document.record, **changed})
    return _with_its_end(made) if "birth_date" in changed else made


def of_spouse(document: Document, before: Person, after: Person) -> Document:
    """The spouse's marriage certificate, which names this person."""
    if document.type != civil_status.MARRIAGE or document.record.get("spouse_identification_number") != before.pid:
        return document
    changed = {name: says(after) for name, says in _SPOUSE.items() if says(before) != says(after)}
    return replace(document, record={**document.record, **changed}) if changed else document


def spouse_numbers(documents: tuple[Document, ...]) -> set[str]:
    """The numbers of those with whom a person's certificates say that they are married."""
    return {str(one.record["spouse_identification_number"]) for one in documents if one.type == civil_status.MARRIAGE}


def _derived(document: Document, before: Person, after: Person, *, today: date) -> Mapping[str, Any]:
    record, found = document.record, dict[str, Any]()
    if document.type == population.RESIDENCE:
        if population.residence(before) != population.residence(after):
            found["permanent_since"] = today.isoformat()
        if record.get("relation_to_head") == "head" and before.name != after.name:
            found["household_head"] = after.name
    if document.type in (tax.TYPE, business.TYPE) and record.get("tax_code") == before.pid != after.pid:
        found["tax_code"] = after.pid  # of an individual, and of a business household
    if "age_over_18" in record and before.birth_date != after.birth_date:
        found["age_over_18"] = is_adult(after.birth_date, today)
    return found


def _with_its_end(document: Document) -> Document:
    """The identity card runs to a birthday."""
    if document.type != population.TYPE or "valid_from" not in document.record:
        return document
    ends = population.card_ends(document.record["birth_date"], date.fromisoformat(document.record["valid_from"]))
    record = {name: value for name, value in document.record.items() if name != "valid_until"}
    return replace(document, record=record if ends is None else {**record, "valid_until": ends}, valid_until=ends)
