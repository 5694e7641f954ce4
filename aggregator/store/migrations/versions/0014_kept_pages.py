"""Where in each file its serialized entries stand, and archive pages."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("output", sa.Column("places", sa.LargeBinary()))
    op.add_column("output", sa.Column("archived_generation", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("output", sa.Column("archived_mark", sa.Text()))
    op.create_table(
        "archive_page",
        sa.Column("path", sa.Text(), primary_key=True),
        sa.Column("output", _KEY, sa.ForeignKey("output.pk"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("shows", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("output", "number", name="archive_page_number"),
    )
