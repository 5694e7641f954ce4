"""Measurements and replays over real documents. Not part of the installed package."""
