"""`taxiway tasks`: tasks of a user imported from a file, and exported to one; a client of any server."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from service.cli.calling import add_options, connected
from service.cli.task_rows import FORMATS, TAKEN
from service.errors import StartupError

_DESCRIPTION = """\
Imports tasks into the account of a user, and exports them: a client of a server, which may run anywhere."""

_EPILOG = """\
example:
  TAXIWAY_TOKEN=$(taxiway token) taxiway tasks import tasks.csv
  TAXIWAY_TOKEN=$(taxiway token) taxiway tasks export tasks.jsonl --filter 'state = OPEN'

environment:
  TAXIWAY_TOKEN            an access token or API key, unless --token-file names the file of one

exit codes:
  0  done
  1  some rows were refused: standard error says which, and why; or a bug
  2  something to put right: one sentence says what"""

_IMPORT = f"""\
Imports a file: CSV, whose first line names the columns, or JSON lines, a task in each. Rows that break a
rule are named on standard error, and the others are kept.

Fields: {", ".join(TAKEN[:6])},
{", ".join(TAKEN[6:])}, task_id. docs/import-export.md has what they may hold.

When it was cut off, run it again within 24 hours: it goes on where it stopped, and imports nothing twice."""

_EXPORT = """\
Exports the tasks of a user that are not deleted, each behind its parent, into a file that can be imported."""


def add_to(commands: Any) -> None:
    """Adds the group to the subparsers."""
    group = commands.add_parser("tasks", help="import and export tasks", description=_DESCRIPTION, epilog=_EPILOG)
    actions = group.add_subparsers(title="actions", metavar="ACTION", required=True)
    imports = actions.add_parser("import", help="import a file of tasks", description=_IMPORT)
    imports.add_argument("file", metavar="FILE", help="the file, or - for standard input")
    imports.add_argument(
        "--validate-only", action="store_true", help="say what would be refused, message by message, and write nothing"
    )
    imports.set_defaults(run=_import)
    exports = actions.add_parser("export", help="export tasks to a file", description=_EXPORT)
    exports.add_argument("file", metavar="FILE", nargs="?", default="-", help="the file (default: standard output)")
    exports.add_argument("--filter", default="", help="which tasks, as in 'state = OPEN' (default: all)")
    exports.set_defaults(run=_export)
    for action in (imports, exports):
        _add_common(action)


def _add_common(action: argparse.ArgumentParser) -> None:
    action.add_argument("--parent", default="users/me", metavar="NAME", help="whose tasks (default: users/me)")
    action.add_argument("--format", choices=FORMATS, help="the format (default: by the suffix of the file)")
    add_options(action)


def _import(arguments: argparse.Namespace) -> int:
    from service.cli.task_import import import_file
    from service.cli.task_messages import Batch

    kind = _format(arguments)
    with connected(arguments) as server:
        return import_file(server, arguments.file, kind, Batch(arguments.parent, arguments.validate_only))


def _export(arguments: argparse.Namespace) -> int:
    from service.cli.task_export import export_file

    kind = _format(arguments)
    with connected(arguments) as server:
        return export_file(server, arguments.file, kind, arguments.parent, arguments.filter)


def _format(arguments: argparse.Namespace) -> str:
    suffix = Path(arguments.file).suffix.removeprefix(".").lower()
    kind = arguments.format or suffix
    if kind not in FORMATS:
        raise StartupError(f"The format is not known by the name {arguments.file}: give --format csv or jsonl.")
    return str(kind)
