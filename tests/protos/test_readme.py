"""The example in the wheel's README runs as it stands."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

import grpc

from taxiway.v1 import task_pb2, task_service_pb2

README = Path(__file__).resolve().parents[2] / "protos/README.md"
METHOD = "/taxiway.v1.TaskService/CreateTask"


class Echo(grpc.GenericRpcHandler):
    """Answers CreateTask with the task that was sent, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[task_service_pb2.CreateTaskRequest] = []
        self.tokens: list[str] = []

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """A handler for CreateTask alone."""
        if handler_call_details.method != METHOD:
            return None
        return grpc.unary_unary_rpc_method_handler(
            self.create,
            request_deserializer=task_service_pb2.CreateTaskRequest.FromString,
            response_serializer=task_pb2.Task.SerializeToString,
        )

    async def create(
        self, request: task_service_pb2.CreateTaskRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> task_pb2.Task:
        """Keep the request and answer its task."""
        self.requests.append(request)
        self.tokens += [str(value) for key, value in context.invocation_metadata() or () if key == "authorization"]
        return request.task


async def test_the_example_creates_a_task() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert "127.0.0.1:50051" in example
    echo = Echo()
    server = grpc.aio.server(handlers=[echo], options=[("grpc.so_reuseport", 0)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    code = example.replace("127.0.0.1:50051", f"127.0.0.1:{port}")
    pipe, signed_in = asyncio.subprocess.PIPE, {**os.environ, "TOKEN": "abc"}
    command = (sys.executable, "-W", "error", "-c", code)
    client = await asyncio.create_subprocess_exec(*command, stdout=pipe, env=signed_in)
    output, _ = await asyncio.wait_for(client.communicate(), 30)
    await server.stop(None)
    assert (client.returncode, output.decode()) == (0, 'title: "Paint the fence"\n\n')
    assert [request.parent for request in echo.requests] == ["users/me"]
    assert echo.requests[0].request_id
    assert echo.tokens == ["Bearer abc"]
