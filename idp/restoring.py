"""A database that came back from a backup: what may have been used up since then is not good any more.

Spec: RFC 9700 §4.14.2 (a replaced refresh token that comes back); RFC 6749 §4.1.2 (codes are used once); attacks RT-14, OP-32

The backup has a refresh token as current that was exchanged afterwards, and the exchange is forgotten: whoever kept the old
one, a thief as well, could go on with it. The same holds for sessions that were ended, codes, offers, and tokens for
registering. Nobody can tell which of them were used; so all of them end, and people and applications sign in again.

What was used when the backup was made stays used. What people keep on paper or in a phone is theirs and stays: recovery codes
that were used since the backup are good once more.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from idp.model import Event
from idp.ports import Ports, Storage

Ending = Callable[[Ports, int], int]
ENDINGS: Mapping[str, Ending] = MappingProxyType(
    {
        "grants": lambda ports, now: ports.grants.close_some(now=now),
        "sessions": lambda ports, now: ports.sessions.end_some(),
        "single-use values": lambda ports, now: ports.ephemeral.void(),
        "initial access tokens": lambda ports, now: sum(
            ports.registrations.recall(one.token_hash) for one in ports.registrations.offers(now=now)
        ),
    }
)


def restored(storage: Storage, *, by: str, now: int) -> Mapping[str, int]:
    """How many of each ended. In batches, each a transaction: done twice, or begun anew, it does no harm."""
    ended = {name: _all(storage, one, now) for name, one in ENDINGS.items()}
    with storage.transaction() as ports:
        ports.journal.append(Event(now, "database_restored", details={**ended, "by": by}))
    return ended


def _all(storage: Storage, one: Ending, now: int) -> int:
    ended = 0
    while True:
        with storage.transaction() as ports:
            some = one(ports, now)
        ended += some
        if some == 0:
            return ended
