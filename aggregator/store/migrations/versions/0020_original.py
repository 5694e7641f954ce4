"""The entry that an output credits for a copy that names nobody: the choice is kept, as that of who leads is."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("publication", sa.Column("original", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
