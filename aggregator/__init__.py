"""A feed aggregator and republisher that says where each entry originally appeared. Read `pipeline.py` first."""

__version__ = "0.1.0"
# A clock that reads earlier than this is wrong (no battery, no NTP yet): nothing is stored under such a date.
RELEASED = "2026-11-23"
