"""ExportUserData and EraseUser: all that is kept of one account, and nothing of another."""

from collections import Counter
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict

from taxiway.v1.task_service_pb2 import ListTasksRequest
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import (
    CreatePasswordResetRequest,
    EraseUserRequest,
    EraseUserResponse,
    ExportUserDataRequest,
    GetUserRequest,
    UpdateUserRequest,
)
from tests.e2e.accounts import Account
from tests.e2e.audited import kinds
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, make_task, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import run, select, unchanged

Code = grpc.StatusCode
REQUEST_ID = "0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11"
SECRETS = ("hash", "answer", "fingerprint", "spent", "_key")


async def export(service: Service, name: str) -> list[dict[str, Any]]:
    return [
        MessageToDict(line)["line"] async for line in service.users.ExportUserData(ExportUserDataRequest(name=name))
    ]


async def full_account(service: Service) -> Account:
    """With a row in every table that has rows of a person."""
    account = await service.accounts.make("USER")
    own = await service.with_token(account.token)
    about = User(name="users/me", phone_number="+4930123456", annotations={"a": "1"}, display_name="Ada")
    await own.users.UpdateUser(UpdateUserRequest(user=about, request_id=REQUEST_ID))
    await service.users.CreatePasswordReset(CreatePasswordResetRequest(parent=account.name))
    for number in range(3):
        await make_task(service, account.name, title=f"Ada's {number}")
    password = f"INSERT INTO credentials (user_id, password_hash) VALUES ('{account.id}', 'the hash')"
    api_key = (
        "INSERT INTO api_keys (id, user_id, display_name, token_hash, scopes, created_by) "
        f"VALUES (gen_random_uuid(), '{account.id}', '', sha256('x'), '{{}}', '{account.id}')"
    )
    await run(service.database_url, password, api_key)
    return account


async def test_an_export_holds_a_line_for_every_row_and_no_secret(service: Service) -> None:
    account, other = await full_account(service), await make_user(service, display_name="Grace")
    await make_task(service, other.name, title="Grace's")
    lines = await export(service, account.name)
    tables = Counter(line["table"] for line in lines)
    once = ("users", "credentials", "password_resets", "sessions", "api_keys", "requests")
    assert tables.pop("audit_log") == 3, "the reset, the update and the export itself"
    assert tables == {**dict.fromkeys(once, 1), "tasks": 3}
    user = lines[0]
    assert (user["table"], user["id"], user["phone_number"], user["annotations"]) == (
        "users",
        str(account.id),
        "+4930123456",
        {"a": "1"},
    )
    assert user["created_at"].endswith("Z")
    assert not [name for line in lines for name in line if name.endswith(SECRETS)]
    assert "the hash" not in str(lines)
    assert "Grace" not in str(lines)


async def test_an_owner_exports_its_own_and_an_export_is_audited(service: Service) -> None:
    account = await service.accounts.make("USER")
    own = await service.with_token(account.token)
    lines = [line async for line in own.users.ExportUserData(ExportUserDataRequest(name="users/me"))]
    assert lines[0].line["table"] == "users"
    assert await kinds(service, account.name) == ["USER_EXPORTED"]


async def test_tables_of_many_rows_come_whole_and_in_order(service: Service) -> None:
    user = await make_user(service)
    user_id = user.name.removeprefix("users/")
    tasks = (
        "INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by) SELECT "
        f"'{user_id}', gen_random_uuid(), n::text, '', 'LOW', '{user_id}', '{user_id}' FROM generate_series(1, 200) n"
    )
    await run(service.database_url, tasks)
    ids = [line["id"] for line in await export(service, user.name) if line["table"] == "tasks"]
    assert len(set(ids)) == len(ids) == 200
    assert ids == sorted(ids)


async def test_there_is_nothing_to_export_or_erase_of_nobody(service: Service) -> None:
    async with unchanged(service.database_url):
        await refused(export(service, NO_USER), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
        for validate_only in (False, True):
            erase = service.users.EraseUser(EraseUserRequest(name=NO_USER, validate_only=validate_only))
            await refused(erase, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_what_is_erased_is_gone_and_counted_by_table(service: Service) -> None:
    account, other = await full_account(service), await make_user(service, display_name="Grace")
    await make_task(service, other.name, title="Grace's")
    request = EraseUserRequest(name=account.name)
    async with unchanged(service.database_url):
        foreseen = await service.users.EraseUser(EraseUserRequest(name=account.name, validate_only=True))
    erased = await service.users.EraseUser(request)
    assert dict(foreseen.rows) == dict(erased.rows)
    assert erased.rows["tasks"] == 3
    assert erased.rows["users"] == erased.rows["sessions"] == erased.rows["requests"] == 1
    left = await service.users.GetUser(GetUserRequest(name=account.name))
    assert (left.state, left.phone_number, left.display_name, dict(left.annotations)) == (User.SUSPENDED, "", "", {})
    assert left.HasField("delete_time")
    assert not (await service.tasks.ListTasks(ListTasksRequest(parent=account.name, show_deleted=True))).tasks
    assert {line["table"] for line in await export(service, account.name)} == {"users", "audit_log"}
    assert "USER_ERASED" in await kinds(service, account.name)
    assert (await service.users.GetUser(GetUserRequest(name=other.name))).display_name == "Grace"
    assert len((await service.tasks.ListTasks(ListTasksRequest(parent=other.name))).tasks) == 1


async def test_a_stale_etag_erases_nothing(service: Service) -> None:
    user = await make_user(service)
    async with unchanged(service.database_url):
        for validate_only in (False, True):
            request = EraseUserRequest(name=user.name, etag='"1-1"', validate_only=validate_only)
            await refused(service.users.EraseUser(request), Code.ABORTED, "ETAG_MISMATCH")


async def test_a_validation_leaves_its_request_id_unused_and_a_repeated_erasure_is_answered(service: Service) -> None:
    user = await make_user(service)
    await make_task(service, user.name)

    def erase(*, validate_only: bool) -> grpc.aio.UnaryUnaryCall[EraseUserRequest, EraseUserResponse]:
        request = EraseUserRequest(name=user.name, validate_only=validate_only, request_id=REQUEST_ID)
        return service.users.EraseUser(request)

    await erase(validate_only=True)
    assert await select(service.database_url, "SELECT * FROM requests") == []
    first, again = await erase(validate_only=False), await erase(validate_only=False)
    assert first == again
    assert first.rows["tasks"] == 1
    assert (await erase(validate_only=True)).rows["tasks"] == 0, "the id is not looked at"


async def test_an_administrator_may_erase_itself(service: Service) -> None:
    erased = await service.users.EraseUser(EraseUserRequest(name="users/me", request_id=REQUEST_ID))
    assert erased.rows["users"] == 1
