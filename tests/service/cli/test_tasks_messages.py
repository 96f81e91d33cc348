"""Rows become messages that the server takes, with ids that are the same each time, in constant memory."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

from service.cli import task_csv
from service.cli.file_lines import Lines
from service.cli.task_export import parents_first
from service.cli.task_messages import Batch, messages
from service.cli.task_rows import BadRow, Row
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import ImportTasksRequest, TaskImport

ME = "users/me"


def rows(count: int, size: int) -> Iterator[Row | BadRow]:
    for number in range(count):
        yield Row(TaskImport(line=number + 1, task=Task(title=f"{number}", description="x" * size)))


def _fail(row: BadRow) -> None:
    raise AssertionError(row)


def made(count: int, size: int, parent: str = ME) -> list[ImportTasksRequest]:
    refused: list[BadRow] = []
    found = list(messages(rows(count, size), Batch(parent), refused.append))
    assert not refused
    return found


def test_messages_have_at_most_500_rows_and_1_mib() -> None:
    assert [len(message.tasks) for message in made(1001, 1)] == [500, 500, 1]
    large = made(120, 40_000)
    assert sum(len(message.tasks) for message in large) == 120
    assert all(message.ByteSize() <= 1 << 20 for message in large)
    assert all(message.ByteSize() > 900_000 for message in large[:-1])


def test_a_row_that_is_larger_than_a_message_is_refused_and_the_others_are_sent() -> None:
    refused: list[BadRow] = []
    given = [*rows(1, 1), *rows(1, 1 << 20), *rows(1, 1)]
    (message,) = messages(given, Batch(ME), refused.append)
    assert len(message.tasks) == 2
    assert refused == [BadRow(1, "the row is longer than 1 MiB")]


def test_the_request_id_of_a_message_is_made_of_owner_place_and_rows() -> None:
    ids = [message.request_id for message in made(1500, 1)]
    assert len(set(ids)) == 3
    assert [message.request_id for message in made(1500, 1)] == ids
    assert not set(ids) & {message.request_id for message in made(1500, 1, "users/x")}
    assert not set(ids) & {message.request_id for message in made(1500, 2)}
    same = [Row(TaskImport(task=Task(title="same")))] * 1000
    first, second = messages(same, Batch(ME), _fail)
    assert first.request_id != second.request_id


def peak(data: bytes) -> int:
    """Bytes in memory at a time, to make the messages of a file."""
    file = io.BytesIO(data)
    tracemalloc.start()
    try:
        for _ in messages(task_csv.read(Lines(file), ME), Batch(ME), lambda _bad: None):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_file_is_read_in_constant_memory() -> None:
    row = b'"Paint the fence, twice",home;garden\n'
    assert peak(b"title,tags\n" + row * 4_000) < peak(b"title,tags\n" + row * 1_500) + 100_000


def test_a_line_without_an_end_is_read_in_constant_memory() -> None:
    assert peak(b"title\n" + b"x" * (40 << 20)) < 8 << 20


def test_parents_come_first_though_their_ids_are_greater() -> None:
    def task(number: int, parent: int = 0) -> Task:
        return Task(name=f"users/x/tasks/{number}", parent_task=f"users/x/tasks/{parent}" if parent else "")

    def order(*tasks: Task) -> list[int]:
        return [int(task.name[-1]) for task in parents_first(tasks)]

    assert order(task(1), task(2, 1), task(3, 2)) == [1, 2, 3]
    assert order(task(1, 2), task(2, 4), task(3, 1), task(4), task(5, 3)) == [4, 2, 1, 3, 5]
    assert order(task(1, 9), task(2, 1)) == [1, 2]
    assert sorted(order(task(1, 2), task(2, 1))) == [1, 2]
