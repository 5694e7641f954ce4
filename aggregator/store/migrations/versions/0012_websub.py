"""What our hub was told of each output; where feeds say that pushes can be had, and which of these are subscribed to."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

_INSTANT = sa.BigInteger()
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("output", sa.Column("told", sa.Text()))
    op.add_column("output", sa.Column("told_at", _INSTANT))
    op.add_column("output", sa.Column("tell_at", _INSTANT))
    op.add_column("output", sa.Column("tell_failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("output", sa.Column("tell_error", sa.Text()))
    # What was published before is no news.
    op.execute("UPDATE output SET told = written")
    op.add_column("feed", sa.Column("hub_links", sa.Text()))
    op.create_table(
        "subscription",
        sa.Column("path", sa.Text(), primary_key=True),
        sa.Column("feed", _KEY, sa.ForeignKey("feed.pk"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("subscription_feed", "subscription", ["feed"])
