"""The command line. Data goes to stdout, messages and progress to stderr; exit codes are 0 done, 1 nothing could be done, 2 wrong configuration or call."""

from aggregator.cli.main import main

__all__ = ["main"]
