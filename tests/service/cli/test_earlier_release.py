"""A database of a release without access control: its administrator goes on, and its tasks stay in reach."""

from __future__ import annotations

from pathlib import Path

import grpc

from taxiway.v1 import task_pb2, task_service_pb2, user_pb2
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from tests.service.cli.command import serving, taxiway
from tests.service.cli.signing_in import held, rows, token, who_calls

BUILT_IN = "00000000-0000-7000-8000-000000000001"  # the account of releases without access control
TASK = "0190a1b2-c3d4-7e5f-8a9b-000000000001"


def test_the_administrator_of_an_earlier_release_is_the_one_whom_it_signs_in(ground: Path) -> None:
    assert taxiway("db", "upgrade", "0001", cwd=ground).returncode == 0
    with held(ground):
        _fill_as_release_0_1(ground)
    with serving(ground) as server:
        assert "first administrator" not in server.log.read_text()
        me = who_calls(server.address, token(cwd=ground))
        assert (me.name, me.role, me.username) == (f"users/{BUILT_IN}", user_pb2.User.ADMIN, "built-in-administrator")
        assert [task.title for task in tasks_of_caller(server.address, token(cwd=ground))] == ["Kept"]


def _fill_as_release_0_1(ground: Path) -> None:
    columns = "id, email, email_key, username, username_key, display_name, time_zone, role, created_by, updated_by"
    name, user = "built-in-administrator", f"'{BUILT_IN}'"
    address = f"'{name}@localhost'"
    values = f"{user}, {address}, {address}, '{name}', '{name}', 'Administrator', 'UTC', 'ADMIN', {user}, {user}"
    rows(ground, f"INSERT INTO users ({columns}) VALUES ({values})")
    task = f"{user}, '{TASK}', 'Kept', '', 'LOW', {user}, {user}"
    rows(
        ground,
        f"INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by) VALUES ({task})",
    )


def tasks_of_caller(address: str, token: str) -> list[task_pb2.Task]:
    with grpc.insecure_channel(address) as channel:
        request = task_service_pb2.ListTasksRequest(parent="users/me")
        metadata = (("authorization", f"Bearer {token}"),)
        return list(TaskServiceStub(channel).ListTasks(request, timeout=10, metadata=metadata).tasks)
