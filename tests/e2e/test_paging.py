"""Lists come in pages: newest first, of the size that was asked for, without offset, until the token is empty."""

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from tests.e2e.conftest import Service
from tests.e2e.lists import LISTINGS, SOFTLY_DELETED, TASKS, USERS, Listing
from tests.e2e.making import NO_USER, make_task, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import run

Code = grpc.StatusCode
each = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.name)
MANY_USERS = """
    INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by)
    SELECT id, id, id, '', 'UTC', 'SERVICE', id, id
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 1100)) AS made
"""
MANY_TASKS = """
    INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by)
    SELECT u.id, gen_random_uuid(), 'One of many', '', 'LOW', u.id, u.id
    FROM users u, generate_series(1, 1100) WHERE role = 'ADMIN'
"""


@each
async def test_a_list_is_newest_first(service: Service, listing: Listing) -> None:
    made = [(await listing.make(service)).name for _ in range(5)]
    listed = [item.name for item in await listing.all(service)]
    assert listed[:5] == made[::-1]


@each
async def test_a_walk_of_any_page_size_finds_every_row_once(service: Service, listing: Listing) -> None:
    for _ in range(7):
        await listing.make(service)
    whole = await listing.all(service)
    for size in range(1, len(whole) + 2):
        pages = [page async for page in listing.walk(service, page_size=size)]
        assert [item for page in pages for item in page] == whole
        assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)


@each
async def test_a_page_that_holds_the_rest_exactly_has_no_token(service: Service, listing: Listing) -> None:
    for _ in range(3):
        await listing.make(service)
    count = len(await listing.all(service))
    assert (await listing.page(service, page_size=count))[1] == ""
    assert (await listing.page(service, page_size=count - 1))[1] != ""


@each
async def test_the_page_size_may_change_from_page_to_page(service: Service, listing: Listing) -> None:
    for _ in range(4):
        await listing.make(service)
    whole = await listing.all(service)
    first, token = await listing.page(service, page_size=1)
    rest, _ = await listing.page(service, page_size=100, page_token=token)
    assert first + rest == whole


@pytest.mark.parametrize("listing", SOFTLY_DELETED, ids=lambda listing: listing.name)
async def test_deleted_ones_are_listed_on_request_only(service: Service, listing: Listing) -> None:
    assert listing.delete is not None
    kept, gone = await listing.make(service), await listing.make(service)
    deleted = await listing.delete(service, gone.name)
    assert gone.name not in {item.name for item in await listing.all(service)}
    shown = await listing.all(service, show_deleted=True, page_size=1)
    assert shown[:2] == [deleted, kept]


@pytest.mark.parametrize(("listing", "rows"), [(USERS, MANY_USERS), (TASKS, MANY_TASKS)], ids=["users", "tasks"])
async def test_page_sizes_are_50_by_default_and_1000_at_most(service: Service, listing: Listing, rows: str) -> None:
    await run(service.database_url, rows)
    for asked, given in ((0, 50), (1000, 1000), (1001, 1000), (10**9, 1000), (2**31 - 1, 1000)):
        assert len((await listing.page(service, page_size=asked))[0]) == given
    assert len(await listing.all(service, page_size=1000)) >= 1100


@each
@pytest.mark.parametrize("size", [-1, -(2**31)])
async def test_a_negative_page_size_is_refused(service: Service, listing: Listing, size: int) -> None:
    refusal = await refused(listing.page(service, page_size=size), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["page_size"]


async def test_tasks_are_listed_below_their_owner_only(service: Service) -> None:
    owner, other = await make_user(service), await make_user(service)
    task = await make_task(service, owner.name)
    assert await TASKS.all(service, parent=owner.name) == [task]
    assert await TASKS.all(service, parent=other.name) == []


async def test_the_list_of_a_user_that_never_was_is_not_found(service: Service) -> None:
    refusal = await refused(TASKS.page(service, parent=NO_USER), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    assert refusal.only(details.ResourceInfo).resource_name == NO_USER
