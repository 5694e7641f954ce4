"""A store that the first release made is taken up, and its subscribers see nothing of it."""

from pathlib import Path

from bench.upgrade import upgraded


def test_a_store_of_the_first_release_keeps_ids_order_and_bytes_through_all_migrations(tmp_path: Path) -> None:
    found = upgraded(tmp_path / "work")
    assert found.pop("revisions") >= 13
    assert found == {"entries": 13, "ids": True, "order": True, "rows": True, "bytes": True, "new": 0, "as_new": True}
