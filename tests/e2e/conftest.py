"""A real server on a real database, and the real stubs: in this process where a test looks inside, else in its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import pytest

from service.address import Address
from service.app import running
from service.lifecycle import Lifecycle
from service.secret_key import SecretKeys
from service.settings import Settings
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from taxiway.v1.user_service_pb2_grpc import UserServiceStub

if TYPE_CHECKING:
    from taxiway.v1.task_service_pb2_grpc import TaskServiceAsyncStub
    from taxiway.v1.user_service_pb2_grpc import UserServiceAsyncStub

KEYS = SecretKeys((bytes(32),))


@dataclass(frozen=True)
class Service:
    """A server in this process, a channel to it, and its database."""

    lifecycle: Lifecycle
    channel: grpc.aio.Channel
    database_url: str

    @property
    def address(self) -> str:
        return str(self.lifecycle.address)

    @property
    def users(self) -> "UserServiceAsyncStub":
        return UserServiceStub(self.channel)

    @property
    def tasks(self) -> "TaskServiceAsyncStub":
        return TaskServiceStub(self.channel)


@asynccontextmanager
async def in_process(database_url: str) -> AsyncIterator[Service]:
    settings = Settings(listen=Address("127.0.0.1", 0), purge="off")
    async with (
        running(settings, database_url, KEYS) as lifecycle,
        grpc.aio.insecure_channel(str(lifecycle.address)) as channel,
    ):
        yield Service(lifecycle, channel, database_url)


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Service]:
    """A server on a fresh database, for one test."""
    async with in_process(database_url) as serving:
        yield serving
