"""Which numbers a file held so far, in a few bytes each, so that a nation of them fits: sorted runs that are merged as they grow."""

from array import array
from bisect import bisect_left
from heapq import merge

_PLAIN = 19  # digits below 2**64
SMALL = 512  # numbers gathered before they become a run


class Numbers:
    """A set of whole numbers below 2**64, at eight bytes each."""

    def __init__(self) -> None:
        self._fresh: set[int] = set()
        self._runs: list[array[int]] = []  # each at least twice as long as the next

    def add(self, number: int) -> None:
        self._fresh.add(number)
        if len(self._fresh) >= SMALL:
            run = array("Q", sorted(self._fresh))
            self._fresh.clear()
            while self._runs and len(self._runs[-1]) < 2 * len(run):
                run = array("Q", merge(self._runs.pop(), run))  # one by one: no list of them all
            self._runs.append(run)

    def __contains__(self, number: int) -> bool:
        if number in self._fresh:
            return True
        for run in self._runs:
            place = bisect_left(run, number)
            if place < len(run) and run[place] == number:
                return True
        return False


class Seen:
    """What a file said under each key, as far as it was accepted: enough to know it again, or to know that it says otherwise."""

    def __init__(self) -> None:
        self._keys, self._digests = Numbers(), Numbers()

    def add(self, key: str, says: str) -> None:
        self._keys.add(_number(key))
        self._digests.add(_digest(key, says))

    def find(self, key: str, says: str) -> bool | None:
        """None: not seen yet. True: it said the same. False: it said something else."""
        if _number(key) not in self._keys:
            return None
        return _digest(key, says) in self._digests


def _number(key: str) -> int:
    """A personal identification number is one; of any other key a hash, of which a nation's hardly ever meet."""
    return int(key) if key.isdecimal() and len(key) <= _PLAIN else _digest(key)


def _digest(*texts: str) -> int:
    """Python's own keyed hash: nobody outside of this process can make two that are alike."""
    return hash(texts) & 0xFFFF_FFFF_FFFF_FFFF
