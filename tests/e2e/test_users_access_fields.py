"""Fields that say what an account may do: who writes them, and what must hold of the account afterwards."""

import asyncio
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from persistence.unit_of_work import UnitOfWork
from service.identifiers import new_id
from service.identity import Caller, set_current_method
from service.users.schemas import UserDraft
from service.users.usecases import create_user
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import CreateUserRequest, GetUserRequest, UndeleteUserRequest, UpdateUserRequest
from tests.e2e.audited import kinds
from tests.e2e.conftest import Service
from tests.e2e.faults.until import until
from tests.e2e.making import NO_USER, deleted_user, make_user, update_user, user_draft
from tests.e2e.refusals import refused
from tests.e2e.rows import select, unchanged

Code = grpc.StatusCode
URI = "spiffe://example.com/billing"


async def make_service(service: Service, **fields: Any) -> User:
    return await make_user(service, role=User.SERVICE, email="", **fields)


async def test_a_new_account_is_active_and_has_no_scopes(service: Service) -> None:
    user = await make_user(service, phone_number="+4930123456")
    assert (user.state, list(user.scopes), list(user.certificate_uris)) == (User.ACTIVE, [], [])
    assert (await service.users.GetUser(GetUserRequest(name=user.name))) == user
    assert user.phone_number == "+4930123456"


async def test_a_phone_number_is_changed_and_cleared_and_the_same_one_is_no_change(service: Service) -> None:
    user = await make_user(service, phone_number="+4930123456")
    same = await update_user(service, User(name=user.name, phone_number="+4930123456"), "phone_number")
    assert (same.version, same.phone_number) == (1, "+4930123456")
    other = await update_user(service, User(name=user.name, phone_number="+12"), "phone_number")
    assert (other.version, other.phone_number) == (2, "+12")
    assert (await update_user(service, User(name=user.name), "phone_number")).phone_number == ""


async def test_a_service_has_scopes_in_one_order_and_certificates(service: Service) -> None:
    made = await make_service(service, scopes=["tasks.write", "users.read"], certificate_uris=[URI])
    assert (list(made.scopes), list(made.certificate_uris)) == (["users.read", "tasks.write"], [URI])


