"""A PostgreSQL of a test's own, to be frozen, restarted and killed while others go on."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from migrations import commands
from persistence import embedded
from tests.e2e.faults.processes import family
from tests.e2e.faults.until import until
from tests.persistence.embedded_watch import living


@dataclass
class OwnPostgres:
    """A migrated database on an embedded server that this process started."""

    directory: Path
    server: embedded.EmbeddedPostgres
    durable: bool

    @property
    def url(self) -> str:
        return self.server.url

    def freeze(self) -> set[int]:
        """Stops every process of the server, the postmaster first so that it starts no other; answers which."""
        os.kill(self.server.pid, signal.SIGSTOP)
        processes = family(self.server.pid)
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        return processes

    def thaw(self) -> None:
        for process in family(self.server.pid):
            with suppress(ProcessLookupError):  # it ends by itself, or has ended
                os.kill(process, signal.SIGCONT)

    async def restart(self, end: signal.Signals) -> None:
        """SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one, which is a crash."""
        processes = family(self.server.pid)
        os.kill(self.server.pid, end)
        await until(lambda: not living(processes), 10)
        self.server.stop()
        self.start()

    def start(self) -> None:
        self.server = embedded.start(self.directory, durable=self.durable)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        opened = await asyncpg.connect(self.url)
        try:
            yield opened
        finally:
            await opened.close()


@asynccontextmanager
async def own_postgres(directory: Path, *, durable: bool = False) -> AsyncIterator[OwnPostgres]:
    """Only a `durable` one keeps what it has acknowledged when it crashes."""
    postgres = OwnPostgres(directory, embedded.start(directory, durable=durable), durable)
    try:
        await commands.upgrade(postgres.url)
        yield postgres
    finally:
        postgres.thaw()
        postgres.server.stop()
