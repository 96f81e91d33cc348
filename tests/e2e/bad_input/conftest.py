"""One server for all tests of a file: what is refused leaves nothing behind, and each test sees that it goes on."""

from collections.abc import AsyncIterator

import pytest

from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.conftest import Databases
from tests.e2e.conftest import Service, in_process
from tests.e2e.rows import unchanged


@pytest.fixture(scope="module")
async def shared_service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


@pytest.fixture
async def untouched(shared_service: Service) -> AsyncIterator[Service]:
    """The server, of which nothing may be written until the end of the test, and which must answer after it."""
    async with unchanged(shared_service.database_url):
        yield shared_service
    assert (await shared_service.users.GetUser(GetUserRequest(name="users/me"))).name
