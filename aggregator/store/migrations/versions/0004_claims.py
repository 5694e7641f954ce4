"""Claims have a history and what they were checked against; names are learnt from those with links."""

from hashlib import blake2b

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SAID = ("hop", "kind", "name", "page", "site", "where", "rule", "evidence")


def upgrade() -> None:
    op.rename_table("claim", "claim_before")
    op.create_table(
        "claim",
        sa.Column("entry", _KEY, sa.ForeignKey("entry.pk", ondelete="CASCADE"), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("hop", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("page", sa.Text()),
        sa.Column("site", sa.Text()),
        sa.Column("where", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("checked", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger()),
        sa.PrimaryKeyConstraint("entry", "mark"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "source_name",
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("teller", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("home", sa.Text()),
        sa.PrimaryKeyConstraint("name_key", "site", "teller"),
        sqlite_with_rowid=False,
    )
    op.create_index("source_name_teller", "source_name", ["teller"])
    meta = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.BigInteger))
    op.bulk_insert(meta, [{"key": "checked", "value": 0}, {"key": "checked_under", "value": 0}])
    _move()
    op.drop_table("claim_before")


def _move() -> None:
    conn = op.get_bind()
    old = sa.Table("claim_before", sa.MetaData(), autoload_with=conn)
    new = sa.Table("claim", sa.MetaData(), autoload_with=conn)
    entry = sa.table("entry", sa.column("pk"), sa.column("first_seen"))
    found = sa.select(old, entry.c.first_seen).join(entry, entry.c.pk == old.c.entry).order_by(old.c.entry, old.c.n.desc())
    made: dict[tuple[int, str], dict[str, object]] = {}
    for row in conn.execute(found).mappings():
        told = dict(row)
        said = repr(tuple(told[name] for name in _SAID))
        mark = blake2b(said.encode(), digest_size=16).hexdigest()
        made[told["entry"], mark] = told | {"mark": mark, "checked": "", "gone": None}
    if made:
        conn.execute(sa.insert(new), list(made.values()))
