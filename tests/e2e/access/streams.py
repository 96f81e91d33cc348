"""Streams that stay open: a client that has not sent all, and one that does not read on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import grpc

from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import ExportUserDataRequest, ImportUsersRequest, UserImport
from taxiway.v1.user_service_pb2_grpc import UserServiceStub
from tests.e2e.bearer import bearing
from tests.e2e.conftest import Service
from tests.e2e.faults.until import until
from tests.e2e.rows import run, select

ROWS, BYTES = 300, 10_000  # 3 MB of a user's tasks
# A connection holds 64 KiB for who does not read, and does not learn to hold more.
NARROW = (("grpc.http2.bdp_probe", 0), ("grpc.use_local_subchannel_pool", 1))


@dataclass
class Importing:
    """An import whose client sends when the test says so."""

    service: Service
    call: Any

    async def send(self) -> str:
        """One user more; the name, once it is there."""
        username = f"u{uuid4().hex}"
        user = User(username=username, email=f"{username}@example.com")
        await self.call.write(ImportUsersRequest(users=[UserImport(user=user)]))
        return username

    async def made(self, username: str) -> bool:
        statement = f"SELECT 1 FROM users WHERE username = '{username}'"
        return len(await select(self.service.database_url, statement)) == 1

    async def code(self) -> grpc.StatusCode:
        return await ended(self.call)


@asynccontextmanager
async def importing(service: Service, token: str) -> AsyncIterator[Importing]:
    """Open, and at work: the first of its users is made."""
    stubs = await service.with_token(token)
    stream = Importing(service, stubs.users.ImportUsers())
    first = await stream.send()
    await until(lambda: stream.made(first), 5)
    try:
        yield stream
    finally:
        stream.call.cancel()


@dataclass
class Exporting:
    """An export whose client has read one row, and no more until `rest`."""

    call: Any

    async def rest(self) -> int:
        """Reads to the end; how many rows came."""
        rows = 0
        try:
            while await self.call.read() is not grpc.aio.EOF:
                rows += 1
        except grpc.aio.AioRpcError:
            return rows
        return rows

    async def code(self) -> grpc.StatusCode:
        return await ended(self.call)


@asynccontextmanager
async def exporting(service: Service, token: str, name: str) -> AsyncIterator[Exporting]:
    """Open, and held up: the connection is full."""
    await run(
        service.database_url,
        "INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by)"
        f" SELECT '{name.removeprefix('users/')}', gen_random_uuid(), 'A task', repeat('x', {BYTES}), 'LOW', u.id, u.id"
        f" FROM users u, generate_series(1, {ROWS}) WHERE u.id = '{name.removeprefix('users/')}'",
    )
    async with grpc.aio.insecure_channel(service.address, options=NARROW, interceptors=bearing(token)) as channel:
        stream = Exporting(UserServiceStub(channel).ExportUserData(ExportUserDataRequest(name=name)))
        assert await stream.call.read() is not grpc.aio.EOF
        yield stream


async def ended(call: Any) -> grpc.StatusCode:
    """The code of a call that is over, or is about to be."""
    async with asyncio.timeout(10):
        code: grpc.StatusCode = await call.code()
        return code
