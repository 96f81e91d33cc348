"""The composition root: settings -> database -> servicers -> server, closed in reverse order."""

import asyncio
from collections.abc import AsyncIterator
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
from persistence.url import UrlError
from service import reflection
from service.administrator import ensure_administrator
from service.errors import ServiceError, StartupError
from service.exposition import expose
from service.health import HealthServicer
from service.interceptors.admission import Admission
from service.interceptors.chain import Chain
from service.interceptors.drain import Drain
from service.interceptors.metrics import CallMetrics
from service.lifecycle import Lifecycle, serve_until_signal
from service.listening import OPTIONS, bind
from service.pagination import PageTokens
from service.registration import UnknownMethods, handlers
from service.secret_key import SecretKeys
from service.settings import Settings
from service.tasks.servicer import TaskServicer
from service.users.servicer import UserServicer
from taxiway.v1 import task_service_pb2, user_service_pb2

IN_FLIGHT = 160  # calls at a time in one worker: some 16 for each connection of its pool

USERS: ServiceDescriptor = user_service_pb2.DESCRIPTOR.services_by_name["UserService"]
TASKS: ServiceDescriptor = task_service_pb2.DESCRIPTOR.services_by_name["TaskService"]
HEALTH: Any = health_pb2.DESCRIPTOR.services_by_name["Health"]  # typed as the implementation of a descriptor


async def serve(settings: Settings, database_url: str, keys: SecretKeys) -> int:
    """Serves until SIGTERM or SIGINT, drains, and answers the exit code. Raises StartupError."""
    async with running(settings, database_url, keys) as lifecycle:
        return await serve_until_signal(lifecycle)


@asynccontextmanager
async def running(settings: Settings, database_url: str, keys: SecretKeys) -> AsyncIterator[Lifecycle]:
    """The service, listening and answering, for as long as the context lasts. Raises StartupError."""
    async with AsyncExitStack() as stack:
        db = await _open(stack, settings, database_url, keys)
        health = HealthServicer([USERS.full_name, TASKS.full_name])
        chain = Chain(CallMetrics(), Drain(), Admission(IN_FLIGHT, lambda: db.running))
        server = grpc.aio.server(options=[*OPTIONS, ("grpc.so_reuseport", int(settings.reuse_port))])
        server.add_generic_rpc_handlers(_handlers(settings, db, PageTokens(keys.values), chain, health))
        if settings.metrics_listen is not None:
            expose(settings.metrics_listen, chain.metrics, db)
        follower = asyncio.create_task(health.follow(db.pulse))
        stack.callback(follower.cancel)
        address = bind(server, settings.listen)
        await server.start()
        stack.push_async_callback(server.stop, 0)
        yield Lifecycle(server, address, health, chain.drain, chain.admission, db, settings.drain_delay)


async def _open(stack: AsyncExitStack, settings: Settings, database_url: str, keys: SecretKeys) -> Database:
    release = Release(version("taxiway"), migrations.head())
    pooler, purging = settings.pooler == "transaction", settings.purge == "on"
    opening = open_database(database_url, keys.values, release, pooler=pooler, purging=purging)
    try:
        db = await stack.enter_async_context(opening)
        await ensure_administrator(db)
    except (UrlError, OpenError, SchemaError) as error:
        raise StartupError(str(error)) from None
    except PersistenceError as error:
        message = (
            f"The database cannot be written to ({type(error).__name__}): give the account the rights on all tables, "
            "and let TAXIWAY_DATABASE_URL name a server that takes writes."
        )
        raise StartupError(message) from error
    except ServiceError as error:
        raise StartupError(f"The built-in administrator cannot be made: {error.message}") from None
    return db


def _handlers(
    settings: Settings, db: Database, tokens: PageTokens, chain: Chain, health: HealthServicer
) -> tuple[grpc.GenericRpcHandler, ...]:
    """The order matters: the first that knows a method serves it."""
    calls, tools = chain.of_calls(), chain.of_tools()
    served = [
        handlers(USERS, UserServicer(db, tokens), calls),
        handlers(TASKS, TaskServicer(db, tokens), calls),
        handlers(HEALTH, health, tools),
    ]
    if settings.mode == "development":
        described = [reflection.V1ALPHA, reflection.v1()]
        names = [service.full_name for service in (USERS, TASKS, HEALTH, *described)]
        served += [handlers(service, reflection.ReflectionServicer(names), tools) for service in described]
    return (*served, UnknownMethods(tools))
