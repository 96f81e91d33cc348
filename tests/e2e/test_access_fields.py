"""Who writes which field of an account: declared here for each of them, and held against every way to write one."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import CreateUserRequest, GetUserRequest, UpdateUserRequest
from tests.conftest import Databases
from tests.e2e.access.contract import rpcs
from tests.e2e.access.fields import paths, restricted
from tests.e2e.access.writers import NOBODY, RESTRICTED, VALUES, WRITERS
from tests.e2e.conftest import Service, Stubs, in_process
from tests.e2e.refusals import refused
from tests.e2e.rows import select

WAYS = ("mask", "mask among others", "no mask", "star", "cleared by mask", "upsert", "upsert with a mask")


def update(way: str, name: str, field: str) -> UpdateUserRequest:
    """The request that writes this field in this way."""
    user = User(name=name) if way == "cleared by mask" else User(name=name, **{field: VALUES[field]})
    masks = {"mask": [field], "cleared by mask": [field], "mask among others": ["display_name", field], "star": ["*"]}
    masks["upsert with a mask"] = ["display_name"]
    return UpdateUserRequest(
        user=user, update_mask=FieldMask(paths=masks.get(way, [])), allow_missing=way.startswith("upsert")
    )


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    """One server for all fields."""
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


async def accounts(service: Service) -> list[tuple[Any, ...]]:
    return await select(service.database_url, "SELECT u::text FROM users u ORDER BY id")


async def denied(service: Service, call: Any, *args: Any) -> None:
    before = await accounts(service)
    await refused(call(*args), grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    assert await accounts(service) == before, "nothing is written"


async def caller(service: Service, role: str) -> tuple[Stubs, str]:
    """The stubs of a new account of the role, and its name."""
    account = await service.accounts.make(role, ("users.write",) if role == "SERVICE" else ())
    return await service.with_token(account.token), account.name


def test_every_field_of_an_account_is_declared_and_the_contract_says_the_same() -> None:
    assert set(WRITERS) == {field.name for field in User.DESCRIPTOR.fields}
    assert [field.name for field in User.DESCRIPTOR.fields if restricted(field)] == sorted(
        RESTRICTED, key=list(WRITERS).index
    )
    assert set(VALUES) == {field for field, who in WRITERS.items() if who != NOBODY}


def test_what_only_administrators_write_is_in_no_request_that_is_not_tried_here() -> None:
    found = {
        (str(rpc), path) for rpc in rpcs() for path, field in paths(rpc.descriptor.input_type) if restricted(field)
    }
    assert {path.rpartition(".")[2] for _, path in found} == set(RESTRICTED)
    assert {name for name, _ in found} == {"CreateUser", "UpdateUser", "ImportUsers"}
    (imports,) = (rpc for rpc in rpcs() if str(rpc) == "ImportUsers")
    assert not imports.access.ByteSize(), "administrators alone import"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("field", RESTRICTED)
async def test_a_user_cannot_write_it_on_their_own_account(service: Service, field: str, way: str) -> None:
    user, name = await caller(service, "USER")
    for own in (name, "users/me"):
        await denied(service, user.users.UpdateUser, update(way, own, field))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("field", RESTRICTED)
async def test_a_service_with_the_scope_cannot_write_it_on_any_account(service: Service, field: str, way: str) -> None:
    """Not on its own, lest it give itself what it lacks, not on a user's, and not by making one."""
    program, own = await caller(service, "SERVICE")
    foreign = (await service.accounts.make("USER")).name
    missing = f"users/{uuid4()}"
    for name in (own, foreign, *([missing] if way.startswith("upsert") else [])):
        await denied(service, program.users.UpdateUser, update(way, name, field))


@pytest.mark.parametrize("field", RESTRICTED)
async def test_a_service_with_the_scope_makes_no_account_that_has_it(service: Service, field: str) -> None:
    program, _ = await caller(service, "SERVICE")
    user = User(username=f"u{uuid4().hex}", email=f"{uuid4().hex}@example.com", **{field: VALUES[field]})
    await denied(service, program.users.CreateUser, CreateUserRequest(user=user))


async def test_a_service_with_the_scope_makes_no_service(service: Service) -> None:
    program, _ = await caller(service, "SERVICE")
    user = User(username=f"u{uuid4().hex}", role=User.SERVICE)
    await denied(service, program.users.CreateUser, CreateUserRequest(user=user))


@pytest.mark.parametrize("role", ["USER", "SERVICE", "ADMIN"])
@pytest.mark.parametrize("field", sorted(VALUES))
async def test_who_is_declared_as_a_writer_writes_it(service: Service, field: str, role: str) -> None:
    """Else the refusals would prove nothing. Only a SERVICE has scopes and certificates."""
    stubs, own = await caller(service, role)
    if role not in WRITERS[field]:
        return
    serves = field in ("scopes", "certificate_uris")
    name = (await service.accounts.make("SERVICE", ("tasks.read",))).name if serves else own
    wanted = User(name=name, **{field: _unique(field)})
    answer: User = await stubs.users.UpdateUser(UpdateUserRequest(user=wanted, update_mask=FieldMask(paths=[field])))
    assert getattr(answer, field) == getattr(wanted, field)
    assert getattr(await service.users.GetUser(GetUserRequest(name=name)), field) == getattr(wanted, field)


def _unique(field: str) -> Any:
    """Mail addresses, user names and certificates belong to one account each."""
    value = VALUES[field]
    made = {
        "email": f"{uuid4().hex}@example.com",
        "username": f"u{uuid4().hex}",
        "certificate_uris": [f"spiffe://x/{uuid4()}"],
    }
    return made.get(field, value)


async def test_a_full_replacement_by_a_user_leaves_what_only_administrators_write(service: Service) -> None:
    """`*` stands for all that the caller may write: what is unset in it does not reset role, scopes or certificates."""
    program, name = await caller(service, "SERVICE")
    before = await service.users.GetUser(GetUserRequest(name=name))
    user = User(name=name, username=before.username, display_name="Replaced")
    after = await program.users.UpdateUser(UpdateUserRequest(user=user, update_mask=FieldMask(paths=["*"])))
    assert after.display_name == "Replaced"
    assert [getattr(after, field) for field in RESTRICTED] == [getattr(before, field) for field in RESTRICTED]
