"""Lines are JSON on standard error unless a terminal reads them, libraries' lines too, and secrets are in none."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.redaction import HIDDEN, is_secret_name, redact_keys

ROOT = Path(__file__).parents[2]
BEGIN = "import logging as library, structlog\nfrom service import logging\nlog = structlog.get_logger()\n"
CANARY = "canary-zuQ7"


def said(program: str) -> list[dict[str, Any]]:
    """The lines that a program writes to a pipe, each read as JSON; it writes nothing on standard output."""
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN + program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    assert ended.stdout == ""
    return [json.loads(line) for line in ended.stderr.splitlines()]


def on_terminal(program: str, **environment: str) -> str:
    """What a program writes where its standard error is a terminal."""
    ours, theirs = pty.openpty()
    try:
        variables = {**os.environ, "NO_COLOR": "", "TERM": "xterm", **environment}
        subprocess.run([sys.executable, "-c", BEGIN + program], cwd=ROOT, env=variables, stderr=theirs, check=True)
        return os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_line_is_json_with_level_and_time_in_utc() -> None:
    (line,) = said("logging.configure(); log.info('call', method='Get', ms=1.5)")
    time = datetime.fromisoformat(line.pop("timestamp"))
    assert line == {"event": "call", "level": "info", "method": "Get", "ms": 1.5}
    assert time.tzinfo == UTC
    assert abs((datetime.now(UTC) - time).total_seconds()) < 60


def test_the_level_bounds_the_service_and_the_libraries_alike() -> None:
    program = "logging.configure('warning'); log.info('a'); log.warning('b')\n"
    program += "library.getLogger('x').info('c'); library.getLogger('x').error('d')"
    assert [line["event"] for line in said(program)] == ["b", "d"]


@pytest.mark.parametrize("name", ["sqlalchemy.engine", "asyncpg", "alembic.runtime.migration", "grpc._cython.cygrpc"])
def test_lines_of_libraries_have_the_same_form_and_name_the_library(name: str) -> None:
    (line,) = said(f"logging.configure(); library.getLogger('{name}').warning('%s went', 'it')")
    line.pop("timestamp")
    assert line == {"event": "it went", "level": "warning", "logger": name}


@pytest.mark.parametrize("name", ["sqlalchemy.engine", "alembic.runtime.migration", "grpc._cython.cygrpc", "asyncio"])
def test_the_chatter_of_libraries_is_left_out(name: str) -> None:
    assert said(f"logging.configure('debug'); library.getLogger('{name}').info('chatter')") == []


def test_warnings_of_python_are_lines_as_well() -> None:
    (line,) = said("import warnings; logging.configure(); warnings.warn('old')")
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")


def test_a_second_configuration_replaces_the_first() -> None:
    program = (
        "logging.configure('error'); logging.configure('info'); log.info('once'); library.getLogger('x').info('two')"
    )
    assert [line["event"] for line in said(program)] == ["once", "two"]


def test_values_under_secret_names_are_hidden_at_any_depth() -> None:
    event = {"event": "e", "page_token": "x", "call": {"Authorization": "x", "peers": [{"apiKey": "x", "port": 1}]}}
    assert redact_keys(None, "info", event) == {
        "event": "e",
        "page_token": HIDDEN,
        "call": {"Authorization": HIDDEN, "peers": [{"apiKey": HIDDEN, "port": 1}]},
    }


@pytest.mark.parametrize(
    "name", ["password", "new_password", "PASSWORDS", "token", "secret", "SECRET_KEY", "authorization", "dsn", "key"]
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)
    assert is_secret_name("database_url")
    assert is_secret_name("TAXIWAY_DATABASE_URL")


@pytest.mark.parametrize("name", ["event", "method", "monkey", "keyboard", "url", "database", "request_id", "peer"])
def test_other_names_are_not(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize("speaker", ["log", "library.getLogger('x')"])
@pytest.mark.parametrize("form", ["json", "console"])
def test_a_known_secret_is_hidden_in_events_and_tracebacks(speaker: str, form: str) -> None:
    program = f"logging.configure('info', '{form}', ['{CANARY}'])\ntry: raise ValueError('dsn {CANARY}!')\n"
    program += f"except ValueError: {speaker}.exception('with ' + '{CANARY}')"
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN + program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "ValueError: dsn [hidden]!" in ended.stderr
    assert "with [hidden]" in ended.stderr
    assert CANARY not in ended.stderr


def test_a_traceback_shows_no_local_variables() -> None:
    program = f"logging.configure('info', 'console')\ndef fail():\n  local = '{CANARY}'[:]\n  return 1 / 0\n"
    program += "try: fail()\nexcept ZeroDivisionError: log.exception('bug')"
    assert CANARY not in on_terminal(program)


def test_on_a_terminal_lines_are_for_people_and_coloured() -> None:
    shown = on_terminal("logging.configure(); log.info('call', method='Get')")
    assert "\x1b[" in shown
    assert "call" in shown
    assert not shown.startswith("{")


def test_no_color_is_respected() -> None:
    assert "\x1b[" not in on_terminal("logging.configure(); log.info('call')", NO_COLOR="1")


def test_json_can_be_asked_for_on_a_terminal() -> None:
    assert json.loads(on_terminal("logging.configure('info', 'json'); log.info('call')"))["event"] == "call"
