"""`taxiway health`: asks a running server whether it serves; made for container and process supervisors."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from service.errors import StartupError

if TYPE_CHECKING:
    import grpc

    from service.address import Address

_DESCRIPTION = """\
Asks grpc.health.v1.Health on the address, and prints the answer: SERVING or NOT_SERVING."""

_EPILOG = """\
example:
  taxiway health --address 127.0.0.1:50051 --service taxiway.v1.TaskService

environment:
  TAXIWAY_LISTEN    the default of --address

exit codes:
  0  it is serving
  1  it answers, and is not serving
  2  it cannot be reached, knows no such service, or the command line is wrong: one sentence says what"""


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
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    target = _target(arguments.address)
    status = _ask(target, arguments.service, arguments.timeout)
    print(status)
    return 0 if status == "SERVING" else 1


def _target(given: str | None) -> str:
    from service import settings

    found = settings.load().listen if given is None else _parsed(given)
    if found.port == 0:
        raise StartupError("Port 0 is no address of a server: give --address with the port that `serve` printed.")
    return str(found)


def _ask(target: str, service: str, timeout: float) -> str:
    import grpc
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

    # A proxy in the environment is for the way out, not for the server next door.
    with grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)]) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=HealthCheckRequest.SerializeToString,
            response_deserializer=HealthCheckResponse.FromString,
        )
        answer = check.future(HealthCheckRequest(service=service), timeout=timeout)
        if answer.code() is not grpc.StatusCode.OK:
            raise StartupError(_reason(answer.code(), target, service))
        return HealthCheckResponse.ServingStatus.Name(answer.result().status)


def _reason(code: grpc.StatusCode, target: str, service: str) -> str:
    reasons = {
        "NOT_FOUND": f"The server at {target} knows no service {service!r}.",
        "DEADLINE_EXCEEDED": f"The server at {target} did not answer in time.",
        "UNAVAILABLE": f"No server answers at {target}.",
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
