"""A real server on a real database, and the real stubs: in this process where a test looks inside, else in its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
import pytest

from service.address import Address
from service.app import running
from service.lifecycle import Lifecycle
from service.secret_key import SecretKeys
from service.settings import Settings
from taxiway.v1.auth_service_pb2_grpc import AuthServiceStub
from taxiway.v1.project_service_pb2_grpc import ProjectServiceStub
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from taxiway.v1.user_service_pb2_grpc import UserServiceStub
from tests.conftest import Databases
from tests.e2e.accounts import Accounts, accounts_in
from tests.e2e.bearer import bearing

if TYPE_CHECKING:
    from taxiway.v1.auth_service_pb2_grpc import AuthServiceAsyncStub
    from taxiway.v1.project_service_pb2_grpc import ProjectServiceAsyncStub
    from taxiway.v1.task_service_pb2_grpc import TaskServiceAsyncStub
    from taxiway.v1.user_service_pb2_grpc import UserServiceAsyncStub

KEYS = SecretKeys((bytes(32),))


@dataclass(frozen=True)
class Stubs:
    """The services over one channel."""

    channel: grpc.aio.Channel

    @property
    def users(self) -> "UserServiceAsyncStub":
        return UserServiceStub(self.channel)

    @property
    def tasks(self) -> "TaskServiceAsyncStub":
        return TaskServiceStub(self.channel)

    @property
    def projects(self) -> "ProjectServiceAsyncStub":
        return ProjectServiceStub(self.channel)

    @property
    def auth(self) -> "AuthServiceAsyncStub":
        return AuthServiceStub(self.channel)


@dataclass(frozen=True)
class Service(Stubs):
    """A server in this process, a channel to it for an administrator (`users/me`), and its database."""

    lifecycle: Lifecycle
    database_url: str
    accounts: Accounts
    token: str = field(repr=False)  # the administrator's
    _stack: AsyncExitStack = field(repr=False)

    @property
    def address(self) -> str:
        return str(self.lifecycle.address)

    async def with_token(self, token: str | None) -> Stubs:
        """The stubs for who has this token; None for nobody."""
        interceptors = [] if token is None else bearing(token)
        channel = grpc.aio.insecure_channel(self.address, interceptors=interceptors)
        return Stubs(await self._stack.enter_async_context(channel))

    async def called_by(self, role: str, scopes: tuple[str, ...] = ()) -> Stubs:
        """The stubs for a new account of this role: a SERVICE calls with an API key, all others with a session."""
        return await self.with_token((await self.accounts.make(role, scopes)).token)


@asynccontextmanager
async def in_process(database_url: str, **settings: object) -> AsyncIterator[Service]:
    """`settings`: those that are to differ; passwords are hashed with little memory, since they protect nothing."""
    cheap = {"argon2_memory": 8192, "argon2_time": 1, "purge": "off", "listen": Address("127.0.0.1", 0)}
    given = Settings.model_validate(cheap | settings)
    async with AsyncExitStack() as stack:
        lifecycle = await stack.enter_async_context(running(given, database_url, KEYS))
        made = accounts_in(lifecycle.db)
        administrator = await made.make("ADMIN")
        address = str(lifecycle.address)
        channel = grpc.aio.insecure_channel(address, interceptors=bearing(administrator.token))
        await stack.enter_async_context(channel)
        yield Service(channel, lifecycle, database_url, made, administrator.token, stack)


@pytest.fixture(scope="module")
async def service_of_file(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    """One server and database for all tests of a file, which each make what they need: to start it costs the most."""
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Service]:
    """A server on a fresh database, for one test."""
    async with in_process(database_url) as serving:
        yield serving
