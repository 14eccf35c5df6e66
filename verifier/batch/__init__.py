"""Many credentials at once: a verdict for each row, in the order of the rows, on as many cores as are given.

    from verifier import Policy, Verifier, batch

    verifier = Verifier.from_bundle("bundle.cbor")
    for verdict in batch.verify(rows, verifier, policy=Policy(require_holder_proof=False), claims=("full_name",)):
        print(verdict.outcome, verdict.code, verdict.claims)

Spec: none but our own. Of files, with what to do after a crash: `verifier/batch/run.py` and `python -m verifier batch`.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from verifier.batch.pool import in_order
from verifier.batch.verdict import RowVerdict, check, judged
from verifier.policy.composed import OneDocument
from verifier.policy.single import DEFAULT
from verifier.verifier import Verifier

__all__ = ["CHUNK_ROWS", "RowVerdict", "verify"]

CHUNK_ROWS = 128  # rows that go to a process at a time: some 30 ms of work


def verify(
    rows: Iterable[object],
    verifier: Verifier,
    *,
    policy: OneDocument = DEFAULT,
    claims: Iterable[str] = (),
    processes: int = 1,
) -> Iterator[RowVerdict]:
    """A verdict for each row, none left out: what is no text is rejected with `encoding_invalid`. Nothing is raised for a row.

    `rows` are texts as `Verifier.verify` takes them; they are read as verdicts are taken, so that memory stays flat.
    `claims` are the names of what is wanted of an accepted document; a verdict holds nothing else of it. Each is judged by
    the verifier's clock, read once for each chunk of rows. With several processes, call it below
    `if __name__ == "__main__"`: each begins as a new interpreter. Raises `WorkerLost` where one of them ended.
    """
    check(verifier, policy)
    job = partial(_judged, policy=policy, claims=tuple(claims))
    for _, verdicts in in_order(job, verifier, _chunks(iter(rows)), processes=processes):
        yield from verdicts


def _judged(
    verifier: Verifier, rows: list[object], *, policy: OneDocument, claims: tuple[str, ...]
) -> list[RowVerdict]:
    return [judged(row, verifier, policy, claims) for row in rows]


def _chunks(rows: Iterator[object]) -> Iterator[list[object]]:
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk
