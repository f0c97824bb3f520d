"""What comes from hospitals and goes to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GOOD = sa.text("state != 'quarantined'")


def upgrade() -> None:
    """Step forward."""
    op.create_table(
        "hospital_inbound",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("clinic_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("control_id", sa.String(), nullable=False),
        sa.Column("content_index", sa.String(), nullable=False),
        sa.Column("peer", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ix_hospital_inbound_clinic_id", "hospital_inbound", ["clinic_id"])
    op.create_index("ix_hospital_inbound_state", "hospital_inbound", ["state"])
    op.create_index(
        "one_inbound_per_control_id",
        "hospital_inbound",
        ["clinic_id", "sender", "control_id"],
        unique=True,
        sqlite_where=_GOOD,
        postgresql_where=_GOOD,
    )
    op.create_table(
        "hospital_outbound",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("control_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ix_hospital_outbound_destination", "hospital_outbound", ["destination"])
    op.create_index("ix_hospital_outbound_subject", "hospital_outbound", ["subject"])
    op.create_index("ix_hospital_outbound_state", "hospital_outbound", ["state"])
    op.create_index(
        "one_outbound_per_control_id",
        "hospital_outbound",
        ["destination", "control_id"],
        unique=True,
    )
    op.create_table(
        "hospital_number",
        sa.Column("number_index", sa.String(), nullable=False),
        sa.Column("clinic_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("booking_code", sa.String(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.PrimaryKeyConstraint("number_index"),
    )
    op.create_index("ix_hospital_number_clinic_id", "hospital_number", ["clinic_id"])
    op.create_index("ix_hospital_number_patient_id", "hospital_number", ["patient_id"])
    op.create_index("ix_hospital_number_booking_code", "hospital_number", ["booking_code"])


def downgrade() -> None:
    """Step back: what came and what waited goes."""
    for name in ("hospital_number", "hospital_outbound", "hospital_inbound"):
        op.drop_table(name)
