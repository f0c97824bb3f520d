"""What Alembic runs for every migration: use the connection it was given."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from cardioalert.store import (
    clinic_tables,
    people_tables,
    record_tables,
    traffic_tables,
    visit_tables,
)

__all__ = ["clinic_tables", "people_tables", "record_tables", "traffic_tables", "visit_tables"]

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
