"""The store: every table and every query, once, for SQLite and PostgreSQL."""
