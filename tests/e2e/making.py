"""Users and tasks for tests, made through the service itself."""

from itertools import count
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from taxiway.v1 import task_pb2, task_service_pb2, user_pb2, user_service_pb2
from taxiway.v1.task_pb2 import Task
from taxiway.v1.user_pb2 import User
from tests.e2e.conftest import Service

_numbers = count(1)
NO_USER = "users/00000000-0000-4000-8000-00000000dead"
NO_TASK = "tasks/00000000-0000-4000-8000-00000000beef"


def user_draft(**fields: Any) -> user_pb2.User:
    """A user that can be created, of a username that no other has."""
    name = f"user-{next(_numbers)}"
    return user_pb2.User(**{"username": name, "email": f"{name}@example.com", **fields})


async def make_user(service: Service, **fields: Any) -> User:
    return await service.users.CreateUser(user_service_pb2.CreateUserRequest(user=user_draft(**fields)))


async def make_task(service: Service, parent: str, **fields: Any) -> Task:
    task = task_pb2.Task(**{"title": "Write the letter", **fields})
    return await service.tasks.CreateTask(task_service_pb2.CreateTaskRequest(parent=parent, task=task))


async def deleted_user(service: Service, **fields: Any) -> User:
    user = await make_user(service, **fields)
    return await service.users.DeleteUser(user_service_pb2.DeleteUserRequest(name=user.name))


async def deleted_task(service: Service, parent: str, **fields: Any) -> Task:
    task = await make_task(service, parent, **fields)
    return await service.tasks.DeleteTask(task_service_pb2.DeleteTaskRequest(name=task.name))


async def update_user(service: Service, user: User, *paths: str, **options: Any) -> User:
    mask = FieldMask(paths=paths)
    request = user_service_pb2.UpdateUserRequest(user=user, update_mask=mask, **options)
    return await service.users.UpdateUser(request)


async def update_task(service: Service, task: Task, *paths: str, **options: Any) -> Task:
    mask = FieldMask(paths=paths)
    request = task_service_pb2.UpdateTaskRequest(task=task, update_mask=mask, **options)
    return await service.tasks.UpdateTask(request)
