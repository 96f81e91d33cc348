"""`filter` of ListUsers: which accounts, by mail address, user name, state and role (AIP-160)."""

import grpc
import pytest

from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import DeleteUserRequest, ListUsersRequest, ListUsersResponse
from tests.e2e.conftest import Service
from tests.e2e.lists import USERS
from tests.e2e.making import deleted_user, make_user, suspended_user
from tests.e2e.refusals import refused
from tests.e2e.rows import run

Code = grpc.StatusCode
# Accounts that are newer than any other.
MANY = """
    INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by)
    SELECT id, 'crowd-' || n, 'crowd-' || n, '', 'UTC', 'SERVICE', id, id
    FROM (SELECT n, ('ffffffff-ffff-7fff-bfff-' || lpad(to_hex(n), 12, '0'))::uuid AS id
          FROM generate_series(1, 10050) AS n) AS numbered"""


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and ask for these."""
    return service_of_file


async def page(service: Service, text: str, **arguments: object) -> ListUsersResponse:
    return await service.users.ListUsers(ListUsersRequest(filter=text, **arguments))  # type: ignore[arg-type]  # by name


async def found(service: Service, text: str, **arguments: object) -> list[str]:
    """The names over all pages."""
    return [user.name for user in await USERS.all(service, filter=text, **arguments)]


async def test_a_mail_address_and_a_user_name_are_found_whatever_their_case(service: Service) -> None:
    user = await make_user(service, username="Ada.L", email="Ada.Stra\u00dfe@Example.com")
    await make_user(service)
    for text in (
        'email = "Ada.Stra\u00dfe@Example.com"',
        'email = "ADA.STRASSE@EXAMPLE.COM"',
        'email:"strasse@"',
        'email = "*@example.com" username = "ada.l"',
        "username = ADA.L",
        'username = "ada.*"',
        'email = "nobody@example.com" OR username = "ada.l"',
    ):
        assert await found(service, text) == [user.name], text
    assert await found(service, 'email = "ada"') == []


async def test_state_and_role_are_found(service: Service) -> None:
    machine = await make_user(service, role="SERVICE", email="")
    suspended = await suspended_user(service)
    assert suspended.name in await found(service, "state = SUSPENDED")
    assert suspended.name not in await found(service, "state = ACTIVE")
    services = await found(service, "role = SERVICE")
    assert machine.name in services
    assert suspended.name not in services
    assert machine.name not in await found(service, "NOT role = SERVICE")
    assert await found(service, f"state = SUSPENDED role = USER username = {suspended.username}") == [suspended.name]
    assert machine.name in await found(service, "NOT email:*"), "it has none"


async def test_deleted_accounts_are_found_where_they_are_asked_for(service: Service) -> None:
    gone = await deleted_user(service)
    text = f'email = "{gone.email}"'
    assert await found(service, text) == []
    assert await found(service, text, show_deleted=True) == [gone.name]
    taker = await make_user(service, email=gone.email)
    assert await found(service, text) == [taker.name]
    assert await found(service, text, show_deleted=True) == [taker.name, gone.name]
    await service.users.DeleteUser(DeleteUserRequest(name=taker.name))


async def test_a_telephone_number_of_an_account_that_is_found_can_be_read(service: Service) -> None:
    user = await make_user(service, phone_number="+4930123456")
    (shown,) = (await page(service, f"username = {user.username}")).users
    assert shown.phone_number == "+4930123456"


async def test_pages_of_a_filter_hold_what_it_names_in_the_order_of_the_list(service: Service) -> None:
    names = [(await make_user(service, username=f"walker-{n}", role=User.USER)).name for n in range(5)]
    sizes = [len(users) async for users in USERS.walk(service, filter='username = "walker-*"', page_size=2)]
    assert await found(service, 'username = "walker-*"', page_size=2) == names[::-1]
    assert sizes == [2, 2, 1]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('mail = "a"', "filter at position 1: unknown field `mail`, did you mean `email`?"),
        ("display_name = a", "filter at position 1: unknown field `display_name`"),
        ("role = GUEST", "filter at position 8: "),
        ("state >= ACTIVE", "filter at position 7: "),
        ("(role = USER", "filter at position 1: "),
    ],
)
async def test_a_fault_of_the_filter_is_told_with_its_position(service: Service, text: str, hint: str) -> None:
    refusal = await refused(page(service, text), Code.INVALID_ARGUMENT, "INVALID_FILTER")
    assert refusal.message.startswith(hint), refusal.message
    assert refusal.fields == ["filter"]


@pytest.mark.parametrize("other", ["", "role = USER", "NOT role = SERVICE "])
async def test_a_token_fits_its_own_filter_only(service: Service, other: str) -> None:
    for _ in range(2):
        await make_user(service)
    token = (await page(service, "NOT role = SERVICE", page_size=1)).next_page_token
    assert token
    call = page(service, other, page_token=token)
    await refused(call, Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
    assert (await page(service, "NOT role = SERVICE", page_token=token, page_size=2)).users


async def test_a_page_ends_after_so_many_accounts_and_an_index_finds_a_name_at_once(service: Service) -> None:
    user = await make_user(service, username="the-first-of-all", time_zone="Asia/Tokyo")
    await run(service.database_url, MANY)
    try:
        for text in (f'email = "{user.email}"', "username = the-first-of-all", "username = crowd-1"):
            response = await page(service, text)
            assert (len(response.users), response.next_page_token) == (1, ""), text
        first = await page(service, "role = ADMIN")
        assert (len(first.users), bool(first.next_page_token)) == (0, True), "10,000 were looked at, and rows are left"
        assert (await page(service, "role = ADMIN", page_token=first.next_page_token)).users
        assert user.name in await found(service, "username = the-*")
    finally:
        await run(service.database_url, "DELETE FROM users WHERE username LIKE 'crowd-%'")
