"""The tests. What they import is kept as bytecode for the next run, even where a setting keeps it from that: to compile takes long."""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # for the processes that tests start, too
