"""What SQLite is told of the sizes of tables, so that it plans for a large store, whatever this one has.

Without it, SQLite takes one feed's entries, or all that an output ever gave, for ten rows, and reads them all rather than look up the few
that it is asked for. Measuring (`ANALYZE`) would make plans, and so what a poll costs, depend on when it was last done; told by hand they
stay (https://sqlite.org/optoverview.html, "Manual Control Of Query Plans Using SQLITE_STAT Tables").
"""

from typing import Final

from sqlalchemy import Connection, Engine

# For each index (of tables without rowids the table itself): its rows, then how many of them share the first column, the first two, and
# so on. A million entries, 200 feeds, four outputs.
_SIZES: Final = {
    "entry": {
        "sqlite_autoindex_entry_1": "1000000 5000 1",
        "entry_of_feed": "1000000 5000 1",
        "entry_published_id": "1000000 1",
        "entry_raw_id": "500000 1",
        "entry_hold": "100 20",
    },
    "feed": {"sqlite_autoindex_feed_1": "200 1", "sqlite_autoindex_feed_2": "200 1", "feed_due": "200 200 1", "feed_leased": "4 1"},
    "output": {"sqlite_autoindex_output_1": "4 1"},
    "publication": {
        "publication": "4000000 4 1",
        "publication_sequence": "2000000 500000 1",
        "publication_id": "2000000 500000 1",
        "publication_listing": "2000000 500000 20 1",
        "publication_withdrawn": "400 100 1",
        "publication_pending": "40 10 10",
        "publication_held": "4000 400",
    },
    "sighting": {"sighting": "1000000 1 1", "sighting_address": "1000000 1"},
    "claim": {"claim": "1000000 2 1"},
    "story": {"story_generation": "1000000 10", "story_joined": "1000 2"},
    "story_key": {"story_key": "15000000 5000000 30 1", "story_key_entry": "15000000 15"},
    "story_member": {"story_member_story": "1000000 1"},
}
_TOLD: Final = "SELECT tbl, idx, stat FROM sqlite_stat1"
_WANTED: Final = {(table, index, stat) for table, told in _SIZES.items() for index, stat in told.items()}


def tell_sizes(engine: Engine) -> None:
    """Write the sizes into the store, unless they stand there. Connections that are open already do not see them."""
    with engine.connect() as conn:
        conn.execution_options(reads_only=True)
        with conn.begin():
            if _told(conn) == _WANTED:
                return
    with engine.begin() as conn:
        # The table is there once something was analysed.
        conn.exec_driver_sql("ANALYZE output")
        conn.exec_driver_sql("DELETE FROM sqlite_stat1")
        conn.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", sorted(_WANTED))
    engine.dispose()


def _told(conn: Connection) -> set[tuple[str, str, str]]:
    has_any = conn.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'").scalar()
    return {(row[0], row[1], row[2]) for row in conn.exec_driver_sql(_TOLD)} if has_any else set()
