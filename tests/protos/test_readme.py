"""The example in the wheel's README runs as it stands."""

from __future__ import annotations

import asyncio
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

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """A handler for CreateTask alone."""
        if handler_call_details.method != METHOD:
            return None
        return grpc.unary_unary_rpc_method_handler(
            self.create,
            request_deserializer=task_service_pb2.CreateTaskRequest.FromString,
            response_serializer=task_pb2.Task.SerializeToString,
        )

    async def create(self, request: task_service_pb2.CreateTaskRequest, _: object) -> task_pb2.Task:
        """Keep the request and answer its task."""
        self.requests.append(request)
        return request.task


async def test_the_example_creates_a_task() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert "127.0.0.1:50051" in example
    echo = Echo()
    server = grpc.aio.server(handlers=[echo], options=[("grpc.so_reuseport", 0)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    code = example.replace("127.0.0.1:50051", f"127.0.0.1:{port}")
    pipe = asyncio.subprocess.PIPE
    client = await asyncio.create_subprocess_exec(sys.executable, "-W", "error", "-c", code, stdout=pipe)
    output, _ = await asyncio.wait_for(client.communicate(), 30)
    await server.stop(None)
    assert (client.returncode, output.decode()) == (0, 'title: "Paint the fence"\n\n')
    assert [request.parent for request in echo.requests] == ["users/me"]
    assert echo.requests[0].request_id
