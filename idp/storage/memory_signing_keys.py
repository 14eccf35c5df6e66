"""The provider's signing keys, in memory."""

from idp.model import SigningKey
from idp.storage.memory_rows import Rows, Undo, require


class MemorySigningKeys:
    def __init__(self, undo: Undo) -> None:
        self._rows: Rows[str, SigningKey] = Rows(undo)

    def all(self) -> tuple[SigningKey, ...]:
        return tuple(sorted(self._rows.values(), key=lambda key: (key.prepared_at, key.kid)))

    def hold(self) -> tuple[SigningKey, ...]:
        return self.all()  # one transaction at a time

    def put(self, key: SigningKey) -> None:
        others = [other for other in self._rows.values() if other.alg == key.alg and other.kid != key.kid]
        require(not _prepared(key) or not any(map(_prepared, others)), "a second one prepared")
        require(not _signs(key) or not any(map(_signs, others)), "a second one that signs")
        self._rows.put(key.kid, key)


def _prepared(key: SigningKey) -> bool:
    return key.active_from is None and key.removed_at is None


def _signs(key: SigningKey) -> bool:
    return key.active_from is not None and key.retired_at is None and key.removed_at is None
