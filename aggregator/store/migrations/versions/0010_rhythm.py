"""How often each feed had new entries so far."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("rhythm", sa.Text()))
