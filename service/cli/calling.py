"""How a command calls the service as a client: address, TLS and token, and patience with a server that starts anew."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from service.errors import StartupError

if TYPE_CHECKING:
    import grpc

Answer = TypeVar("Answer")
ADDRESS = "127.0.0.1:50051"
TOKEN = "TAXIWAY_TOKEN"  # noqa: S105 - The name of the variable.
REACHED = 5.0  # seconds until the server must answer at all
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each further try of a call
Metadata = tuple[tuple[str, str], ...]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the server is, and who calls."""
    parser.add_argument("--address", default=ADDRESS, metavar="HOST:PORT", help=f"the server (default: {ADDRESS})")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help=f"the file of the token (default: {TOKEN})")
    parser.add_argument("--ca-file", type=Path, metavar="PEM", help="the authorities to trust: calls go by TLS")
    parser.add_argument("--certificate-file", type=Path, metavar="PEM", help="the certificate to show, if one is asked")
    parser.add_argument("--key-file", type=Path, metavar="PEM", help="its key")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers, and the file that the caller's token is read from before each call."""

    channel: grpc.Channel
    address: str
    token_file: Path | None = None
    waits: tuple[float, ...] = field(default=WAITS, kw_only=True)

    def metadata(self) -> Metadata:
        """Raises StartupError where there is no token, or what stands there is none."""
        token = _token(self.token_file)
        return (("authorization", f"Bearer {token}"),) if token else ()

    def call(self, make: Callable[[Metadata], Answer]) -> Answer:
        """The answer of a call that may be repeated: after a fault that passes it is made again.

        Raises StartupError, in one sentence, for any other fault, and when it does not pass.
        """
        import grpc

        for wait in self.waits:
            try:
                return make(self.metadata())
            except grpc.RpcError as error:
                if not _passes(error):
                    raise self.fault(error) from None
                self._say(error, wait)
                time.sleep(wait)
        try:
            return make(self.metadata())
        except grpc.RpcError as error:
            raise self.fault(error) from None

    def _say(self, error: Any, wait: float) -> None:
        print(f"taxiway: {self.address} answers {error.code().name}: once more in {wait:g} s.", file=sys.stderr)

    def fault(self, error: Any) -> StartupError:
        name = error.code().name
        if name == "UNAUTHENTICATED":
            return StartupError(f"{self.address} does not take the token: sign in again.")
        return StartupError(f"{self.address} answers {name}: {error.details()}")


@contextmanager
def connected(arguments: argparse.Namespace) -> Iterator[Server]:
    """The server of the options. Raises StartupError where none answers, or a file of the options cannot be used."""
    import grpc

    from service.cli.transport import Transport, open_channel

    transport = Transport(arguments.ca_file, None, arguments.certificate_file, arguments.key_file)
    address = _address(arguments.address)
    _token(arguments.token_file, needed=transport.certificate is None)
    with open_channel(address, transport) as channel:
        try:
            grpc.channel_ready_future(channel).result(REACHED)
        except grpc.FutureTimeoutError:
            by_tls = "" if transport.is_plaintext else ", or not by TLS with a certificate that is trusted"
            raise StartupError(f"No server answers at {address}{by_tls}.") from None
        yield Server(channel, address, arguments.token_file)


def _address(text: str) -> str:
    from service import address

    try:
        return str(address.parse(text))
    except ValueError as error:
        raise StartupError(f"--address {error}.") from None


def _token(file: Path | None, *, needed: bool = False) -> str:
    try:
        text = (os.environ.get(TOKEN, "") if file is None else file.read_text()).strip()
    except (OSError, UnicodeDecodeError):
        raise StartupError("--token-file names a file that cannot be read as text.") from None
    if needed and not text:
        raise StartupError(f"A token is needed: in {TOKEN}, or in a file that --token-file names.")
    if not re.fullmatch(r"[!-~]{0,4096}", text):
        raise StartupError("The token has characters that no token has, or is too long.")
    return text


def _passes(error: Any) -> bool:
    """Whether the same call may be answered a little later: the server says so, or it is not there."""
    if error.code().name in ("UNAVAILABLE", "ABORTED"):
        return True
    return any(key == "grpc-status-details-bin" and b"google.rpc.RetryInfo" in value for key, value in _trailers(error))


def _trailers(error: Any) -> Any:
    return error.trailing_metadata() or ()
