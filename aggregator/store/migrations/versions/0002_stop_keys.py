"""What was forgotten stays forgotten: its keys, as hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stop_key",
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("secret", "hash"),
        sqlite_with_rowid=False,
    )
    meta = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.BigInteger))
    op.bulk_insert(meta, [{"key": "stops", "value": 0}, {"key": "forgotten", "value": 0}])
