"""The command line.

Data goes to stdout, messages and progress to stderr. Exit codes: 0 done, 1 nothing could be polled or published, 2 the configuration or
the call is wrong.
"""

import gc

# Python looks for cycles after every 700 new objects. Among thousands of entries, and the modules that a command imports, there are hardly
# any: to look took a tenth of a poll, and a fifteenth of a start.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 50)

from aggregator.cli.main import main  # noqa: E402 - behind the setting, which is for what it imports, too

__all__ = ["main"]
