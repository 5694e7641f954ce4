"""The command line.

Data goes to stdout, messages and progress to stderr. Exit codes: 0 done, 1 nothing could be polled or published, 2 the configuration or
the call is wrong.
"""

from aggregator.cli.main import main

__all__ = ["main"]
