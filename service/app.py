"""The composition root: settings -> database -> servicers -> server, closed in reverse order."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2

import migrations
from persistence.database import Database
from persistence.errors import PersistenceError
from persistence.opening import OpenError, Release, open_database
from persistence.revision import SchemaError
from persistence.sealing import SealError
from persistence.url import UrlError
from service import certificates, reflection, tls
from service.auth.attempts import Attempts
from service.auth.servicer import AuthServicer
from service.credentials.opaque_tokens import RefreshTokens
from service.credentials.passwords import Passwords
from service.entrance import Entrance, entrance
from service.errors import StartupError
from service.exposition import expose
from service.first_administrator import ensure_local_administrator
from service.health import HealthServicer
from service.interceptors.admission import Admission
from service.interceptors.chain import Chain
from service.interceptors.drain import Drain
from service.interceptors.metrics import CallMetrics
from service.lifecycle import Lifecycle, serve_until_signal
from service.listening import OPTIONS, listen
from service.pagination import PageTokens
from service.projects.servicer import ProjectServicer
from service.registration import UnknownMethods, handlers
from service.secret_key import SecretKeys
from service.settings import Settings
from service.tasks.servicer import TaskServicer
from service.users.servicer import UserServicer
from taxiway.v1 import auth_service_pb2, project_service_pb2, task_service_pb2, user_service_pb2

Greet = Callable[[], None]
IN_FLIGHT = 160  # calls at a time in one worker: some 16 for each connection of its pool
WAITING = 16  # passwords that may wait for a thread: at 0.1 s each some 2 seconds, which is when callers give up

USERS: ServiceDescriptor = user_service_pb2.DESCRIPTOR.services_by_name["UserService"]
AUTH: ServiceDescriptor = auth_service_pb2.DESCRIPTOR.services_by_name["AuthService"]
TASKS: ServiceDescriptor = task_service_pb2.DESCRIPTOR.services_by_name["TaskService"]
PROJECTS: ServiceDescriptor = project_service_pb2.DESCRIPTOR.services_by_name["ProjectService"]
HEALTH: Any = health_pb2.DESCRIPTOR.services_by_name["Health"]  # typed as the implementation of a descriptor


async def serve(settings: Settings, database_url: str, keys: SecretKeys, greet: Greet | None = None) -> int:
    """Serves until SIGTERM or SIGINT, drains, and answers the exit code. Raises StartupError.

    `greet` is for the embedded database alone: where nobody administers it somebody is made, and `greet` is called.
    """
    async with running(settings, database_url, keys, greet) as lifecycle:
        return await serve_until_signal(lifecycle)


@asynccontextmanager
async def running(
    settings: Settings, database_url: str, keys: SecretKeys, greet: Greet | None = None
) -> AsyncIterator[Lifecycle]:
    """The service, listening and answering, for as long as the context lasts. Raises StartupError."""
    async with AsyncExitStack() as stack:
        db, doors = await _open(stack, settings, database_url, keys, greet)
        health = HealthServicer([USERS.full_name, AUTH.full_name, TASKS.full_name, PROJECTS.full_name])
        admission = Admission(IN_FLIGHT, lambda: db.running)
        chain = Chain(CallMetrics(), Drain(), admission, doors.authenticate, doors.authorize)
        server = grpc.aio.server(options=[*OPTIONS, ("grpc.so_reuseport", int(settings.reuse_port))])
        servicers = _servicers(stack, settings, db, keys, doors)
        server.add_generic_rpc_handlers(_handlers(settings, servicers, chain, health))
        served = _certificates(settings)
        if settings.metrics_listen is not None:
            expose(settings.metrics_listen, chain.metrics, db, served)
        follower = asyncio.create_task(health.follow(db.pulse))
        stack.callback(follower.cancel)
        address = listen(server, settings, served)
        await server.start()
        stack.push_async_callback(server.stop, 0)
        yield Lifecycle(server, address, health, chain.drain, chain.admission, db, settings.drain_delay)


async def _open(
    stack: AsyncExitStack, settings: Settings, database_url: str, keys: SecretKeys, greet: Greet | None
) -> tuple[Database, Entrance]:
    release = Release(version("taxiway"), migrations.head())
    pooler, purging = settings.pooler == "transaction", settings.purge == "on"
    opening = open_database(database_url, keys.values, release, pooler=pooler, purging=purging)
    try:
        db = await stack.enter_async_context(opening)
        if greet is not None and await ensure_local_administrator(db):
            greet()
        return db, await stack.enter_async_context(entrance(db, settings))
    except (UrlError, OpenError, SchemaError) as error:
        raise StartupError(str(error)) from None
    except SealError:
        message = (
            "The secret key is not the one that this database was used with: its signing keys do not open. "
            "Give the former one, behind a newer one where that is to replace it."
        )
        raise StartupError(message) from None
    except PersistenceError as error:
        message = (
            f"The database cannot be written to ({type(error).__name__}): give the account the rights on all tables, "
            "and let TAXIWAY_DATABASE_URL name a server that takes writes."
        )
        raise StartupError(message) from error


def _certificates(settings: Settings) -> tls.Certificates | None:
    files = certificates.files_of(settings)
    return None if files is None else tls.Certificates(files)


def _servicers(
    stack: AsyncExitStack, settings: Settings, db: Database, keys: SecretKeys, doors: Entrance
) -> tuple[tuple[ServiceDescriptor, object], ...]:
    pages = PageTokens(keys.values)
    passwords = Passwords(
        settings.argon2_memory,
        settings.argon2_time,
        settings.argon2_parallelism,
        settings.hashing_threads or max(1, (os.cpu_count() or 1) - 1),
        WAITING,
    )
    stack.callback(passwords.close)
    attempts = Attempts(keys.values, settings.sign_in_limit)
    refresh_tokens = RefreshTokens(keys.values)
    return (
        (USERS, UserServicer(db, pages)),
        (AUTH, AuthServicer(db, pages, passwords, doors.access_tokens, refresh_tokens, attempts, doors.key_ring)),
        (TASKS, TaskServicer(db, pages)),
        (PROJECTS, ProjectServicer(db, pages)),
    )


def _handlers(
    settings: Settings, servicers: tuple[tuple[ServiceDescriptor, object], ...], chain: Chain, health: HealthServicer
) -> tuple[grpc.GenericRpcHandler, ...]:
    """The order matters: the first that knows a method serves it."""
    calls, tools = chain.of_calls(), chain.of_tools()
    served = [handlers(service, servicer, calls) for service, servicer in servicers]
    served.append(handlers(HEALTH, health, tools))
    if settings.mode == "development":
        described = [reflection.V1ALPHA, reflection.v1()]
        names = [service.full_name for service in (*(service for service, _ in servicers), HEALTH, *described)]
        served += [handlers(service, reflection.ReflectionServicer(names), tools) for service in described]
    return (*served, UnknownMethods(tools))
