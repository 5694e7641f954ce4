"""Old entries that a feed brought many of at once, what is held back of such backlogs, and the latest entries of one feed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entry", sa.Column("burst", sa.BigInteger()))
    op.create_index("entry_of_feed", "entry", ["feed", "sort_key"])
    op.add_column("publication", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        sa.text("UPDATE publication SET held = :yes WHERE sequence IS NULL AND rule LIKE 'held back: backlog of a newly added feed%'").bindparams(
            yes=True
        )
    )
    op.create_index("publication_held", "publication", ["feed_key"], sqlite_where=sa.text("held = 1"), postgresql_where=sa.text("held"))
