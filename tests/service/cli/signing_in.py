"""Signs in by `taxiway token`, calls with the token, and looks at what the embedded database holds."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import grpc

from persistence.embedded import EmbeddedPostgres, attach, start
from taxiway.v1 import user_pb2, user_service_pb2
from taxiway.v1.user_service_pb2_grpc import UserServiceStub
from tests.persistence.embedded_watch import value
from tests.service.cli.command import taxiway


def token(*arguments: str, cwd: Path, **settings: str) -> str:
    """The token, which is all that is on standard output."""
    ended = taxiway("token", *arguments, cwd=cwd, **settings)
    assert ended.returncode == 0, ended
    assert "Traceback" not in ended.stderr
    (line,) = ended.stdout.splitlines()
    return line


def header(of: str) -> dict[str, Any]:
    """The token's header, not verified."""
    return _part(of, 0)


def claims(of: str) -> dict[str, Any]:
    """What the token says, not verified."""
    return _part(of, 1)


def _part(of: str, place: int) -> dict[str, Any]:
    text = of.split(".")[place]
    said: dict[str, Any] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return said


def who_calls(address: str, token: str) -> user_pb2.User:
    """`users/me` as the server answers it to the holder of the token."""
    with grpc.insecure_channel(address) as channel:
        request = user_service_pb2.GetUserRequest(name="users/me")
        metadata = (("authorization", f"Bearer {token}"),)
        return UserServiceStub(channel).GetUser(request, timeout=10, metadata=metadata)


def is_let_in(address: str, token: str) -> bool:
    """Whether the server takes the token; fails where it answers anything but UNAUTHENTICATED instead."""
    try:
        who_calls(address, token)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
            raise
        return False
    return True


def rows(ground: Path, sql: str) -> Any:
    """The first value of a statement on the embedded database, which runs."""
    url = attach(ground / ".taxiway")
    assert url is not None
    return value(url, sql)


def held(ground: Path) -> EmbeddedPostgres:
    return start(ground / ".taxiway", durable=False)
