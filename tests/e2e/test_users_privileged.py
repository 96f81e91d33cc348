"""A SERVICE with `users.write` writes accounts of role USER and its own: none that may do more than it may."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from taxiway.v1 import user_service_pb2 as pb
from taxiway.v1.user_pb2 import User
from tests.conftest import Databases
from tests.e2e.conftest import Service, Stubs, in_process
from tests.e2e.making import make_user, user_draft
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged

Code = grpc.StatusCode
Write = Callable[[Stubs, str], Any]
STATES = ("ACTIVE", "SUSPENDED", "DELETED")


def update(*, allow_missing: bool = False) -> Write:
    """Without `email` and `username` in the mask, which are there for the draft of an upsert."""

    def call(stubs: Stubs, name: str) -> Any:
        user, mask = user_draft(name=name, display_name="Renamed"), FieldMask(paths=["display_name"])
        return stubs.users.UpdateUser(pb.UpdateUserRequest(user=user, update_mask=mask, allow_missing=allow_missing))

    return call


def delete(*, allow_missing: bool = False) -> Write:
    return lambda stubs, name: stubs.users.DeleteUser(pb.DeleteUserRequest(name=name, allow_missing=allow_missing))


# Way to write an account -> the call, and a state in which an account can be written so.
WRITES: dict[str, tuple[Write, str]] = {
    "UpdateUser": (update(), "ACTIVE"),
    "upsert": (update(allow_missing=True), "ACTIVE"),
    "DeleteUser": (delete(), "ACTIVE"),
    "DeleteUser of what may be gone": (delete(allow_missing=True), "DELETED"),
    "UndeleteUser": (lambda stubs, name: stubs.users.UndeleteUser(pb.UndeleteUserRequest(name=name)), "DELETED"),
    "SuspendUser": (lambda stubs, name: stubs.users.SuspendUser(pb.SuspendUserRequest(name=name)), "ACTIVE"),
    "ReactivateUser": (
        lambda stubs, name: stubs.users.ReactivateUser(pb.ReactivateUserRequest(name=name)),
        "SUSPENDED",
    ),
}


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    """One server for all ways."""
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


async def account(service: Service, role: str, state: str) -> User:
    user = await make_user(service, role=role)
    if state == "SUSPENDED":
        return await service.users.SuspendUser(pb.SuspendUserRequest(name=user.name))
    return await service.users.DeleteUser(pb.DeleteUserRequest(name=user.name)) if state == "DELETED" else user


@pytest.mark.parametrize("role", ["ADMIN", "SERVICE"])
@pytest.mark.parametrize("way", WRITES)
async def test_no_account_of_an_administrator_or_another_service_is_written(
    service: Service, way: str, role: str
) -> None:
    """In whatever state it is: the refusal does not tell which."""
    clerk = await service.called_by("SERVICE", ("users.write",))
    write, _ = WRITES[way]
    for state in STATES:
        user = await account(service, role, state)
        async with unchanged(service.database_url):
            await refused(write(clerk, user.name), Code.PERMISSION_DENIED, "PERMISSION_DENIED")


@pytest.mark.parametrize("way", WRITES)
async def test_the_account_of_a_user_is_written(service: Service, way: str) -> None:
    clerk = await service.called_by("SERVICE", ("users.write",))
    write, state = WRITES[way]
    user = await account(service, "USER", state)
    assert (await write(clerk, user.name)).name == user.name


@pytest.mark.parametrize("way", [way for way, (_, state) in WRITES.items() if state == "ACTIVE"])
async def test_a_service_writes_its_own_account(service: Service, way: str) -> None:
    own = await service.accounts.make("SERVICE", ("users.write",))
    write, _ = WRITES[way]
    assert (await write(await service.with_token(own.token), own.name)).name == own.name


async def test_an_administrator_writes_every_account(service: Service) -> None:
    for role in ("USER", "SERVICE", "ADMIN"):
        for write, state in WRITES.values():
            user = await account(service, role, state)
            assert (await write(service, user.name)).name == user.name
