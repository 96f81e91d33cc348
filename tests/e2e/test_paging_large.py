"""A page of 1,000 tasks of 10,000 characters ends before the answer is too large, and the walk finds all of them."""

import pytest

from taxiway.v1.task_service_pb2 import ListTasksRequest
from tests.e2e.conftest import Service
from tests.e2e.making import make_user
from tests.e2e.rows import run

ANSWER = 3 << 20
LARGE_TASKS = """
    INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by)
    SELECT '{owner}', gen_random_uuid(), 'Large', repeat('{character}', 10000), 'LOW', '{owner}', '{owner}'
    FROM generate_series(1, 1000)
"""


@pytest.mark.parametrize("character", ["x", "\U0001f6eb"], ids=["one byte", "four bytes"])
async def test_a_walk_through_large_tasks_finds_each_once_in_answers_of_3_mib(service: Service, character: str) -> None:
    owner = await make_user(service)
    statement = LARGE_TASKS.format(owner=owner.name.removeprefix("users/"), character=character)
    await run(service.database_url, statement)
    names, sizes, token = [], [], ""
    while True:
        request = ListTasksRequest(parent=owner.name, page_size=1000, page_token=token)
        response = await service.tasks.ListTasks(request)
        names += [task.name for task in response.tasks]
        sizes.append(response.ByteSize())
        assert response.tasks[-1].description == character * 10_000
        if not (token := response.next_page_token):
            break
    assert len(names) == len(set(names)) == 1000
    assert max(sizes) <= ANSWER
    assert min(sizes[:-1]) > ANSWER - 50_000, "each page but the last is filled"
