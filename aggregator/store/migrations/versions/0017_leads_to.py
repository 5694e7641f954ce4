"""Which other operator's server a feed leads to by a redirect: that one is asked at each poll, too."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("leads_to", sa.Text()))
