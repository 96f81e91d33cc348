"""`taxiway tasks export` writes what `taxiway tasks import` restores, to the last field that an import takes over."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from service.cli.task_rows import TAKEN
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import ImportTasksRequest, TaskImport
from tests.conftest import Databases
from tests.e2e.conftest import Service, in_process
from tests.e2e.rows import run
from tests.service.cli.command import taxiway
from tests.service.cli.tasks_stage import Stage

ODD = ' "quoted", with\r\nbreaks\n;and\\backslash\r\U0001f6eb\u2028 '


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


@pytest.fixture
async def stage(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(service, await service.accounts.make("USER"), tmp_path, capsys)


async def make_project(stage: Stage, owner: str, project: str) -> None:
    await run(
        stage.service.database_url,
        "INSERT INTO projects (owner_id, id, display_name, description, color, created_by, updated_by)"
        f" VALUES ('{owner}', '{project}', 'P', '', '#3B82F6', '{owner}', '{owner}')",
    )


def drafts(parent: str, project: str) -> list[TaskImport]:
    """Tasks of every state, with every field, and a child whose id is less than its parent's."""
    child, root = sorted(str(uuid4()) for _ in range(2))
    made = Task(title=ODD, description=ODD * 3, priority=Task.URGENT, tags=["a;b", "c\\d", "[e]", "f g"])
    made.metadata.update({"text": ODD, "numbers": [1, 2.5, -3e20], "none": None, "nested": {"": [True, {}]}})
    made.due_time.FromJsonString("2027-01-01T00:00:00.123456Z")
    made.project = f"{parent}/projects/{project}"
    times: dict[str, Any] = {"start_time": made.due_time, "complete_time": made.due_time}
    return [
        TaskImport(task=made, task_id=root),
        TaskImport(task=Task(title="child", parent_task=f"{parent}/tasks/{root}"), task_id=child),
        TaskImport(task=Task(title="=1+1", state=Task.COMPLETED, **times)),
        TaskImport(task=Task(title="begun", state=Task.IN_PROGRESS, start_time=made.due_time)),
        TaskImport(task=Task(title="given up", state=Task.CANCELLED)),
    ]


def taken(task: Task, parent: str) -> dict[str, Any]:
    """What an import takes over, as whoever's it is."""
    fields = {name: getattr(task, name) for name in TAKEN}
    fields["tags"] = list(task.tags)
    return {name: value.replace(parent, "") if isinstance(value, str) else value for name, value in fields.items()}


async def fill(stage: Stage, project: str) -> None:
    await make_project(stage, str(stage.user.id), project)
    rows = drafts(stage.user.name, project)
    messages = [
        ImportTasksRequest(parent=stage.user.name, tasks=rows),
        ImportTasksRequest(parent=stage.user.name, count=len(rows)),
    ]
    assert (await stage.service.tasks.ImportTasks(iter(messages))).created == len(rows)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_an_import_of_an_export_restores_every_field_into_another_account(stage: Stage, kind: str) -> None:
    project, file = str(uuid4()), str(stage.folder / f"tasks.{kind}")
    await fill(stage, project)
    exported = await stage.run("export", file)
    assert (exported.code, exported.said, exported.told) == (0, "", ["5 tasks exported."])
    other = replace(stage, user=await stage.service.accounts.make("USER"))
    await make_project(other, str(other.user.id), project)
    imported = await other.run("import", file)
    assert (imported.code, imported.told) == (0, [])
    before = {task.name.rpartition("/")[2]: taken(task, stage.user.name) for task in await stage.tasks()}
    after = {task.name.rpartition("/")[2]: taken(task, other.user.name) for task in await other.tasks()}
    assert after == before


async def test_a_file_of_each_format_is_what_its_readers_expect(stage: Stage) -> None:
    await fill(stage, str(uuid4()))
    await stage.run("export", str(stage.folder / "tasks.jsonl"))
    lines = [json.loads(line) for line in (stage.folder / "tasks.jsonl").read_bytes().splitlines()]
    assert {line["name"]: line["title"] for line in lines} == {task.name: task.title for task in await stage.tasks()}
    await stage.run("export", str(stage.folder / "tasks.csv"))
    with (stage.folder / "tasks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["title"] for row in rows] == [line["title"] for line in lines]
    assert [line["title"] for line in lines].index(ODD) < [line["title"] for line in lines].index("child")


async def test_a_filter_chooses_and_a_wrong_one_leaves_no_file(stage: Stage) -> None:
    await fill(stage, str(uuid4()))
    file = stage.folder / "tasks.jsonl"
    ended = await stage.run("export", str(file), "--filter", "state = CANCELLED")
    assert (ended.code, [json.loads(line)["title"] for line in file.read_text().splitlines()]) == (0, ["given up"])
    file.unlink()
    ended = await stage.run("export", str(file), "--filter", "stat = OPEN")
    assert (ended.code, len(ended.told)) == (2, 1)
    assert "did you mean `state`" in ended.told[0]
    assert not list(stage.folder.glob("tasks*"))


async def test_a_place_that_cannot_be_written_is_one_sentence(stage: Stage) -> None:
    ended = await stage.run("export", str(stage.folder / "none" / "tasks.csv"))
    assert (ended.code, len(ended.told)) == (2, 1)
    assert "cannot be written: No such file or directory." in ended.told[0]


async def test_without_a_file_it_writes_to_standard_output(stage: Stage) -> None:
    await fill(stage, str(uuid4()))
    command = ("tasks", "export", "--format", "jsonl", "--address", stage.service.address)
    ended = await asyncio.to_thread(lambda: taxiway(*command, cwd=stage.folder, token=stage.user.token))
    assert (ended.returncode, ended.stderr) == (0, "5 tasks exported.\n")
    assert ended.stdout.count("\n") == 5
