"""A database as a place: open it at the newest version and close it again, or clear it of all that is ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage


@contextmanager
def opened(url: str) -> Iterator[SqlStorage]:
    """Closed at the end: SQLite's write-ahead log then folds back into its file."""
    engine = open_engine(url)
    try:
        migrations.upgrade(engine)
        yield SqlStorage(engine)
    finally:
        engine.dispose()


def clear(url: str) -> None:
    """Every table of ours with its rows; what others keep in the same database stays."""
    engine = open_engine(url)
    try:
        migrations.downgrade(engine, "base")
    finally:
        engine.dispose()


def is_taken(url: str) -> bool:
    """Somebody lives there already."""
    with opened(url) as storage, storage.reading() as ports:
        return bool(ports.clients.all()) or ports.population.count() > 0


def knows(url: str, *, client_id: str, secret_hash: str) -> bool:
    """It is the database in which this client was registered with this secret."""
    with opened(url) as storage, storage.reading() as ports:
        client = ports.clients.get(client_id)
    return client is not None and client.secret_hash == secret_hash
