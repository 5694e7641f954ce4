"""Who owns the files beside a store."""

import os
from pathlib import Path


def hand_over(path: Path, like: Path) -> None:
    """Give a file that root made to the owner of another one: the daemon that needs it tomorrow runs as somebody else."""
    if os.geteuid() == 0:
        owner = like.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
