"""A synthetic nation grows in a running database: batch by batch, each a transaction of its own, to be continued at any time.

The people of a synthetic nation stand in a row, and each depends on the seed, the day and the own place alone. So what is
there already is the beginning of the row, and what is missing is the rest of it; a batch that two write at once is written by
one, since a person's identifier and number are unique.
"""

from collections.abc import Iterator
from datetime import date

from idp.model import Event
from idp.ports import Ports, Storage
from idp.registries import synthetic
from idp.registries.personas import PERSONAS
from idp.registries.synthetic import MOST, Populated

BATCH = (
    20_000  # people to a transaction: large, since numbers are random and each batch writes most pages of their index
)
BATCH_WITH_PAPERS = 4_000  # about as many rows
_ASKED = 9  # people who are asked for their seed


class CannotGrow(Exception):
    """What is in the register is not the beginning of this nation; the text says what it is."""


def present(ports: Ports, *, seed: int, today: date) -> int:
    """How many people of this nation there are. Raises CannotGrow when others are among them."""
    held = ports.population.count()
    if held == 0:
        return 0
    if held > MOST or ports.population.get(_name(held - 1)) is None or ports.population.get(_name(held)) is not None:
        raise CannotGrow("the register holds people who were not made by this command or by the demonstration")
    # Names and sexes do not depend on the day. A few may have been corrected since.
    if 2 * sum(_same(ports, seed, place, today) for place in _places(held)) < len(_places(held)):
        raise CannotGrow("the register holds the people of another seed; name that one with --seed")
    return held


def batches(
    storage: Storage,
    *,
    seed: int,
    places: range,
    papers: bool,
    now: int,
    today: date,
    size: int | None = None,
) -> Iterator[Populated]:
    """Each value is a batch that is written and stays. Who stops asking leaves what there is, whole."""
    size = size or (BATCH_WITH_PAPERS if papers else BATCH)
    for first in range(places.start, places.stop, size):
        row = range(first, min(first + size, places.stop))
        part = synthetic.part(seed, row, today, papers=papers)  # SQLite's one writer does not wait for this
        with storage.transaction() as ports:
            made = synthetic.write(ports, part)
            ports.journal.append(Event(now, "population_grown", details={"people": made.people}))
        yield made


def _places(held: int) -> range:
    """Spread over the row, its last included; personas, who are in every nation, are asked only where nobody else is."""
    first = min(len(PERSONAS), held - 1)
    return range(held - 1, first - 1, -max(1, (held - first) // _ASKED))


def _same(ports: Ports, seed: int, place: int, today: date) -> bool:
    stored = ports.population.get(_name(place))
    made = synthetic.somebody(seed, place, today)
    return stored is not None and (stored.name, stored.sex) == (made.name, made.sex)


def _name(place: int) -> str:
    return f"person-{place:07}"
