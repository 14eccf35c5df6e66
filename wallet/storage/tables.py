"""The tables of the wallet's database: one `MetaData` that Flask-SQLAlchemy, Alembic and the adapter share.

Numbers of seconds are Unix time. What people hold lies here sealed; who they are, as a pseudonym of the vault.
"""

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
db = SQLAlchemy(metadata=metadata)

ephemerals = Table(
    "ephemerals",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # SHA-256 of purpose NUL value; the value itself is never stored
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)

documents = Table(
    "documents",
    metadata,
    Column("document_id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("ix_documents_owner_received_at", "owner", "received_at"),
)

history = Table(
    "history",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),  # the order, also within one second
    Column("owner", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("details", JSON, nullable=False),
    Column("place", Integer, nullable=False),  # in the owner's chain, from 1
    Column("link", LargeBinary(32), nullable=False),  # `wallet.chain`
    Index("ix_history_owner_number", "owner", "number"),
    UniqueConstraint("owner", "place", name="uq_history_owner_place"),
    sqlite_autoincrement=True,
)

history_heads = Table(
    "history_heads",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("link", LargeBinary(32), nullable=False),
)

awaited = Table(
    "awaited",
    metadata,
    Column("document_id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("received_at", BigInteger, nullable=False),  # when the backup was restored
    Column("sealed", LargeBinary, nullable=False),
)

promised = Table(
    "promised",
    metadata,
    Column("document_id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("received_at", BigInteger, nullable=False),  # when the issuer promised it
    Column("sealed", LargeBinary, nullable=False),
)
