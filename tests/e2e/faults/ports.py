"""A port that a test names itself, because several servers share it or one comes back to it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def free_address() -> Iterator[str]:
    """Held by a socket that does not listen, so that nobody else is given it and servers with SO_REUSEPORT may."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{holder.getsockname()[1]}"
