"""What was said with an ECG file, sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Step forward."""
    op.add_column("ecg_file", sa.Column("document", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Step back."""
    op.drop_column("ecg_file", "document")
