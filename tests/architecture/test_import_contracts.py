"""The import contracts cover every slice, and each is broken by what it forbids."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.architecture.source import ROOT, slices, written_by_hand

# One line for each contract, in a house where every other file is empty.
OFFENCES = {
    "persistence/__init__.py": "import service",
    "persistence/unit_of_work.py": "import grpc\nimport persistence.database",
    "persistence/database.py": "import persistence.unit_of_work",
    "service/app.py": "import migrations.commands\nimport service.cli",
    "service/errors.py": "import grpc",
    "service/tasks/servicer.py": "import sqlalchemy\nimport service.users.schemas",
    "service/tasks/usecases.py": "import taxiway",
}


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def lay_out_house(root: Path) -> None:
    """Make the modules that the contracts name, all empty, and the contracts beside them."""
    for path in written_by_hand():
        if path.parts[0] in {"service", "persistence", "migrations"}:
            place(root / path, "")
    (root / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())


def place(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def broken_contracts(root: Path) -> list[str]:
    # Started with -P, Python does not put its own folder first: the house is found before the checkout.
    code = (
        "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command; lint_imports_command()"
    )
    command = [sys.executable, "-P", "-c", code, "--no-cache"]
    printed = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True).stdout
    assert re.search(r"Contracts: \d+ kept, \d+ broken", printed), printed
    return re.findall(r"^(.*) BROKEN\b", printed, flags=re.MULTILINE)


def test_every_slice_stands_in_the_contracts_that_name_slices() -> None:
    independent = next(contract for contract in contracts() if contract["type"] == "independence")
    assert set(independent["modules"]) == {f"service.{name}" for name in slices()}
    floors = next(contract for contract in contracts() if "containers" in contract)
    side_by_side = next(floor for floor in floors["layers"] if "interceptors" in floor).split(" | ")
    assert set(slices()) <= set(side_by_side)


def test_an_empty_house_keeps_every_contract(tmp_path: Path) -> None:
    lay_out_house(tmp_path)
    assert broken_contracts(tmp_path) == []


def test_each_contract_is_broken_by_what_it_forbids(tmp_path: Path) -> None:
    lay_out_house(tmp_path)
    for path, text in OFFENCES.items():
        place(tmp_path / path, text)
    assert broken_contracts(tmp_path) == [contract["name"] for contract in contracts()]
