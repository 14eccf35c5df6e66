"""Which documents a synthetic person has: every register is asked in turn."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from random import Random
from types import MappingProxyType

from idp.accounts.ages import age
from idp.model import Document, DocumentState, Person
from idp.registries import business, civil_status, health, population, social_insurance, tax, transport, vehicles
from idp.registries.families import family
from idp.registries.personas import PERSONAS, Persona
from idp.registries.source import Source, Subject

SOURCES: tuple[Source, ...] = (
    population.SOURCE,
    transport.SOURCE,
    vehicles.SOURCE,
    health.SOURCE,
    social_insurance.SOURCE,
    tax.SOURCE,
    business.SOURCE,
    civil_status.SOURCE,
)

_STORIES = MappingProxyType({one.person.person_id: one for one in PERSONAS})


def documents(person: Person, *, seed: int, today: date, sources: tuple[Source, ...] = SOURCES) -> Iterator[Document]:
    """The person's documents, with the number that the person has now."""
    dice = Random(f"{seed}/documents/{person.person_id}")  # noqa: S311 - no secret is made of it
    years = age(person.birth_date, today)
    covered = social_insurance.cover(dice, years, today)
    subject = Subject(person, years, family(person, seed=seed, today=today), covered, _STORIES.get(person.person_id))
    for source in sources:
        for made in source.records(subject, dice, today=today):
            yield _told(subject.story, made) if subject.story else _drawn(dice, person, made)


def _told(story: Persona, made: Document) -> Document:
    """As the story has it, where it says more than the register."""
    record = {**made.record, **story.fields.get(made.type, {})}
    return replace(made, record=record, state=story.states.get(made.type, made.state))


def _drawn(dice: Random, person: Person, made: Document) -> Document:
    """A few are withdrawn or suspended; those of the dead have ended, as a marriage has with either."""
    drawn = dice.random()
    if made.type == civil_status.MARRIAGE:  # the same in the hands of both
        return made
    if person.deceased_on is not None or drawn < 0.004:
        return replace(made, state=DocumentState.REVOKED)
    return replace(made, state=DocumentState.SUSPENDED) if drawn < 0.012 else made
