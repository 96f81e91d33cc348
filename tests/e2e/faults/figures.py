"""Measured figures, for who reads the output of `make prove`."""

import sys

import pytest


def report(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Prints a line though the test passes."""
    with capsys.disabled():
        sys.stdout.write(f"\n    {text}\n")
