"""The first shape of the store."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Frozen here: a later change of the program's own types must not change what this step made.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.BigInteger()
_COUNTERS = ("entry", "feed", "generation", "lease", "output", "story")


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("pk", _KEY, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("shown_url", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.Column("operator", sa.Text()),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("next_poll_at", _INSTANT, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("body_hash", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", _INSTANT),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_poll_at", _INSTANT),
        sa.Column("last_success_at", _INSTANT),
        sa.Column("last_change_at", _INSTANT),
        sa.Column("first_success_at", _INSTANT),
        sa.Column("gone_count", sa.Integer(), nullable=False),
        sa.Column("hold", sa.Text()),
        sa.Column("discovered", sa.Text()),
        sa.Column("redirect_target", sa.Text()),
        sa.Column("redirect_since", _INSTANT),
        sa.Column("redirect_count", sa.Integer(), nullable=False),
        sa.Column("refined_by", sa.Text()),
        sa.Column("document_at", _INSTANT),
        sa.Column("lease_token", sa.Text()),
        sa.Column("lease_until", _INSTANT),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("feed_due", "feed", ["active", "next_poll_at"])
    op.create_index(
        "feed_leased",
        "feed",
        ["lease_until"],
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "operator_hold",
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("until", _INSTANT),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("next_start", _INSTANT),
        sa.PrimaryKeyConstraint("operator"),
    )
    op.create_table(
        "output",
        sa.Column("pk", _KEY, autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text()),
        sa.Column("judged_generation", sa.BigInteger(), nullable=False),
        sa.Column("first_published", _INSTANT),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("path"),
    )
    op.create_table(
        "story",
        sa.Column("pk", _KEY, autoincrement=False, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("created", _INSTANT, nullable=False),
        sa.Column("joined", _KEY),
        sa.ForeignKeyConstraint(["joined"], ["story.pk"]),
        sa.PrimaryKeyConstraint("pk"),
    )
    op.create_index("story_generation", "story", ["generation"])
    op.create_index(
        "story_joined", "story", ["joined"], sqlite_where=sa.text("joined IS NOT NULL"), postgresql_where=sa.text("joined IS NOT NULL")
    )
    op.create_table(
        "entry",
        sa.Column("pk", _KEY, autoincrement=False, nullable=False),
        sa.Column("feed", _KEY, nullable=False),
        sa.Column("raw_key", sa.Text(), nullable=False),
        sa.Column("raw_id", sa.Text()),
        sa.Column("published_id", sa.Text(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("first_seen", _INSTANT, nullable=False),
        sa.Column("last_seen", _INSTANT, nullable=False),
        sa.Column("sort_key", _INSTANT, nullable=False),
        sa.Column("public_updated", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("raw_hash", sa.LargeBinary(), nullable=False),
        sa.Column("refined_by", sa.Text(), nullable=False),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("backlog", sa.Boolean(), nullable=False),
        sa.Column("pruned", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.pk"]),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("feed", "raw_key", name="entry_identity"),
    )
    op.create_index("entry_published_id", "entry", ["published_id"])
    op.create_index(
        "entry_raw_id", "entry", ["raw_id"], sqlite_where=sa.text("raw_id IS NOT NULL"), postgresql_where=sa.text("raw_id IS NOT NULL")
    )
    op.create_table(
        "feed_url",
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("feed", _KEY, nullable=False),
        sa.Column("shown_url", sa.Text(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.pk"]),
        sa.PrimaryKeyConstraint("address_key"),
    )
    op.create_index("feed_url_feed", "feed_url", ["feed"])
    op.create_table(
        "publication",
        sa.Column("output", _KEY, nullable=False),
        sa.Column("story", _KEY, nullable=False),
        sa.Column("sequence", sa.BigInteger()),
        sa.Column("published_id", sa.Text(), nullable=False),
        sa.Column("sort_key", _INSTANT, nullable=False),
        sa.Column("first_listed", _INSTANT),
        sa.Column("public_updated", _INSTANT, nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("per_day", sa.Integer()),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("lead", _KEY),
        sa.Column("feed_key", sa.Text()),
        sa.Column("withdrawn", sa.Text()),
        sa.ForeignKeyConstraint(["output"], ["output.pk"]),
        sa.ForeignKeyConstraint(["story"], ["story.pk"]),
        sa.PrimaryKeyConstraint("story", "output"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "publication_id",
        "publication",
        ["output", "published_id"],
        unique=True,
        sqlite_where=sa.text("sequence IS NOT NULL"),
        postgresql_where=sa.text("sequence IS NOT NULL"),
    )
    op.create_index(
        "publication_listing",
        "publication",
        ["output", "first_listed", "sort_key"],
        sqlite_where=sa.text("listed = 1"),
        postgresql_where=sa.text("listed"),
    )
    op.create_index("publication_pending", "publication", ["output", "pending"], sqlite_where=sa.text("pending = 1"), postgresql_where=sa.text("pending"))
    op.create_index(
        "publication_sequence",
        "publication",
        ["output", "sequence"],
        unique=True,
        sqlite_where=sa.text("sequence IS NOT NULL"),
        postgresql_where=sa.text("sequence IS NOT NULL"),
    )
    op.create_table(
        "claim",
        sa.Column("entry", _KEY, nullable=False),
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
        sa.ForeignKeyConstraint(["entry"], ["entry.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry", "n"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "raw",
        sa.Column("entry", _KEY, autoincrement=False, nullable=False),
        sa.Column("refined_by", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry"),
    )
    op.create_table(
        "sighting",
        sa.Column("entry", _KEY, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("first_seen", _INSTANT, nullable=False),
        sa.Column("last_seen", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry", "address"),
        sqlite_with_rowid=False,
    )
    op.create_index("sighting_address", "sighting", ["address"])
    op.create_table(
        "story_key",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("entry", _KEY, nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kind", "value", "entry"),
        sqlite_with_rowid=False,
    )
    op.create_index("story_key_entry", "story_key", ["entry"])
    op.create_table(
        "story_member",
        sa.Column("entry", _KEY, autoincrement=False, nullable=False),
        sa.Column("story", _KEY, nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.pk"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["story"], ["story.pk"]),
        sa.PrimaryKeyConstraint("entry"),
    )
    op.create_index("story_member_story", "story_member", ["story"])
    op.create_table(
        "version",
        sa.Column("entry", _KEY, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.pk"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry", "n"),
    )
    meta = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.BigInteger))
    op.bulk_insert(meta, [{"key": name, "value": 0} for name in _COUNTERS])
