"""What subscribers were given and was taken back, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("publication", sa.Column("withdrawn_at", sa.BigInteger()))
    op.create_index(
        "publication_withdrawn",
        "publication",
        ["output", "withdrawn_at"],
        sqlite_where=sa.text("withdrawn_at IS NOT NULL"),
        postgresql_where=sa.text("withdrawn_at IS NOT NULL"),
    )
