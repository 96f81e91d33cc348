"""The embedded PostgreSQL: `start` runs it as a child of this process, `attach` finds one that runs."""

from persistence.embedded.launcher import EmbeddedError, EmbeddedPostgres, attach, start

__all__ = ["EmbeddedError", "EmbeddedPostgres", "attach", "start"]
