"""ListProjects: newest first, page by page, filtered, each with the number of its living tasks."""

import grpc
import pytest

from taxiway.v1.project_pb2 import Project
from taxiway.v1.project_service_pb2 import ListProjectsRequest, ListProjectsResponse
from tests.e2e.conftest import Service
from tests.e2e.making import (
    NO_USER,
    delete_project,
    deleted_task,
    make_project,
    make_task,
    make_user,
    update_project,
)
from tests.e2e.refusals import refused


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


async def page(service: Service, parent: str, **arguments: object) -> ListProjectsResponse:
    return await service.projects.ListProjects(ListProjectsRequest(parent=parent, **arguments))  # type: ignore[arg-type]  # fields by name


async def walk(service: Service, parent: str, **arguments: object) -> list[Project]:
    found: list[Project] = []
    token = ""
    while True:
        answer = await page(service, parent, page_token=token, **arguments)
        found += answer.projects
        if not (token := answer.next_page_token):
            return found


async def several(service: Service, owner: str) -> list[Project]:
    """Newest first: the third is archived, the fourth deleted."""
    made = [await make_project(service, owner, display_name=f"Project {n}") for n in range(5)]
    made[2] = await update_project(service, Project(name=made[2].name, archived=True))
    made[3] = await delete_project(service, made[3].name)
    return made[::-1]


async def test_a_walk_gives_each_once_newest_first(service: Service) -> None:
    owner = (await make_user(service)).name
    made = await several(service, owner)
    living = [project for project in made if not project.HasField("delete_time")]
    for size in (1, 2, 50):
        assert await walk(service, owner, page_size=size) == living
        assert await walk(service, owner, page_size=size, show_deleted=True) == made


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("archived = false", [0, 1, 3, 4]),
        ("archived = true", [2]),
        ('display_name = "Project 1"', [3]),
        ('display_name:"project"', []),
        ('display_name = "*3" OR archived = true', [1, 2]),
        ("NOT archived = true AND update_time > 2020-01-01T00:00:00Z", [0, 1, 3, 4]),
    ],
)
async def test_a_filter_says_which(service: Service, text: str, places: list[int]) -> None:
    owner = (await make_user(service)).name
    made = await several(service, owner)
    expected = [made[place] for place in places]
    for size in (1, 50):
        assert await walk(service, owner, page_size=size, filter=text, show_deleted=True) == expected
        living = [project for project in expected if not project.HasField("delete_time")]
        assert await walk(service, owner, page_size=size, filter=text) == living


async def test_an_unknown_field_of_a_filter_is_named(service: Service) -> None:
    owner = (await make_user(service)).name
    refusal = await refused(page(service, owner, filter="stat = 1"), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FILTER")
    assert refusal.fields == ["filter"]


async def test_a_token_serves_the_list_that_gave_it_alone(service: Service) -> None:
    owner, other = (await make_user(service)).name, (await make_user(service)).name
    await several(service, owner)
    token = (await page(service, owner, page_size=1)).next_page_token
    assert (await page(service, owner, page_size=2, page_token=token)).projects
    for parent, arguments in (
        (other, {}),
        (owner, {"show_deleted": True}),
        (owner, {"filter": "archived = false"}),
    ):
        call = page(service, parent, page_token=token, **arguments)
        await refused(call, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


async def test_the_count_is_of_living_tasks_in_whatever_state(service: Service) -> None:
    owner = (await make_user(service)).name
    first, second = await make_project(service, owner), await make_project(service, owner)
    tasks = [await make_task(service, owner, project=first.name) for _ in range(3)]
    await make_task(service, owner, parent_task=tasks[0].name)
    await deleted_task(service, owner, project=first.name)
    await make_task(service, (await make_user(service)).name)
    for arguments in ({}, {"filter": "archived = false"}):
        counts = {project.name: project.task_count for project in await walk(service, owner, **arguments)}
        assert counts == {first.name: 3, second.name: 0}


async def test_an_empty_list_is_of_an_owner_who_exists(service: Service) -> None:
    assert not (await page(service, (await make_user(service)).name)).projects
    for text in ("", "archived = true"):
        call = page(service, NO_USER, filter=text)
        await refused(call, grpc.StatusCode.NOT_FOUND, "PARENT_NOT_FOUND")


@pytest.mark.parametrize("parent", ["users/-", "", f"{NO_USER}/projects"])
async def test_the_parent_is_one_user(service: Service, parent: str) -> None:
    refusal = await refused(page(service, parent), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["parent"]


async def test_a_negative_size_is_refused(service: Service) -> None:
    call = page(service, (await make_user(service)).name, page_size=-1)
    assert (await refused(call, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["page_size"]
