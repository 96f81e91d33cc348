"""Two users with all that an account can have, and a caller of each kind: what the matrix is about."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import argon2
import asyncpg

from service.credentials import opaque_tokens
from service.credentials.opaque_tokens import RefreshTokens
from taxiway.v1.access_pb2 import Access
from taxiway.v1.project_pb2 import Project
from taxiway.v1.project_service_pb2 import CreateProjectRequest
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CreateTaskRequest
from tests.e2e.access.contract import USER
from tests.e2e.access.rules import Thing, Who, scopes_of
from tests.e2e.accounts import Account, Accounts
from tests.e2e.conftest import KEYS

if TYPE_CHECKING:
    from taxiway.v1.project_service_pb2_grpc import ProjectServiceAsyncStub
    from taxiway.v1.task_service_pb2_grpc import TaskServiceAsyncStub

PASSWORD = "a password of the matrix"
Names = Mapping[str, str]  # type of a resource -> name of one


class Place(Protocol):
    """What a world is made in: a server of this process or of its own."""

    @property
    def address(self) -> str: ...
    @property
    def database_url(self) -> str: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def tasks(self) -> "TaskServiceAsyncStub": ...
    @property
    def projects(self) -> "ProjectServiceAsyncStub": ...


@dataclass
class Worlds:
    """Makes worlds in the database of one server."""

    service: Place
    connection: "asyncpg.Connection[asyncpg.Record]"
    password_hash: str
    third: Account
    _services: dict[frozenset[str], str] = field(default_factory=dict)

    async def make(self) -> "World":
        ada, bob, admin = [await self.service.accounts.make(role) for role in ("USER", "USER", "ADMIN")]
        secrets = await self._give_secrets(ada)
        own, foreign = await self._belongings(ada), await self._belongings(bob)
        tokens = {Who.USER: ada.token, Who.OTHER_USER: bob.token, Who.ADMIN: admin.token, Who.NOBODY: None}
        return World(tokens, {Thing.OWN: own, Thing.FOREIGN: foreign, Thing.MISSING: _missing(self.third)}, secrets)

    async def key_of_service(self, scopes: frozenset[str]) -> str:
        """Of an account that has these scopes; no call changes it."""
        if scopes not in self._services:
            self._services[scopes] = (await self.service.accounts.make("SERVICE", sorted(scopes))).token
        return self._services[scopes]

    async def _belongings(self, owner: Account) -> dict[str, str]:
        draft = Task(title="Something", tags=["something"])
        task = await self.service.tasks.CreateTask(CreateTaskRequest(parent=owner.name, task=draft))
        made = CreateProjectRequest(parent=owner.name, project=Project(display_name="Things"))
        project = await self.service.projects.CreateProject(made)
        tag_id = await self.connection.fetchval("SELECT id FROM tags WHERE owner_id = $1", owner.id)
        key_id = uuid4()
        await self.connection.execute(
            "INSERT INTO api_keys (id, user_id, display_name, token_hash, scopes, created_by)"
            " VALUES ($1, $2, '', $3, '{}', $2)",
            key_id,
            owner.id,
            bytes(32),
        )
        below = {"Task": task.name, "ApiKey": f"{owner.name}/apiKeys/{key_id}"}
        below |= {"Project": project.name, "Tag": f"{owner.name}/tags/{tag_id}"}
        below |= {"User": owner.name, "Session": f"{owner.name}/sessions/{owner.credential_id}"}
        return {f"taxiway.dev/{kind}": name for kind, name in below.items()}

    async def _give_secrets(self, owner: Account) -> dict[str, str]:
        """What lets its holder in without a bearer token: a password, a refresh token, a reset token."""
        refresh_token, digest = RefreshTokens(KEYS.values).make(owner.credential_id)
        secret = bytes(16)
        run = self.connection.execute
        await run("UPDATE sessions SET token_hash = $1 WHERE id = $2", digest, owner.credential_id)
        await run(
            "INSERT INTO credentials (user_id, password_hash) VALUES ($1, $2)",
            owner.id,
            self.password_hash,
        )
        await run(
            "INSERT INTO password_resets (user_id, token_hash, expire_at, created_by)"
            " VALUES ($1, $2, now() + interval '1 hour', $1)",
            owner.id,
            opaque_tokens.digest(secret),
        )
        reset_token = opaque_tokens.make("twp_", owner.id, secret)
        return {"login": f"u{owner.id.hex}", "refresh_token": refresh_token, "reset_token": reset_token}


@dataclass(frozen=True)
class World:
    """Made anew after each call that was let in, so that every call finds the same."""

    tokens: Mapping[Who, str | None]
    names: Mapping[Thing, Names]
    secrets: Mapping[str, str]

    def values(self) -> dict[str, object]:
        """For fields that name no resource. A password that breaks the policy is looked at last of all, and changes
        nothing."""
        unique = f"w{uuid4().hex}"
        new = {"username": unique, "email": f"{unique}@example.com", "title": "Another", "scopes": ["tasks.read"]}
        new |= {"display_name": unique, "query": "another", "tasks": ()}
        return {**new, **self.secrets, "password": PASSWORD, "old_password": PASSWORD, "new_password": "too short"}


def _missing(owner: Account) -> dict[str, str]:
    """A user that does not exist, with what does not exist below it; its secrets below one who calls nothing."""
    nobody = f"users/{uuid4()}"
    kinds = {"Task": "tasks", "Project": "projects", "Tag": "tags", "Session": "sessions", "ApiKey": "apiKeys"}
    below = {"Session": owner.name, "ApiKey": owner.name}
    return {USER: nobody} | {
        f"taxiway.dev/{kind}": f"{below.get(kind, nobody)}/{collection}/{uuid4()}" for kind, collection in kinds.items()
    }


@asynccontextmanager
async def worlds(service: Place) -> AsyncIterator[Worlds]:
    connection = await asyncpg.connect(service.database_url)
    password_hash = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    try:
        yield Worlds(service, connection, password_hash, await service.accounts.make("USER"))
    finally:
        await connection.close()


async def token_of(made: Worlds, world: World, who: Who, access: Access) -> str | None:
    if who in world.tokens:
        return world.tokens[who]
    return await made.key_of_service(scopes_of(who, access))
