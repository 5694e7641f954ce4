"""What several test modules need: the folder of shared data beside the repository, or a skip that says why."""

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository; the test is skipped where it is absent."""
    if not _SHARED.is_dir():
        pytest.skip("needs the folder 'shared' beside the repository (real feeds, hostile feeds, schemas)")
    return _SHARED
