"""Alembic's entry: runs the steps on the connection, and in the transaction, that `migrations` opened."""

from alembic import context

from idp.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # also on SQLite, where BEGIN is ours and not the driver's
)
with context.begin_transaction():
    context.run_migrations()
