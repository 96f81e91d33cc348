"""What the repository holds: its files as git sees them, and the functions in a source."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def repository_files() -> list[Path]:
    """Every file that is tracked or about to be, relative to the root; what .gitignore names is left out."""
    # A clone may belong to another account than the one that tests it, which git takes for an attack.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(path for path in map(Path, listed.rstrip("\0").split("\0")) if (ROOT / path).is_file())


def written_by_hand() -> list[Path]:
    """The Python files under the limits on length: all but the stubs and the released migrations."""
    excepted = (Path("protos/stubs"), Path("migrations/versions"))
    return [
        path
        for path in repository_files()
        if path.suffix == ".py" and not any(path.is_relative_to(folder) for folder in excepted)
    ]


def function_lengths(source: str) -> Iterator[tuple[str, int]]:
    """The name and the number of lines of each function, from `def` to its last line, docstring included."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


def slices() -> list[str]:
    """The names of the slices: every package in `service` that holds a servicer or use cases."""
    found = {path.parent for name in ("servicer", "usecases") for path in (ROOT / "service").glob(f"*/{name}.py")}
    return sorted(path.name for path in found)


def parsed(source: str) -> ast.Module:
    """CPython 3.11 now and then miscounts its own recursion where another thread compiles (python/cpython#106905)."""
    try:
        return ast.parse(source)
    except SystemError:
        return ast.parse(source)
