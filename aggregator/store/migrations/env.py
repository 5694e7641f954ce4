"""Run by Alembic: the steps in `versions`, over the connection (and within the transaction) that `store.engine` hands down."""

from alembic import context

from aggregator.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column in place: Alembic copies the table then.
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
