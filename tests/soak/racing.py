"""Races on the ports' verbs: processes × threads of storage, all at one value at the same moment, one value after the other.

Codes, refresh tokens, nonces (and with them every `jti`), and initial access tokens of one use have one winner. Of a status list as long as there are racers, each gets an index, and no two
the same: such an index is a value that its winner alone was given.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from idp.model import InitialToken, Token
from idp.ports import Ports, Storage
from tests.contract.conftest import Address, open_address
from tests.contract.rows import GRANT, NOW, another, drawn, with_account
from tests.soak.history import Use, Verdict, judge

PROCESSES, THREADS = 2, 4
RACERS = PROCESSES * THREADS
KINDS = ("code", "refresh", "nonce", "index", "initial")
CHUNK = 250  # values that are laid out at once
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Race:
    address: Address
    rounds: int  # values

    @property
    def chunks(self) -> list[range]:
        return [range(start, min(start + CHUNK, self.rounds)) for start in range(0, self.rounds, CHUNK)]


def run(race: Race, told: Callable[[int], None] = lambda done: None) -> Verdict:
    """`told` hears how many values are done. The history is judged at the end, from what the racers were told."""
    spawn = get_context("spawn")
    start, gate, results = spawn.Barrier(RACERS), spawn.Barrier(RACERS + 1), spawn.Queue()
    processes = [
        spawn.Process(target=_process, args=(race, number, start, gate, results), daemon=True)
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    with _opened(race.address) as storage:
        with storage.transaction() as ports:
            with_account(ports)
        for chunk in race.chunks:
            with storage.transaction() as ports:
                for number in chunk:
                    _lay(ports, number)
            gate.wait(PATIENCE)  # they begin
            gate.wait(PATIENCE)  # they are done
            told(chunk.stop)
        uses = [use for _ in processes for use in results.get(timeout=PATIENCE)]
        for process in processes:
            process.join(PATIENCE)
            assert process.exitcode == 0
        verdict = judge(uses)
        assert _kept(storage, race, uses), "the database holds something else than the racers were told"
    assert verdict.uses == race.rounds * RACERS
    return verdict


@contextmanager
def _opened(address: Address) -> Iterator[Storage]:
    opened = open_address(address)
    try:
        yield opened.storage
    finally:
        opened.close()


def _kind(number: int) -> str:
    return KINDS[number % len(KINDS)]


def _lay(ports: Ports, number: int) -> None:
    match _kind(number):
        case "code":
            ports.ephemeral.put("code", str(number), {}, expires=NOW + 60)
        case "refresh":
            grant = another(GRANT, grant_id=f"g{number}")
            ports.grants.open(grant, [Token(f"r{number}", grant.grant_id, "refresh", NOW + 60)])
        case "index":
            ports.statuses.add(number, kind=number, size=RACERS)
        case "initial":
            ports.registrations.offer(InitialToken(f"i{number}", "a racer", "baseline", (), False, 1, NOW + 60))


def _process(race: Race, name: int, start: Barrier, gate: Barrier, results: "Queue[list[Use]]") -> None:
    with _opened(race.address) as storage, ThreadPoolExecutor(THREADS) as pool:
        names = [f"{name}.{thread}" for thread in range(THREADS)]
        racers = [pool.submit(_racer, storage, race, racer, start, gate) for racer in names]
        results.put([use for racer in racers for use in racer.result()])


def _racer(storage: Storage, race: Race, name: str, start: Barrier, gate: Barrier) -> list[Use]:
    uses = []
    try:
        for chunk in race.chunks:
            gate.wait(PATIENCE)
            for number in chunk:
                start.wait(PATIENCE)
                began = time.monotonic()
                value, won = _attempt(storage, number, name)
                uses.append(Use(value, won, began, time.monotonic()))
            gate.wait(PATIENCE)
    except BaseException:
        start.abort()
        gate.abort()
        raise
    return uses


def _attempt(storage: Storage, number: int, name: str) -> tuple[str, bool]:
    kind = _kind(number)
    with storage.transaction() as ports:
        match kind:
            case "code":
                taken = ports.ephemeral.take("code", str(number), now=NOW)
                return f"code {number}", taken is not None and not taken.again
            case "refresh":
                successor = Token(f"{number}-{name}", f"g{number}", "refresh", NOW + 60, 1)
                return f"refresh {number}", ports.grants.rotate(f"r{number}", [successor], now=NOW) is not None
            case "nonce":
                return f"nonce {number}", ports.ephemeral.once("nonce", str(number), expires=NOW + 60)
            case "initial":
                return f"initial {number}", ports.registrations.take(f"i{number}", now=NOW) is not None
            case _:
                return f"index {number}/{drawn(ports, number)}", True


def _kept(storage: Storage, race: Race, uses: list[Use]) -> bool:
    """Every list was given away whole, and no family of a token that was fought over is open."""
    given = {use.value for use in uses if use.value.startswith("index")}
    lists = [number for number in range(race.rounds) if _kind(number) == "index"]
    with storage.reading() as ports:
        open_families = any(
            ports.grants.live(f"r{number}", "refresh", now=NOW)
            for number in range(race.rounds)
            if _kind(number) == "refresh"
        )
    return given == {f"index {number}/{index}" for number in lists for index in range(RACERS)} and not open_families
