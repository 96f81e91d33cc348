"""What a filter of tasks may name."""

from typing import get_args

from service.filtering import Fields, kinds
from service.names import parse_project, parse_task
from service.tasks.schemas import Priority, State

TASKS = Fields(
    {
        "title": kinds.text("title"),
        "description": kinds.text("description"),
        "state": kinds.enumeration("state", get_args(State)),
        "priority": kinds.enumeration("priority", get_args(Priority), ordered=True),
        "due_time": kinds.time("due_at"),
        "start_time": kinds.time("start_at"),
        "complete_time": kinds.time("complete_at"),
        "create_time": kinds.time("created_at"),
        "update_time": kinds.time("updated_at"),
        "tags": kinds.tags("tags"),
        "project": kinds.reference("project_id", parse_project),
        "parent_task": kinds.reference("parent_id", parse_task),
        "creator": kinds.user("created_by"),
        "updater": kinds.user("updated_by"),
        "metadata": kinds.Struct("metadata"),
    },
    'write `title:"word"`, or use SearchTasks',
)
TASKS_ACROSS_OWNERS = Fields(
    {"state": TASKS.named["state"], "update_time": TASKS.named["update_time"]}, "write `state = OPEN`"
)
