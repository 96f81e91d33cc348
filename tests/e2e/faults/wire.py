"""A proxy between the service and PostgreSQL that reads along: it counts round trips, and loses or holds a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

from persistence import url as urls

AWAITED = frozenset(b"QSH")  # Query, Sync, Flush: what a client sends last before it waits for the server


class AtCommit(Enum):
    """What happens to the next COMMITs of the service's calls."""

    PASS = "pass"
    LOSE_BEFORE = "the connection ends before the database sees it"
    LOSE_AFTER = "the database commits and the connection ends before its answer"
    HOLD = "the database commits and its answer never comes"


@dataclass(eq=False)
class Link:
    """One connection of the service, which `serves_calls` unless it is that of the pings."""

    client: asyncio.StreamWriter
    database: asyncio.StreamWriter
    serves_calls: bool = False
    round_trips: int = 0
    fate: AtCommit = AtCommit.PASS

    def cut(self) -> None:
        self.client.transport.abort()
        self.database.transport.abort()


@dataclass
class Wire:
    """What passes: `url` leads through the proxy; `at_commit` holds for the next `commits` COMMITs."""

    url: str
    at_commit: AtCommit = AtCommit.PASS
    commits: int = 0
    opened: int = 0
    links: list[Link] = field(default_factory=list)
    committed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def round_trips(self) -> int:
        """Of all calls so far; pings are not counted."""
        return sum(link.round_trips for link in self.links if link.serves_calls)

    @property
    def opened_for_calls(self) -> int:
        """Connections of the pool so far, those that ended too."""
        return sum(link.serves_calls for link in self.links)

    def arm(self, fate: AtCommit, commits: int = 1) -> None:
        self.at_commit, self.commits = fate, commits
        self.committed.clear()

    def drop_held(self) -> None:
        """Ends the connections whose answer is held back."""
        for link in self.links:
            if link.fate is AtCommit.HOLD:
                link.cut()

    def fate_of_commit(self) -> AtCommit:
        if self.commits == 0:
            return AtCommit.PASS
        self.commits -= 1
        return self.at_commit


@asynccontextmanager
async def wire(database_url: str) -> AsyncIterator[Wire]:
    """A proxy on a port of its own before the database at `database_url`."""
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
    proxy = Wire(f"postgresql://{account}@127.0.0.1:{port}/{target.url.database}?sslmode=disable")
    try:
        yield proxy
    finally:
        server.close()
        for link in proxy.links:
            link.cut()
        await asyncio.gather(*passing)


async def _pass_through(
    proxy: Wire, target: urls.DatabaseUrl, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        answers, database = await _connect(target)
    except OSError:  # the database is down: the service shall find the connection closed
        writer.transport.abort()
        return
    link = Link(writer, database)
    proxy.opened += 1
    proxy.links.append(link)
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_questions(proxy, link, reader))
            both.create_task(_answers(proxy, link, answers))
    finally:
        link.cut()


async def _connect(target: urls.DatabaseUrl) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    hosts, ports = target.connect_args.get("host"), target.connect_args.get("port")
    if isinstance(hosts, list) and isinstance(ports, list):
        return await asyncio.open_unix_connection(f"{hosts[0]}/.s.PGSQL.{ports[0]}")
    return await asyncio.open_connection(target.url.host, target.url.port or 5432)


async def _questions(proxy: Wire, link: Link, reader: asyncio.StreamReader) -> None:
    """From the service to the database, message by message; the first one has no type and names the settings."""
    try:
        size = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(size) - 4)
        link.serves_calls = b"application_name\0taxiway\0" in body
        link.database.write(size + body)
        while True:
            await _question(proxy, link, await reader.readexactly(5), reader)
    except (asyncio.IncompleteReadError, ConnectionError):
        link.cut()


async def _question(proxy: Wire, link: Link, head: bytes, reader: asyncio.StreamReader) -> None:
    body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
    link.round_trips += head[0] in AWAITED
    if head[0] == ord("Q") and body.startswith(b"COMMIT") and link.serves_calls:
        link.fate = proxy.fate_of_commit()
    if link.fate is AtCommit.LOSE_BEFORE:
        raise ConnectionResetError
    link.database.write(head + body)


async def _answers(proxy: Wire, link: Link, reader: asyncio.StreamReader) -> None:
    try:
        while data := await reader.read(65536):
            if link.fate is AtCommit.PASS:
                link.client.write(data)
                continue
            proxy.committed.set()
            if link.fate is AtCommit.LOSE_AFTER:
                break
    except ConnectionError:
        pass
    link.cut()
