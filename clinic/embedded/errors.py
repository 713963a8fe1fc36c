"""Why the embedded PostgreSQL does not serve, worded for the person who started it."""


class PostgresRefuses(Exception):
    """The text says what is wrong and what to do next."""
