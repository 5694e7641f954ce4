"""Which feeds tell the same stories, and what people said of stories: joined and split for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "feed_pair",
        sa.Column("feed", key, sa.ForeignKey("feed.pk"), nullable=False),
        sa.Column("other", key, sa.ForeignKey("feed.pk"), nullable=False),
        sa.PrimaryKeyConstraint("feed", "other"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ruling",
        sa.Column("one", key, sa.ForeignKey("entry.pk", ondelete="CASCADE"), nullable=False),
        sa.Column("other", key, sa.ForeignKey("entry.pk", ondelete="CASCADE"), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", "other"),
        sqlite_with_rowid=False,
    )
