"""Between ExportTasks and the tasks that it answers."""

from collections.abc import Iterator, Sequence

from service.filtering import parse_filter
from service.names import parse_user
from service.pagination import fill_page
from service.tasks.convert import write_task
from service.tasks.exporting import ExportQuery
from service.tasks.filter_fields import TASKS
from service.tasks.schemas import Task
from service.validation import one
from taxiway.v1 import task_service_pb2 as pb


def query(request: pb.ExportTasksRequest) -> ExportQuery:
    """Raises InvalidArgument, InvalidFilter."""
    parent = one("parent", parse_user, request.parent)
    return ExportQuery(parent, request.show_deleted, parse_filter(request.filter, TASKS))


def messages(tasks: Sequence[Task]) -> Iterator[pb.ExportTasksResponse]:
    """As few as may be, none larger than an answer may be; no task alone is."""
    while tasks:
        response = pb.ExportTasksResponse()
        fill_page(response.tasks, tasks, len(tasks), write_task)
        yield response
        tasks = tasks[len(response.tasks) :]
