"""Called by Alembic: runs the migrations on the connection that ``store.engine`` opened."""

from __future__ import annotations

from alembic import context

from syndicate.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
