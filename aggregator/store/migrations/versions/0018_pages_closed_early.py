"""Up to which number an output's archive is closed, where its last page was closed before it was full."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("output", sa.Column("left_out", sa.BigInteger(), nullable=False, server_default="0"))
