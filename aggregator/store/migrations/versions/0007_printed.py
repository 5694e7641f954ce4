"""What a feed prints around its entries is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("printed", sa.Text(), nullable=False, server_default="[]"))
