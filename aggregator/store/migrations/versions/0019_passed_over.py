"""Of a story that the rules keep out of an output: up to when its entries were seen; and since when others let it in."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("publication", sa.Column("passed_over", sa.BigInteger()))
    op.add_column("publication", sa.Column("let_in", sa.BigInteger()))
    op.execute(
        "UPDATE publication SET passed_over = (SELECT max(first_seen) FROM entry)"
        " WHERE sequence IS NULL AND NOT pending AND rule NOT LIKE 'held back%'"
    )
