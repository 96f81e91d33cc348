"""A server of its own process: `python -m service serve`, as an operator starts it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

START = 20.0  # seconds until it must answer
KEY = "A" * 43  # 32 zero bytes in base64url: it protects nothing but test data
# Passwords that protect nothing are hashed with little memory, so that a start is quick.
CHEAP = {"TAXIWAY_ARGON2_MEMORY": "8192", "TAXIWAY_ARGON2_TIME": "1"}


@dataclass
class ServiceProcess:
    """A running server: its process and where it listens."""

    process: asyncio.subprocess.Process
    address: str

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self, seconds: float = 20.0) -> int:
        """The exit code; raises TimeoutError where it goes on."""
        async with asyncio.timeout(seconds):
            return await self.process.wait()


@asynccontextmanager
async def serving(settings: Mapping[str, str]) -> AsyncIterator[ServiceProcess]:
    """Starts with `TAXIWAY_<NAME>` for each setting, waits for `listening on`; kills at the end what still runs."""
    given = {f"TAXIWAY_{name}": value for name, value in settings.items()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TAXIWAY_")}
    environment = inherited | CHEAP | {"TAXIWAY_LISTEN": "127.0.0.1:0", "TAXIWAY_LOG_LEVEL": "warning"} | given
    arguments = (sys.executable, "-m", "service", "serve")
    process = await asyncio.create_subprocess_exec(*arguments, env=environment, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(START):
            address = await _address(process)
        yield ServiceProcess(process, address)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith("listening on "), f"the server did not start: {line!r}, exit code {process.returncode}"
    return line.removeprefix("listening on ").strip()
