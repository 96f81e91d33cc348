"""How the service connects: pool, limits of time, and when a connection is given up."""

from uuid import uuid4

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from persistence import errors
from persistence.url import DatabaseUrl

CEILING = 10.0  # seconds that any unary call may take; the database ends a statement at the same time
POOL_WAIT = 0.5  # seconds to wait for a free connection before a call is refused
CONNECT_WAIT = 2  # seconds to wait for a new connection
RECYCLE = 1800  # seconds after which a connection is made anew, so that balancers and DNS changes take effect

_LIMITS = {
    "statement_timeout": f"{CEILING * 1000:.0f}",
    "lock_timeout": "1000",
    "idle_in_transaction_session_timeout": "15000",
    "application_name": "taxiway",
    "timezone": "UTC",
    "jit": "off",  # every statement of the service is short: planning time would go to compiling
}


def serving(url: DatabaseUrl, pool_size: int, *, pooler: bool = False) -> AsyncEngine:
    """The engine that calls use. With `pooler` (PgBouncer in transaction mode) it keeps no statement and no setting."""
    arguments = {"timeout": CONNECT_WAIT, **url.connect_args, "command_timeout": CEILING + 1}
    arguments |= _pooled_elsewhere() if pooler else _with_limits(url)
    engine = create_async_engine(
        url.url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT,
        pool_recycle=RECYCLE,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args=arguments,
        # A unit that writes says BEGIN and COMMIT itself: persistence/transaction.py. Behind a pooler the level is set
        # below: SQLAlchemy's first look at the server then stays in one transaction, and so on one server.
        **({} if pooler else {"isolation_level": "AUTOCOMMIT"}),
    )
    if pooler:
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    event.listen(engine.sync_engine, "handle_error", _give_up_lost_connections)
    return engine


def single(url: DatabaseUrl, command_timeout: float | None = None, *, pooler: bool = False) -> AsyncEngine:
    """An engine without a pool, for what must not wait behind calls: pings, the purge, the commands of `taxiway db`."""
    arguments = {"timeout": CONNECT_WAIT, **url.connect_args, "command_timeout": command_timeout}
    arguments |= _pooled_elsewhere() if pooler else {}
    return create_async_engine(url.url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)


def _with_limits(url: DatabaseUrl) -> dict[str, object]:
    given = url.connect_args.get("server_settings")
    settings = {**_LIMITS, **(given if isinstance(given, dict) else {})}
    return {"server_settings": settings, "prepared_statement_cache_size": 500}


def _pooled_elsewhere() -> dict[str, object]:
    nothing_kept = {"prepared_statement_cache_size": 0, "statement_cache_size": 0}
    return {"server_settings": {}, "prepared_statement_name_func": lambda: f"taxiway_{uuid4()}", **nothing_kept}


def _give_up_lost_connections(context: ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if isinstance(error, DBAPIError) and errors.is_lost(error):
        context.is_disconnect = True
