"""`taxiway health`: asks a running server whether it serves; made for container and process supervisors."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.errors import StartupError

if TYPE_CHECKING:
    import grpc

    from service.address import Address
    from service.cli.transport import Transport

_DESCRIPTION = """\
Asks grpc.health.v1.Health on the address, and prints the answer: SERVING or NOT_SERVING.

Where TAXIWAY_TLS_CERT_FILE is set it asks by TLS, and trusts that one certificate. With --ca-file it trusts
those authorities instead, and the host of the address must stand in the server's certificate."""

_EPILOG = """\
example:
  taxiway health --address 127.0.0.1:50051 --service taxiway.v1.TaskService
  taxiway health --address tasks.example.com:443 --ca-file ca.pem

environment:
  TAXIWAY_LISTEN           the default of --address (a host that stands for all addresses is asked on loopback)
  TAXIWAY_TLS_CERT_FILE    the certificate that the server must show, unless --ca-file is given

exit codes:
  0  it is serving
  1  it answers, and is not serving
  2  it cannot be reached, knows no such service, or the command line is wrong: one sentence says what"""


@dataclass(frozen=True, slots=True)
class Question:
    """Whom to ask for which service, and for how many seconds."""

    target: str
    service: str
    timeout: float


def add_to(commands: Any) -> None:
    """Adds the command to the subparsers."""
    parser = commands.add_parser(
        "health", help="ask a server whether it serves", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("--address", metavar="HOST:PORT", help="the server (default: TAXIWAY_LISTEN)")
    parser.add_argument("--service", default="", metavar="NAME", help="such as taxiway.v1.TaskService (default: all)")
    parser.add_argument(
        "--timeout", type=_seconds, default=2.0, metavar="SECONDS", help="how long to wait (default: 2)"
    )
    parser.add_argument("--ca-file", type=Path, metavar="PEM", help="the authorities to trust")
    parser.add_argument("--certificate-file", type=Path, metavar="PEM", help="the certificate to show, if one is asked")
    parser.add_argument("--key-file", type=Path, metavar="PEM", help="its key")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from service.cli.transport import Transport

    target, own = _target(arguments)
    trusted = own if arguments.ca_file is None else None
    transport = Transport(arguments.ca_file, trusted, arguments.certificate_file, arguments.key_file)
    status = _ask(Question(target, arguments.service, arguments.timeout), transport)
    print(status)
    return 0 if status == "SERVING" else 1


def _target(arguments: argparse.Namespace) -> tuple[str, Path | None]:
    """HOST:PORT, and the certificate that the settings name."""
    from service import settings

    found = settings.load()
    address = found.listen.reached_at if arguments.address is None else _parsed(arguments.address)
    if address.port == 0:
        raise StartupError("Port 0 is no address of a server: give --address with the port that `serve` printed.")
    return str(address), found.tls_cert_file


def _ask(question: Question, transport: Transport) -> str:
    import grpc
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

    from service.cli.transport import open_channel

    with open_channel(question.target, transport) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=HealthCheckRequest.SerializeToString,
            response_deserializer=HealthCheckResponse.FromString,
        )
        answer = check.future(HealthCheckRequest(service=question.service), timeout=question.timeout)
        if answer.code() is not grpc.StatusCode.OK:
            raise StartupError(_reason(answer.code(), question, transport))
        return HealthCheckResponse.ServingStatus.Name(answer.result().status)


def _reason(code: grpc.StatusCode, question: Question, transport: Transport) -> str:
    target = question.target
    by_tls = "" if transport.is_plaintext else ", or not by TLS with a certificate that is trusted"
    reasons = {
        "NOT_FOUND": f"The server at {target} knows no service {question.service!r}.",
        "DEADLINE_EXCEEDED": f"The server at {target} did not answer in time.",
        "UNAVAILABLE": f"No server answers at {target}{by_tls}.",
    }
    return reasons.get(code.name, f"The server at {target} answers {code.name} to the question for its health.")


def _parsed(text: str) -> Address:
    from service import address

    try:
        return address.parse(text)
    except ValueError as error:
        raise StartupError(f"--address {error}.") from None


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError("must be more than 0 and at most 3600 seconds")
    return seconds
