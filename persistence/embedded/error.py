"""What a user is told when the embedded database cannot run."""


class EmbeddedError(Exception):
    """One sentence for the user: what is wrong, where, and what to do; the command line prints it and exits with 2."""
