"""How Alembic reaches the database: on the connection, and inside the transaction, that `wallet.storage.migrate` opened."""

from alembic import context

from wallet.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    transactional_ddl=True,  # also on SQLite, where BEGIN is ours and not the driver's
)
with context.begin_transaction():
    context.run_migrations()
