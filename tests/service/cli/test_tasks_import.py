"""`taxiway tasks import` imports what it can, names the rest, and does nothing twice, wherever it was cut off."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.cli import calling, task_import
from tests.conftest import Databases
from tests.e2e.accounts import accounts
from tests.e2e.conftest import KEYS, Service, in_process
from tests.e2e.faults.ports import free_address
from tests.e2e.faults.until import until
from tests.e2e.rows import select, unchanged
from tests.e2e.service_process import KEY, serving
from tests.service.cli.command import fault, taxiway
from tests.service.cli.tasks_stage import Stage


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


@pytest.fixture
async def stage(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(service, await service.accounts.make("USER"), tmp_path, capsys)


async def test_a_file_is_imported_its_bad_rows_are_named_and_the_others_kept(stage: Stage) -> None:
    rows = [
        "title,priority,parent_task",
        "one,,",
        ",,",
        "two,HIGHEST,",
        "three,LOW,",
        f"four,,{stage.user.id}",
        "x" * 300,
    ]
    file = stage.file("tasks.csv", "\ufeff" + "\r\n".join(rows) + ",,")
    ended = await stage.run("import", file)
    assert ended.code == 1
    assert sorted(ended.told) == [
        f"{file}:3: task.title must have 1 to 200 code points, not 0.",
        f"{file}:4: priority must be one of LOW, MEDIUM, HIGH, URGENT",
        f"{file}:6: The parent task does not exist or is deleted; name another, or bring it back.",
        f"{file}:7: task.title must have 1 to 200 code points, not 300.",
    ]
    assert re.fullmatch(r"2 tasks imported, 4 rows refused in \d+\.\d s \(\d+ a second\)\.\n", ended.said)
    assert sorted(task.title for task in await stage.tasks()) == ["one", "three"]


async def test_the_same_file_again_is_nothing_new(stage: Stage) -> None:
    file = stage.file("tasks.jsonl", "".join(f'{{"title": "task {number}"}}\n' for number in range(1200)))
    first = await stage.run("import", file)
    assert (first.code, first.told) == (0, [])
    assert first.said.startswith("1,200 tasks imported, 0 rows refused")
    async with unchanged(stage.service.database_url):
        again = await stage.run("import", file)
    assert again.code == 0
    assert "1,200 tasks imported" in again.said
    assert "; 3 messages of them had been imported before." in again.said


async def test_a_rehearsal_names_what_is_wrong_and_writes_nothing(stage: Stage) -> None:
    file = stage.file("tasks.csv", "title,tags\none,new\n,\n")
    async with unchanged(stage.service.database_url):
        ended = await stage.run("import", file, "--validate-only")
    assert (ended.code, len(ended.told)) == (1, 1)
    assert ended.said.startswith("1 tasks could be imported, and none was, 1 rows refused")


async def test_an_empty_file_is_no_fault(stage: Stage) -> None:
    for name, content in (("a.jsonl", ""), ("b.csv", "title\n")):
        ended = await stage.run("import", stage.file(name, content))
        assert (ended.code, ended.told) == (0, [])


async def test_a_row_of_3_mb_is_named_and_the_others_are_kept(stage: Stage) -> None:
    file = stage.file("tasks.csv", 'title,description\none,\n"long","' + ("x" * 99 + "\n") * 30_000 + '"\ntwo,\n')
    ended = await stage.run("import", file)
    assert ended.code == 1
    assert ended.told == [f"{file}:3: the row is longer than 1 MiB (up to line 30003)"]
    assert await stage.count() == 2


async def test_the_first_1000_bad_rows_are_named_and_all_are_counted(stage: Stage) -> None:
    ended = await stage.run("import", stage.file("tasks.csv", "title,state\n" + ",\nx,y\n" * 800))
    assert ended.code == 1
    assert len(ended.told) == task_import.NAMED
    assert "0 tasks imported, 1,600 rows refused" in ended.said
    assert "the first 1,000 are named" in ended.said


async def test_an_administrator_imports_for_another(stage: Stage) -> None:
    other = await stage.service.accounts.make("USER")
    admin = replace(stage, user=await stage.service.accounts.make("ADMIN"))
    file = stage.file("tasks.csv", "title\none\n")
    assert (await admin.run("import", file, "--parent", other.name)).code == 0
    refused = await stage.run("import", file, "--parent", other.name)
    assert (refused.code, refused.said, len(refused.told)) == (2, "", 1)
    assert "answers PERMISSION_DENIED" in refused.told[0]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["none.csv"], "taxiway: none.csv cannot be read: No such file or directory."),
        (["."], "taxiway: The format is not known by the name .: give --format csv or jsonl."),
        ([".", "--format", "csv"], "taxiway: . cannot be read: Is a directory."),
        (["-"], "taxiway: The format is not known by the name -: give --format csv or jsonl."),
        (["a.csv", "--address", "x"], "taxiway: --address is not of the form HOST:PORT"),
        (["a.csv", "--ca-file", "none.pem"], "taxiway: --ca-file names a file that cannot be read"),
    ],
)
async def test_what_a_user_can_put_right_is_one_sentence(stage: Stage, arguments: list[str], reason: str) -> None:
    ended = await stage.run("import", *arguments)
    assert (ended.code, ended.said, len(ended.told)) == (2, "", 1)
    assert ended.told[0].startswith(reason)


async def test_a_token_that_does_not_hold_is_one_sentence_without_it(stage: Stage) -> None:
    file = stage.file("tasks.csv", "title\none\n")
    for token, reason in (("eyJhb", "does not take the token"), ("two words", "characters that no token has")):
        stranger = Stage(
            stage.service, type(stage.user)(stage.user.id, token, stage.user.id), stage.folder, stage.capture
        )
        ended = await stranger.run("import", file)
        assert (ended.code, len(ended.told)) == (2, 1)
        assert reason in ended.told[0]


async def test_a_server_that_is_not_there_is_one_sentence(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "REACHED", 0.2)
    ended = await stage.run("import", stage.file("tasks.csv", "title\n"), address="127.0.0.1:1")
    assert (ended.code, ended.told) == (2, ["taxiway: No server answers at 127.0.0.1:1."])


def test_the_command_reads_standard_input_and_says_that_it_needs_a_token(tmp_path: Path) -> None:
    said = fault("tasks", "import", "-", "--format", "csv", cwd=tmp_path)
    assert said == "taxiway: A token is needed: in TAXIWAY_TOKEN, or in a file that --token-file names."


async def test_a_process_reads_standard_input(stage: Stage) -> None:
    command = ("tasks", "import", "-", "--format", "csv", "--address", stage.service.address)
    ended = await asyncio.to_thread(
        lambda: taxiway(*command, cwd=stage.folder, given="title\none\n\n", token=stage.user.token)
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert await stage.count() == 1


ROWS = 6_000


async def test_a_server_that_is_killed_meanwhile_costs_nothing_and_makes_nothing_twice(
    database_url: str, tmp_path: Path
) -> None:
    """Another takes its port: the command goes on by itself, and each row is there once."""
    async with accounts(database_url, KEYS) as made:
        user = await made.make("USER")
    file = tmp_path / "tasks.csv"
    file.write_text("title\n" + "".join(f"task {number}\n" for number in range(ROWS)))
    imported = f"SELECT count(*), count(DISTINCT title) FROM tasks WHERE owner_id = '{user.id}'"

    async def begun() -> bool:
        return bool((await select(database_url, imported))[0][0] > 500)

    with free_address() as address:
        settings = {"DATABASE_URL": database_url, "SECRET_KEY": KEY, "REUSE_PORT": "1", "LISTEN": address}
        async with serving(settings) as killed:
            arguments = ("tasks", "import", str(file), "--address", address)
            command = asyncio.create_task(
                asyncio.to_thread(lambda: taxiway(*arguments, cwd=tmp_path, token=user.token))
            )
            await until(begun, 30)
            killed.signal(signal.SIGKILL)
            await killed.ended()
        async with serving(settings):
            ended = await command
    assert ended.returncode == 0, ended.stderr
    assert "answers UNAVAILABLE: once more in" in ended.stderr
    assert ended.stdout.startswith(f"{ROWS:,} tasks imported, 0 rows refused")
    assert await select(database_url, imported) == [(ROWS, ROWS)]
