"""Since when the feed of an entry had not been read when it came: what is dated within that time may have stood there."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entry", sa.Column("unread_since", sa.BigInteger()))
