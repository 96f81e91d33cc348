"""`taxiway serve`: settings, database, secret key, then the service itself."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from service.cli.help import environment

if TYPE_CHECKING:
    from persistence.embedded import EmbeddedPostgres
    from service.cli.database import Place
    from service.settings import Settings

_DESCRIPTION = """\
Serves UserService, AuthService and TaskService over gRPC, with health and reflection, until SIGTERM or SIGINT.

Prints `listening on HOST:PORT` on standard output when it answers; everything else is in the log on
standard error. Without TAXIWAY_DATABASE_URL it starts an embedded PostgreSQL in TAXIWAY_DATA_DIR,
brings its schema up to date, and stops it at the end. Where that has no administrator yet it makes one,
which has no password, and says once how to sign in. On a database of your own `taxiway user create-admin`
makes the first.

example:
  TAXIWAY_LISTEN=127.0.0.1:0 taxiway serve

exit codes:
  0  it was asked to end, and did
  1  a bug, which the log describes; an end that was not waited for, as by a second signal;
     or an embedded PostgreSQL that ended by itself
  2  it could not start: one sentence says why (a taken port, a database that is down, a wrong setting)"""

_FIRST_ADMINISTRATOR = (
    "The first administrator is made. Sign in, in another terminal:  TOKEN=$(make token)  or  TOKEN=$(taxiway token)"
)


def add_to(commands: Any) -> None:
    """Adds the command to the subparsers."""
    parser = commands.add_parser(
        "serve", help="serve until SIGTERM or Ctrl-C", description=_DESCRIPTION, more_help=environment
    )
    parser.set_defaults(run=_run)


def _run(_arguments: argparse.Namespace) -> int:
    from service.cli.database import ended_by_signals

    with ended_by_signals(0):
        return _start()


def _start() -> int:
    from service.cli.database import database
    from service.cli.preparation import prepare

    settings = prepare(serving=True)
    started: list[EmbeddedPostgres] = []
    with database(settings, started.append, attach=False) as place:
        for server in started:
            _announce(server)
            threading.Thread(target=_follow, args=(server,), daemon=True).start()
        code = _serve(settings, place)
        return 1 if any(server.ended_by_itself() for server in started) else code


def _follow(server: EmbeddedPostgres) -> None:
    """Ends the service with its database: nobody else would start it again, and every call would be refused."""
    import structlog

    if server.ended_by_itself(None):
        log = server.data_directory.parent / "postgres.log"
        structlog.get_logger().error("the embedded PostgreSQL ended by itself: start the service again", log=str(log))
        os.kill(os.getpid(), signal.SIGTERM)


def _serve(settings: Settings, place: Place) -> int:
    from service import app, secret_key
    from service.cli.port import check_ports

    check_ports(settings)
    if place.embedded:
        _bring_up_to_date(place)
    keys = secret_key.load(settings, embedded=place.embedded)
    return _run_to_end(app.serve(settings, place.url, keys, _greet if place.embedded else None))


def _bring_up_to_date(place: Place) -> None:
    import structlog

    from service.cli.schema import bring_up_to_date

    step = bring_up_to_date(place)
    if step is not None:
        structlog.get_logger().info("schema of the embedded database upgraded", before=step[0], now=step[1])


def _greet() -> None:
    """The hint is a line for a person, whatever the log's format, and is printed by the start that made it alone."""
    print(_FIRST_ADMINISTRATOR, file=sys.stderr, flush=True)


def _announce(server: EmbeddedPostgres) -> None:
    import structlog

    log = structlog.get_logger()
    log.info("embedded PostgreSQL started", process=server.pid, directory=str(server.data_directory))
    if server.notice is not None:
        log.warning(server.notice)


def _run_to_end(service: Coroutine[Any, Any, int]) -> int:
    """On uvloop where there is one: its wheels are made for Linux and macOS."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(service)
    return uvloop.run(service)
