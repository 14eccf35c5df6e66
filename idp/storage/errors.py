"""What storage answers when it cannot do a verb: the error tree.

    StorageError
    ├── Conflict         a value that must be unique is there already, or what it hangs on is not there
    ├── Unstorable       a text or number that no row can hold: NUL, half a character, more than 64 bits
    ├── Unavailable      the database is locked, full or gone; asking again later may help
    └── UnsafeDatabase   the database does not keep what we promise: refuse to start

A verb that raised has spoilt its transaction: leave the `with` block, nothing of it is kept.
"""


class StorageError(Exception):
    """`code` is stable, for programs; `detail` is for the log and holds no value of a row."""

    code = "storage_error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.code}: {detail}" if detail else self.code)
        self.detail = detail


class Conflict(StorageError):
    code = "storage_conflict"


class Unstorable(StorageError):
    code = "storage_unstorable"


class Unavailable(StorageError):
    code = "storage_unavailable"


class UnsafeDatabase(StorageError):
    code = "storage_unsafe"
