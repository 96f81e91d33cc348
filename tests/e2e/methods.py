"""Every method of the service, walked from the descriptors, with a request that it accepts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from taxiway.v1 import task_pb2, user_pb2
from taxiway.v1 import task_service_pb2 as tasks
from taxiway.v1 import user_service_pb2 as users
from tests.e2e.conftest import Service
from tests.e2e.making import deleted_task, deleted_user, make_task, make_user, user_draft

SERVICES = (users.DESCRIPTOR.services_by_name["UserService"], tasks.DESCRIPTOR.services_by_name["TaskService"])


@dataclass(frozen=True)
class Method:
    """One method: how it is called with bytes, and what its request is."""

    descriptor: MethodDescriptor

    @property
    def name(self) -> str:
        return self.descriptor.name

    @property
    def path(self) -> str:
        return f"/{self.descriptor.containing_service.full_name}/{self.name}"

    @property
    def request(self) -> type[Message]:
        return message_factory.GetMessageClass(self.descriptor.input_type)

    @property
    def mutates(self) -> bool:
        return "request_id" in self.descriptor.input_type.fields_by_name

    def __str__(self) -> str:
        return self.name

    def raw(self, channel: grpc.aio.Channel) -> Callable[[bytes], Awaitable[bytes]]:
        """Calls with bytes as they are, and answers bytes."""
        call: Any = channel.unary_unary(self.path)  # without serializers, which the types ask for
        return cast("Callable[[bytes], Awaitable[bytes]]", call)


def methods() -> list[Method]:
    return [Method(method) for service in SERVICES for method in service.methods]


def mutations() -> list[Method]:
    return [method for method in methods() if method.mutates]


async def accepted_requests(service: Service) -> dict[str, Message]:
    """For each method, by its name, a request that it accepts: on rows of its own, so that any order works."""
    owner, gone, leaving = await make_user(service), await deleted_user(service), await make_user(service)
    names = [(await make_task(service, owner.name)).name for _ in range(6)]
    read, updated, deleted, started, completed, cancelled = names
    done = (await make_task(service, owner.name)).name
    await service.tasks.CompleteTask(tasks.CompleteTaskRequest(name=done))
    changed = task_pb2.Task(name=updated, title="Send the letter", description="By post")
    renamed = user_pb2.User(name=owner.name, display_name="Ada", annotations={"a": "1", "b": "2"})
    return {
        "CreateUser": users.CreateUserRequest(user=user_draft(display_name="Grace")),
        "GetUser": users.GetUserRequest(name=owner.name),
        "BatchGetUsers": users.BatchGetUsersRequest(names=[owner.name, gone.name]),
        "ListUsers": users.ListUsersRequest(page_size=2),
        "UpdateUser": users.UpdateUserRequest(user=renamed),
        "DeleteUser": users.DeleteUserRequest(name=leaving.name),
        "UndeleteUser": users.UndeleteUserRequest(name=gone.name),
        "CreateTask": tasks.CreateTaskRequest(parent=owner.name, task=task_pb2.Task(title="Read the answer")),
        "GetTask": tasks.GetTaskRequest(name=read),
        "ListTasks": tasks.ListTasksRequest(parent=owner.name, page_size=2),
        "UpdateTask": tasks.UpdateTaskRequest(task=changed),
        "DeleteTask": tasks.DeleteTaskRequest(name=deleted),
        "UndeleteTask": tasks.UndeleteTaskRequest(name=(await deleted_task(service, owner.name)).name),
        "StartTask": tasks.StartTaskRequest(name=started),
        "CompleteTask": tasks.CompleteTaskRequest(name=completed),
        "CancelTask": tasks.CancelTaskRequest(name=cancelled),
        "ReopenTask": tasks.ReopenTaskRequest(name=done),
    }
