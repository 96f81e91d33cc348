"""Sessions and API keys that were good once: what became of the account or of them decides, whatever they say."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import grpc
import pytest

from service.credentials import opaque_tokens
from taxiway.v1.auth_service_pb2 import ListSessionsRequest
from taxiway.v1.task_service_pb2 import ListTasksRequest
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.conftest import Databases
from tests.e2e.access.contract import Outcome, rpc
from tests.e2e.access.refusal import REQUEST_ID, bearer, refusal
from tests.e2e.conftest import Service, in_process
from tests.e2e.rows import run

Code = grpc.StatusCode
# What is done to an account (`{user}`) or to its credential (`{credential}`), by whatever hand.
ACCOUNT = {
    "suspended": "UPDATE users SET state = 'SUSPENDED' WHERE id = '{user}'",
    "deleted": "UPDATE users SET deleted_at = now(), purge_at = now() + interval '30 days' WHERE id = '{user}'",
}
SESSION = ACCOUNT | {
    "account purged": "DELETE FROM users WHERE id = '{user}'",
    "account of a service": "UPDATE users SET role = 'SERVICE' WHERE id = '{user}'",
    "idle for too long": "UPDATE sessions SET idle_expire_at = now() - interval '1 second' WHERE id = '{credential}'",
    "too old": "UPDATE sessions SET created_at = now() - interval '91 days', idle_expire_at = now() - interval '1 day',"
    " expire_at = now() - interval '1 day' WHERE id = '{credential}'",
    "ended": "DELETE FROM sessions WHERE id = '{credential}'",
}
API_KEY = ACCOUNT | {
    "account purged": "DELETE FROM users WHERE id = '{user}'",
    "account of a person": "UPDATE users SET role = 'USER', scopes = '{{}}', email = '{user}@example.com',"
    " email_key = '{user}@example.com' WHERE id = '{user}'",
    "expired": "UPDATE api_keys SET expire_at = now() - interval '1 second' WHERE id = '{credential}'",
    "revoked": "DELETE FROM api_keys WHERE id = '{credential}'",
    "another secret": "UPDATE api_keys SET token_hash = sha256('another') WHERE id = '{credential}'",
}


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


async def tasks_of_all(service: Service, token: str) -> Outcome:
    """What a service with the scope `tasks.read` may call."""
    async with grpc.aio.insecure_channel(service.address) as channel:
        metadata = (REQUEST_ID, ("authorization", f"Bearer {token}"))
        return await rpc("ListTasks").call(channel, ListTasksRequest(parent="users/-"), metadata)


@pytest.mark.parametrize("change", SESSION)
async def test_a_session_that_holds_no_more_is_refused_as_no_credentials_at_all(service: Service, change: str) -> None:
    """The token itself is in order, and was never used: nothing of it is remembered."""
    account = await service.accounts.make("USER")
    await run(service.database_url, SESSION[change].format(user=account.id, credential=account.credential_id))
    assert await bearer(service, account.token) == await refusal(service)


@pytest.mark.parametrize("change", API_KEY)
async def test_an_api_key_that_holds_no_more_is_refused_as_no_credentials_at_all(service: Service, change: str) -> None:
    account = await service.accounts.make("SERVICE", ["tasks.read"])
    await run(service.database_url, API_KEY[change].format(user=account.id, credential=account.credential_id))
    assert await tasks_of_all(service, account.token) == await refusal(service)


async def test_an_api_key_and_a_session_that_nothing_was_done_to_are_let_in(service: Service) -> None:
    """Else the refusals would prove nothing."""
    key = await service.accounts.make("SERVICE", ["tasks.read"])
    session = await service.accounts.make("USER")
    assert (await tasks_of_all(service, key.token)).code is Code.OK
    assert (await bearer(service, session.token)).code is Code.OK


@pytest.mark.parametrize("secret", [bytes(32), bytes(range(1, 33))], ids=["zeros", "another"])
async def test_an_api_key_with_another_secret_is_refused_also_while_the_right_one_is_remembered(
    service: Service, secret: bytes
) -> None:
    account = await service.accounts.make("SERVICE", ["tasks.read"])
    guess = opaque_tokens.make("twk_", account.credential_id, secret)
    assert await tasks_of_all(service, guess) == await refusal(service)
    assert (await tasks_of_all(service, account.token)).code is Code.OK
    assert await tasks_of_all(service, guess) == await refusal(service)


@pytest.mark.parametrize("place", ["users", "api_keys"])
async def test_a_key_has_no_scope_that_the_account_or_the_key_has_lost(service: Service, place: str) -> None:
    """The caller is known, so that it is told what it lacks: the right."""
    account = await service.accounts.make("SERVICE", ["tasks.read", "users.read"])
    row: UUID = account.id if place == "users" else account.credential_id
    await run(service.database_url, f"UPDATE {place} SET scopes = '{{users.read}}' WHERE id = '{row}'")
    assert (await tasks_of_all(service, account.token)).code is Code.PERMISSION_DENIED


async def test_what_a_person_may_is_not_for_a_service_on_its_own_account(service: Service) -> None:
    """It does what its scopes say, and nothing beside them."""
    program = await service.called_by("SERVICE", ("tasks.write",))
    for call in (
        program.users.GetUser(GetUserRequest(name="users/me")),
        program.auth.ListSessions(ListSessionsRequest(parent="users/me")),
        program.tasks.ListTasks(ListTasksRequest(parent="users/me")),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() is Code.PERMISSION_DENIED


async def test_a_key_for_which_there_is_no_row_costs_as_the_others_and_says_the_same(service: Service) -> None:
    token = opaque_tokens.make("twk_", uuid4(), bytes(32))
    for _ in range(3):
        assert await tasks_of_all(service, token) == await refusal(service)
