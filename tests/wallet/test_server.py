"""The wallet's server on PostgreSQL: its tables are those of the migrations, and its pages work; a database that is none is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.databases import Postgres
from tests.idp.conftest import made
from tests.wallet.citizen import Citizen, register, wallet_app
from tests.wallet.issuer import IssuerDesk
from tests.wallet.provider import state
from tests.world_idp import State
from wallet.storage.engine import open_engine
from wallet.storage.errors import Unavailable, UnsafeDatabase
from wallet.storage.tables import metadata

__all__ = ["made", "state"]


def test_a_citizen_is_served_from_postgresql(
    desk: IssuerDesk, state: State, postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.create("wallet_pages")
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet", database_url=url), state)
    citizen.sign_in()
    answer = citizen.receive(desk.link, now=desk.world.now)
    assert answer.status_code == 200, answer.text
    assert (
        "Nguyên vẹn" in citizen.get("/history").text and 'data-type="driving_licence"' in citizen.get("/documents").text
    )
    assert not (tmp_path / "wallet" / "wallet.sqlite").exists()
    engine = open_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    with citizen.app.app_context():
        citizen.app.extensions["sqlalchemy"].engine.dispose()
    postgres.drop("wallet_pages")


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("mysql://x/y", UnsafeDatabase),
        ("no url", UnsafeDatabase),
        ("postgresql+psycopg://nobody:secret@127.0.0.1:1/wallet", Unavailable),
        ("sqlite:////proc/nowhere/wallet.sqlite", Unavailable),
    ],
)
def test_a_database_that_does_not_serve_is_refused_at_the_start(url: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        open_engine(url)
    assert "secret" not in str(caught.value)
