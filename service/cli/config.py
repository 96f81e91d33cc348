"""`taxiway config`: what the settings are, where each comes from, and whether `serve` would take them."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from service.cli.help import environment
from service.errors import StartupError

if TYPE_CHECKING:
    from service.settings import Settings

_DESCRIPTION = """\
Prints every setting with its value and where it comes from. Secrets are hidden.
Then says, in a sentence each, what `taxiway serve` would refuse; files that are named are read, nothing is
started or connected to.

example:
  TAXIWAY_MODE=production taxiway config

exit codes:
  0  `taxiway serve` would take these settings
  2  it would not: a sentence for each fault is on standard error"""


def add_to(commands: Any) -> None:
    """Adds the command to the subparsers."""
    parser = commands.add_parser(
        "config", help="show the settings, secrets hidden", description=_DESCRIPTION, more_help=environment
    )
    parser.add_argument("--json", action="store_true", help="print JSON: {NAME: {value, origin}}")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from service import settings

    found = settings.load()
    rows = _rows(found)
    print(_as_json(rows) if arguments.json else _as_table(rows))
    _raise_refusals(found)
    return 0


def _rows(settings: Settings) -> list[tuple[str, Any, str]]:
    """Name of the variable, value (`[hidden]` for a secret), origin."""
    from service import environment as env

    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    return [(env.variable(name), _shown(value), env.origin(name)) for name, value in values.items()]


def _shown(value: object) -> object:
    from pydantic import SecretStr

    from service.environment import written

    if isinstance(value, SecretStr):
        return "[hidden]"
    return value if value is None or isinstance(value, (int, float)) else written(value) or None


def _as_json(rows: list[tuple[str, Any, str]]) -> str:
    return json.dumps({name: {"value": value, "origin": origin} for name, value, origin in rows}, indent=2)


def _as_table(rows: list[tuple[str, Any, str]]) -> str:
    cells = [(name, json.dumps(value) if not isinstance(value, str) else value, origin) for name, value, origin in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(2)]
    return "\n".join(f"{name:{widths[0]}}  {value:{widths[1]}}  {origin}" for name, value, origin in cells)


def _raise_refusals(settings: Settings) -> None:
    from service.cli.preparation import refusals

    found = refusals(settings)
    if found:
        raise StartupError("\n".join(found))
