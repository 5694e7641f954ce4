"""What feeds are known by, who answers in the place of a held one, and what came under a hold."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("identity", sa.Text()))
    op.add_column("feed", sa.Column("stranger", sa.Text()))
    op.add_column("entry", sa.Column("hold", sa.Text()))
    held = sa.text("hold IS NOT NULL")
    op.create_index("entry_hold", "entry", ["feed"], sqlite_where=held, postgresql_where=held)
