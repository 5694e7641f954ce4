"""The store, an SQLite file: every table and every query, once."""