@pytest.mark.parametrize("fields", [{"scopes": ["tasks.read"]}, {"certificate_uris": [URI]}])
async def test_no_person_gets_scopes_or_certificates(service: Service, fields: dict[str, Any]) -> None:
    (field,) = fields
    refusal = await refused(make_user(service, **fields), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == [f"user.{field}"]
    user = await make_user(service)
    update = update_user(service, User(name=user.name, **fields), field)
    assert (await refused(update, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == [f"user.{field}"]


async def test_a_service_becomes_a_person_only_without_scopes_and_certificates(service: Service) -> None:
    made = await make_service(service, scopes=["tasks.read"], certificate_uris=[URI])
    person = User(name=made.name, role=User.USER, email="ada@example.com")
    refusal = await refused(update_user(service, person), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["user.role"]
    assert "scopes and certificate_uris" in refusal.message
    after = await update_user(service, person, "role", "email", "scopes", "certificate_uris")
    assert (after.role, list(after.scopes), list(after.certificate_uris)) == (User.USER, [], [])


async def test_a_service_becomes_a_person_only_with_a_mail_address(service: Service) -> None:
    made = await make_service(service)
    update = update_user(service, User(name=made.name, role=User.ADMIN), "role")
    assert (await refused(update, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["user.email"]


async def test_a_certificate_belongs_to_one_living_account(service: Service) -> None:
    first = await make_service(service, certificate_uris=[URI, "x:1"])
    second = await make_service(service)
    taken = update_user(service, User(name=second.name, certificate_uris=["x:2", URI]), "certificate_uris")
    async with unchanged(service.database_url):
        refusal = await refused(taken, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
        assert refusal.only(details.ErrorInfo).metadata["field"] == "certificate_uris"
        assert refusal.only(details.ResourceInfo).resource_name == "", "whose it is, the caller need not know"
        await refused(make_service(service, certificate_uris=[URI]), Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    kept = await update_user(service, User(name=first.name, certificate_uris=[URI]), "certificate_uris")
    assert list(kept.certificate_uris) == [URI], "an account may keep its own"
    await make_service(service, certificate_uris=["x:1"])


async def test_who_writes_a_certificate_waits_for_another_that_is_not_committed_yet(service: Service) -> None:
    written, free = asyncio.Event(), asyncio.Event()

    async def create_slowly(uow: UnitOfWork, who: Caller, draft: UserDraft) -> None:
        await create_user(uow, who, draft)
        written.set()
        await free.wait()

    async def decided() -> bool:
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return second.done() or bool(await select(service.database_url, waiting))

    set_current_method("a method")
    draft = UserDraft(role="SERVICE", username="billing", certificate_uris=[URI])
    first = asyncio.create_task(service.accounts.db.change(create_slowly, Caller(new_id(), "ADMIN"), draft))
    await written.wait()
    second = asyncio.create_task(make_service(service, certificate_uris=[URI]))
    await until(decided, 5)
    free.set()
    await first
    await refused(second, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")


async def test_of_many_accounts_that_claim_a_certificate_at_once_one_gets_it(service: Service) -> None:
    claims = [make_service(service, certificate_uris=[URI, f"x:{number}"]) for number in range(12)]
    outcomes = await asyncio.gather(*claims, return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, User)]) == 1
    codes = [outcome.code() for outcome in outcomes if isinstance(outcome, grpc.aio.AioRpcError)]
    assert codes == [Code.ALREADY_EXISTS] * 11


async def test_undelete_finds_a_certificate_taken_meanwhile(service: Service) -> None:
    gone = await deleted_user(service, role=User.SERVICE, email="", certificate_uris=[URI])
    await make_service(service, certificate_uris=[URI])
    undelete = service.users.UndeleteUser(UndeleteUserRequest(name=gone.name))
    async with unchanged(service.database_url):
        refusal = await refused(undelete, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    assert refusal.only(details.ErrorInfo).metadata["field"] == "certificate_uris"


async def test_changes_of_access_are_audited_as_such_and_no_change_is_not(service: Service) -> None:
    made = await make_service(service)
    await update_user(service, User(name=made.name, display_name="Billing"), "display_name")
    await update_user(service, User(name=made.name, display_name="Billing"), "display_name")
    assert await kinds(service, made.name) == ["USER_CREATED", "USER_UPDATED"]
    await update_user(service, User(name=made.name, scopes=["users.read"]), "scopes")
    assert await kinds(service, made.name) == ["USER_CREATED", "USER_ROLE_CHANGED", "USER_UPDATED", "USER_UPDATED"]


async def test_nobody_raises_their_own_rights(service: Service) -> None:
    """Over the wire, once for each role; every field and way is tried where requests are decoded."""
    account = await service.accounts.make("USER")
    person = await service.with_token(account.token)
    clerk = await service.called_by("SERVICE", ("users.write",))
    async with unchanged(service.database_url):
        for stubs in (person, clerk):
            request = UpdateUserRequest(user=User(name=account.name, role=User.ADMIN))
            await refused(stubs.users.UpdateUser(request), Code.PERMISSION_DENIED, "PERMISSION_DENIED")
        missing = UpdateUserRequest(user=user_draft(name=NO_USER, role=User.ADMIN), allow_missing=True)
        missing.update_mask.paths.append("display_name")
        await refused(clerk.users.UpdateUser(missing), Code.PERMISSION_DENIED, "PERMISSION_DENIED")
        made = CreateUserRequest(user=user_draft(role=User.SERVICE))
        await refused(clerk.users.CreateUser(made), Code.PERMISSION_DENIED, "PERMISSION_DENIED")
    assert (await clerk.users.CreateUser(CreateUserRequest(user=user_draft(role=User.USER)))).role == User.USER
