"""Pure: turn what a publisher said into what we say. No I/O, no clock, no randomness."""
