"""A server of its own process that logs all it can, its metrics, and every refusal that a client of it heard."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.request import urlopen

import grpc
from google.protobuf.message import Message

from service.secret_key import SecretKeys
from taxiway.v1.project_service_pb2_grpc import ProjectServiceStub
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from tests.e2e.access.contract import Metadata, Outcome, rpc
from tests.e2e.accounts import Accounts, accounts
from tests.e2e.bearer import bearing
from tests.e2e.faults.ports import free_address
from tests.e2e.service_process import KEY, serving

if TYPE_CHECKING:
    from taxiway.v1.project_service_pb2_grpc import ProjectServiceAsyncStub
    from taxiway.v1.task_service_pb2_grpc import TaskServiceAsyncStub


@dataclass
class Stage:
    """Calls go through `call`; an administrator's are the default."""

    address: str
    database_url: str
    accounts: Accounts
    channel: grpc.aio.Channel
    own: grpc.aio.Channel
    token: str
    metrics_address: str
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)

    @property
    def tasks(self) -> "TaskServiceAsyncStub":
        return TaskServiceStub(self.own)

    @property
    def projects(self) -> "ProjectServiceAsyncStub":
        return ProjectServiceStub(self.own)

    async def call(self, name: str, request: Message, token: str | None = None, metadata: Metadata = ()) -> Outcome:
        """As the administrator, or with a token; with none at all where it is empty."""
        bearer = self.token if token is None else token
        given = (("authorization", f"Bearer {bearer}"), *metadata) if bearer else metadata
        outcome = await rpc(name).call(self.channel, request, given)
        self.outcomes.setdefault(name, []).append(outcome)
        return outcome

    async def ok(self, name: str, request: Message, token: str | None = None) -> Message:
        """The answer of a call that must succeed."""
        outcome = await self.call(name, request, token)
        assert outcome.code is grpc.StatusCode.OK, (name, outcome)
        return outcome.answers[0]

    def refusals(self) -> Mapping[str, str]:
        """All that clients were told when a call failed, by method."""
        return {name: "\n".join(map(_told, outcomes)) for name, outcomes in self.outcomes.items()}

    def metrics(self) -> str:
        with urlopen(f"http://{self.metrics_address}/metrics", timeout=10) as answer:
            return str(answer.read().decode())


def _told(outcome: Outcome) -> str:
    values = [value.decode("latin-1") if isinstance(value, bytes) else value for _, value in outcome.trailers]
    return "\n".join([outcome.message, *values])


@asynccontextmanager
async def stage(database_url: str) -> AsyncIterator[Stage]:
    with free_address() as metrics:
        pass  # free again, since the server of the metrics shares its port with nobody
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": KEY, "PURGE": "off", "METRICS_LISTEN": metrics}
    settings |= {"LOG_LEVEL": "debug", "LOG_FORMAT": "json", "SIGN_IN_LIMIT": "1000"}
    async with accounts(database_url, SecretKeys((bytes(32),))) as made, serving(settings) as server:
        token = (await made.make("ADMIN")).token
        own = grpc.aio.insecure_channel(server.address, interceptors=bearing(token))
        async with grpc.aio.insecure_channel(server.address) as channel, own:
            yield Stage(server.address, database_url, made, channel, own, token, metrics)
