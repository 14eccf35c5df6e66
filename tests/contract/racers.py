"""What races: threads of one process, and processes of one machine, on the same values of one database."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from idp.issuance import status
from idp.model import Token
from idp.ports import Ports, Storage
from idp.storage.errors import Unavailable
from tests.contract.conftest import Address, open_address
from tests.contract.rows import GRANT, NOW, another, with_account

SMALL = 16  # entries of a status list, so that the racers fill many


@dataclass
class Won:
    """What one racer was told was its own."""

    codes: list[int] = field(default_factory=list)
    nonces: list[int] = field(default_factory=list)
    refreshes: list[int] = field(default_factory=list)
    indexes: list[tuple[int, int]] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)


def prepare(ports: Ports, rounds: int) -> None:
    with_account(ports)
    ports.statuses.add(1, kind=1, size=SMALL)
    for number in range(rounds):
        ports.ephemeral.put("code", str(number), {}, expires=NOW + 60)
        grant = another(GRANT, grant_id=f"g{number}")
        ports.grants.open(grant, [Token(f"r{number}", grant.grant_id, "refresh", NOW + 60)])


@contextmanager
def entered(storage: Storage) -> Iterator[Ports]:
    """A transaction, however long the others write: who has waited as long as a request may has done nothing yet, and asks again."""
    with ExitStack() as stack:
        ports = None
        while ports is None:
            with suppress(Unavailable):
                ports = stack.enter_context(storage.transaction())
        yield ports


def race(storage: Storage, name: str, rounds: int) -> Won:
    won = Won()
    for number in range(rounds):
        with entered(storage) as ports:
            taken = ports.ephemeral.take("code", str(number), now=NOW)
            if taken is not None and not taken.again:
                won.codes.append(number)
        with entered(storage) as ports:
            ports.publications.current_sequence(
                "bundle"
            )  # reads before it writes: it must have been the only writer by then
            if ports.ephemeral.once("nonce", str(number), expires=NOW + 60):
                won.nonces.append(number)
            won.indexes.append(status.allocate(ports.statuses, 1, size=SMALL))
            won.sequences.append(ports.publications.next_sequence("bundle"))
        with entered(storage) as ports:
            successor = Token(f"{name}-{number}", f"g{number}", "refresh", NOW + 60, 1)
            if ports.grants.rotate(f"r{number}", [successor], now=NOW) is not None:
                won.refreshes.append(number)
    return won


def run(address: Address, name: str, rounds: int, start: Barrier, results: "Queue[Won]") -> None:
    """The body of a racing process."""
    opened = open_address(address)
    start.wait()
    results.put(race(opened.storage, name, rounds))
    opened.close()


def judge(storage: Storage, all_won: list[Won], rounds: int) -> None:
    """Everything was won, and nothing twice."""
    everyone = list(range(rounds))
    for prize in ("codes", "nonces", "refreshes"):
        assert sorted(number for won in all_won for number in getattr(won, prize)) == everyone, prize
    attempts = rounds * len(all_won)
    assert len({index for won in all_won for index in won.indexes}) == attempts
    assert sorted(number for won in all_won for number in won.sequences) == list(range(1, attempts + 1))
    with storage.reading() as ports:
        # Each refresh token was tried again by a loser, so every family is closed, the winners' successors too.
        assert not any(ports.grants.live(f"r{number}", "refresh", now=NOW) for number in everyone)
