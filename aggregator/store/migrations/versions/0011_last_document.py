"""What is remembered of each feed's last document: its entries by their bytes, and how its body was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("sent_hash", sa.Text()))
    op.create_table(
        "last_document",
        sa.Column("feed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.ForeignKey("feed.pk"), primary_key=True),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
    )
