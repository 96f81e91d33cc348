"""The database that a command works on: the one in the settings, one that runs, or one started for the command."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING

from service.errors import StartupError

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

    from persistence.embedded import EmbeddedPostgres
    from service.settings import Settings

AGAIN = 0.05  # seconds until a signal that came while Python forked is sent once more


@dataclass(frozen=True, slots=True)
class Place:
    """A database: its `url`, and a `name` that is fit for messages."""

    name: str
    url: str = field(repr=False)
    embedded: bool


@contextmanager
def database(settings: Settings, say: Callable[[EmbeddedPostgres], None], *, attach: bool) -> Iterator[Place]:
    """The database to work on; an embedded one that was started for it is stopped at the end, and no other is.

    `attach` allows an embedded one that runs already; `say` is told of one that was started.
    Raises StartupError for a wrong URL, and where the embedded one cannot run.
    """
    if settings.database_url is not None:
        yield _configured(settings.database_url.get_secret_value())
        return
    name = f"embedded database in {settings.data_dir}"
    running = _attached(settings) if attach else None
    if running is not None:
        yield Place(name, running, embedded=True)
        return
    with _started(settings) as server:
        say(server)
        yield Place(name, server.url, embedded=True)


@contextmanager
def in_one_sentence(*kinds: type[Exception]) -> Iterator[None]:
    """Turns errors whose text is meant for the user into StartupError."""
    try:
        yield
    except kinds as error:
        raise StartupError(str(error)) from error


@contextmanager
def ended_by_signals(exit_code: int) -> Iterator[None]:
    """SIGTERM and SIGINT leave the block by SystemExit, which closes what it holds; a second one changes nothing."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(exit_code)

    def send_again(swallowed: UnraisableHookArgs) -> None:
        """Python swallows what is raised while it forks: the signal would be lost, and all others ignored."""
        if swallowed.exc_type is not SystemExit:
            report(swallowed)
            return
        for number in before:
            signal.signal(number, leave)
        threading.Timer(AGAIN, os.kill, (os.getpid(), signal.SIGTERM)).start()

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    report, sys.unraisablehook = sys.unraisablehook, send_again
    for number in before:
        signal.signal(number, leave)
    try:
        yield
    finally:
        sys.unraisablehook = report
        for number, handler in before.items():
            signal.signal(number, handler)


def _configured(url: str) -> Place:
    from persistence.url import UrlError, parse

    with in_one_sentence(UrlError):
        return Place(f"database at {parse(url)}", url, embedded=False)


def _attached(settings: Settings) -> str | None:
    from persistence.embedded import EmbeddedError, attach

    with in_one_sentence(EmbeddedError):
        return attach(settings.data_dir)


def _started(settings: Settings) -> EmbeddedPostgres:
    from persistence.embedded import EmbeddedError, start

    with in_one_sentence(EmbeddedError):
        return start(settings.data_dir)
