"""What polls cost and brought: by the hour, by feed and day, and how long after their publication entries were seen."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COUNTS = ("polls", "not_modified", "same", "failed", "requests", "received_bytes", "saved_bytes", "entries", "backlog", "joined")


def counts() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False, server_default="0") for name in COUNTS]


def upgrade() -> None:
    op.add_column("feed", sa.Column("last_error_kind", sa.Text()))
    op.add_column("feed", sa.Column("document_bytes", sa.BigInteger()))
    op.create_table("tally_hour", sa.Column("hour", sa.Integer(), primary_key=True, autoincrement=False), *counts())
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "tally_day",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("feed", key, sa.ForeignKey("feed.pk"), nullable=False),
        *counts(),
        sa.PrimaryKeyConstraint("day", "feed"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "seen_after",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("within_s", sa.Integer(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "within_s"),
        sqlite_with_rowid=False,
    )
