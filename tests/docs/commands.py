"""How a command of a document is run here: as it stands, but for the address, the place of programs, and grpcurl."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

ADDRESS = "127.0.0.1:50051"
PROGRAMS = Path(sys.executable).parent
# `make serve` is the server that every example here runs against, started by the line that the target ends in.
# `make test` would run this test again; no image can be built without Docker; keys are rotated where there are two of
# them, as tests/service/cli/test_rotate_keys.py does it.
NOT_RUN = ("make serve", "make test", "docker compose up --build", ".venv/bin/taxiway db rotate-keys")
SIGN_IN = "TOKEN=$(make token)"  # every example after it has the token
_BUF = [".venv/bin/buf", "curl", "--protocol", "grpc", "--http2-prior-knowledge"]


class NobodyRunsIt(Exception):
    """A document has a command that this file does not know how to run."""


def arguments(command: str, address: str, folder: Path, token: str = "") -> list[str]:
    """The argument list: `address` for the server's, `folder` for what it would write, `token` for $TOKEN.

    Raises NobodyRunsIt for a command of another kind.
    """
    if command == SIGN_IN:
        return [str(PROGRAMS / "taxiway"), "token"]
    words = shlex.split(command.replace(ADDRESS, address).replace("$TOKEN", token))
    if words[0] == "grpcurl":
        words = _as_buf(words[1:])
    program = Path(words[0])
    if program.parent != Path(".venv/bin") or not (PROGRAMS / program.name).exists():
        raise NobodyRunsIt(command)
    if words[1:3] == ["-m", "build"]:
        words += ["--outdir", str(folder)]
    return [str(PROGRAMS / program.name), *words[1:]]


def _as_buf(words: list[str]) -> list[str]:
    """The same call by `buf curl`: same address, flags and body."""
    match words:
        case ["-plaintext", *flags, "-d", body, address, method]:
            return [*_BUF, *flags, "-d", body, f"http://{address}/{method}"]
    raise NobodyRunsIt(f"grpcurl {shlex.join(words)}")
