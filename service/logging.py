"""What the process says of itself: lines on standard error, JSON unless a person reads them on a terminal."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from service.redaction import redact_keys, redact_values

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "json", "console"]

# What these say at `info` the service says better itself: one line a call, one line a migration.
_QUIET = ("alembic", "asyncio", "grpc", "sqlalchemy")


def configure(level: Level = "info", form: Format = "auto", secrets: Sequence[str] = ()) -> None:
    """Sets structlog and the standard library's logging up; a second call replaces what the first one did.

    Values under keys such as `password` are hidden, and `secrets` wherever they appear in an event or a traceback.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    prepare = _preparing(secrets)
    render = _rendering(form, sys.stderr)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *prepare, render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _route_libraries(number, prepare, render)


def for_lines() -> FilteringBoundLogger:
    """A logger for lines of fixed keys that hold no secret, one a call: no search for secrets, no traceback.

    To be asked for after `configure`; costs a third of what the general one does.
    """
    config = structlog.get_config()
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    processors = [structlog.processors.add_log_level, stamp, config["processors"][-1]]
    writer = config["logger_factory"]()
    logger: FilteringBoundLogger = structlog.wrap_logger(writer, processors, config["wrapper_class"])
    return logger.bind()


def _preparing(secrets: Sequence[str]) -> list[Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact_keys,
        redact_values(secrets),
    ]


def _rendering(form: Format, stream: TextIO) -> Processor:
    if form == "json" or (form == "auto" and not stream.isatty()):
        return structlog.processors.JSONRenderer()
    # `format_exc_info` has made text of tracebacks: rich ones would show the values of local variables, secrets too.
    colors = stream.isatty() and not os.environ.get("NO_COLOR")
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)


def _route_libraries(level: int, prepare: list[Processor], render: Processor) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_name_library, *prepare],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def _name_library(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Says which library speaks: the service's own lines have no `logger`."""
    event["logger"] = event["_record"].name
    return event
