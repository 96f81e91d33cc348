"""The slice through all layers: a user, a task, and what a second look finds."""

from taxiway.v1 import task_pb2, task_service_pb2, user_pb2, user_service_pb2
from tests.e2e.conftest import Service


async def test_a_task_that_was_created_is_read_back(service: Service) -> None:
    user = await service.users.CreateUser(
        user_service_pb2.CreateUserRequest(user=user_pb2.User(username="ada", email="ada@example.com"))
    )
    request = task_service_pb2.CreateTaskRequest(parent=user.name, task=task_pb2.Task(title="Write the letter"))
    made = await service.tasks.CreateTask(request)
    assert made.title == "Write the letter"
    assert await service.tasks.GetTask(task_service_pb2.GetTaskRequest(name=made.name)) == made
