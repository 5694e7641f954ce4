"""Until when a feed's server is to be left alone, whatever a hub says."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("not_before", sa.BigInteger()))
