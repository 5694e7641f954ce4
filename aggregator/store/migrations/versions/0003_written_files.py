"""What stands in each output's file, so that a file can be told to be ours when its output is gone from feeds.yaml."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("output", sa.Column("written", sa.Text()))
