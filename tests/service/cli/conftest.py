"""Directories for the embedded database of a `taxiway serve`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.persistence.embedded_watch import open_ground
from tests.service.cli.command import Serving, serving


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """One for all tests of a file: each starts on the database that the one before it has left."""
    with open_ground() as place:
        yield place


@pytest.fixture(scope="module")
def server(ground: Path) -> Iterator[Serving]:
    """A server that answers for all tests of a file that only ask."""
    with serving(ground) as running:
        yield running
