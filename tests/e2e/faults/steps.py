"""A proxy between a service and PostgreSQL that stops a unit at one of its steps: the database has done it, and the
answer does not come back. A step is what the service waits for, BEGIN being the first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from persistence import url as urls

AWAITED = frozenset(b"QSH")  # Query, Sync, Flush: what a client sends last before it waits for the server
COMMIT = 0  # stands for the step that is COMMIT, whatever its number


@dataclass
class Steps:
    """Whose `url` leads through the proxy. `stop_at`: the step at which the next unit that comes to it stops."""

    url: str
    stop_at: int | None = None
    stopped: int = 0
    links: list["_Link"] = field(default_factory=list)

    def arm(self, step: int) -> None:
        self.stop_at = step

    def stops(self, step: int, *, commits: bool) -> bool:
        """Once for each `arm`."""
        stops = self.stop_at == step or (commits and self.stop_at == COMMIT)
        self.stop_at = None if stops else self.stop_at
        return stops


@dataclass(eq=False)
class _Link:
    """One connection: `step` of its unit, 0 outside of units; what comes for one that `waits` is dropped."""

    service: asyncio.StreamWriter
    database: asyncio.StreamWriter
    step: int = 0
    waits: bool = False

    def cut(self) -> None:
        self.service.transport.abort()
        self.database.transport.abort()


@asynccontextmanager
async def steps(database_url: str) -> AsyncIterator[Steps]:
    """On a port of its own, before the database at `database_url`."""
    target = urls.parse(database_url)
    passing: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        passing.add(task)
        await _pass_through(proxy, target, reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    account = f"{target.url.username}:{target.url.password}" if target.url.password else target.url.username
    proxy = Steps(f"postgresql://{account}@127.0.0.1:{port}/{target.url.database}?sslmode=disable")
    try:
        yield proxy
    finally:
        server.close()
        for link in proxy.links:
            link.cut()
        await asyncio.gather(*passing)


async def _pass_through(
    proxy: Steps, target: urls.DatabaseUrl, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    answers, database = await _connect(target)
    link = _Link(writer, database)
    proxy.links.append(link)
    async with asyncio.TaskGroup() as both:
        both.create_task(_questions(proxy, link, reader))
        both.create_task(_answers(proxy, link, answers))


async def _connect(target: urls.DatabaseUrl) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    hosts, ports = target.connect_args.get("host"), target.connect_args.get("port")
    if isinstance(hosts, list) and isinstance(ports, list):
        return await asyncio.open_unix_connection(f"{hosts[0]}/.s.PGSQL.{ports[0]}")
    return await asyncio.open_connection(target.url.host, target.url.port or 5432)


async def _questions(proxy: Steps, link: _Link, reader: asyncio.StreamReader) -> None:
    """From the service to the database, message by message; the first one has no type and names the settings."""
    try:
        size = await reader.readexactly(4)
        link.database.write(size + await reader.readexactly(int.from_bytes(size) - 4))
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
            _count(proxy, link, head[0], body)
            link.database.write(head + body)
    except (asyncio.IncompleteReadError, ConnectionError):  # the service has ended, and so does what it had begun
        link.cut()


def _count(proxy: Steps, link: _Link, kind: int, body: bytes) -> None:
    if kind not in AWAITED:
        return
    if body.startswith(b"BEGIN"):
        link.step = 1
    elif link.step:
        link.step += 1
    if link.step and proxy.stops(link.step, commits=body.startswith(b"COMMIT")):
        link.waits = True
    if body.startswith((b"COMMIT", b"ROLLBACK")):
        link.step = 0


async def _answers(proxy: Steps, link: _Link, reader: asyncio.StreamReader) -> None:
    """A held answer has come: only then the database has done what was asked."""
    told = False
    try:
        while data := await reader.read(65536):
            if not link.waits:
                link.service.write(data)
            elif not told:
                told = True
                proxy.stopped += 1
    except ConnectionError:
        pass
    link.cut()
