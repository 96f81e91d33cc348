"""A dry run is refused as the call itself is, in the same words (AIP-163)."""

from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RequestInfo

from taxiway.v1.api_key_pb2 import ApiKey
from taxiway.v1.auth_service_pb2 import CreateApiKeyRequest, RevokeSessionRequest, SignOutRequest
from taxiway.v1.task_service_pb2 import CreateTaskRequest, DeleteTaskRequest
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import (
    CreatePasswordResetRequest,
    CreateUserRequest,
    DeleteUserRequest,
    EraseUserRequest,
    GetUserRequest,
    ImportUsersRequest,
    ReactivateUserRequest,
    SuspendUserRequest,
    UndeleteUserRequest,
    UpdateUserRequest,
)
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, deleted_user, make_task, make_user, user_draft
from tests.e2e.methods import methods
from tests.e2e.refusals import Refusal, refused
from tests.e2e.refusals import read as read_refusal
from tests.e2e.rows import unchanged

Code = grpc.StatusCode
METHODS = {method.request.DESCRIPTOR.name: method for method in methods()}
STALE = '"1-1"'
MACHINE = {"role": "SERVICE", "email": ""}


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


async def refused_requests(service: Service) -> dict[str, list[Message]]:
    """By the reason: what is stale, taken, missing, deleted, of the wrong kind, or breaks a rule."""
    user, gone, machine = await make_user(service), await deleted_user(service), await make_user(service, **MACHINE)
    task, key = await make_task(service, "users/me"), ApiKey(scopes=["tasks.read"])
    mask, fresh = FieldMask(paths=["colour"]), str(uuid4())
    return {
        "ETAG_MISMATCH": [
            UpdateUserRequest(user=User(name=user.name, display_name="Ada", etag=STALE)),
            EraseUserRequest(name=user.name, etag=STALE, request_id=fresh),
            DeleteTaskRequest(name=task.name, etag=STALE),
        ],
        "RESOURCE_ALREADY_EXISTS": [
            CreateUserRequest(user=user_draft(username=user.username)),
            CreateUserRequest(user=user_draft(), user_id=gone.name.removeprefix("users/"), request_id=fresh),
            CreateTaskRequest(parent="users/me", task=task, task_id=task.name.rpartition("/")[2]),
        ],
        "RESOURCE_NOT_FOUND": [
            DeleteUserRequest(name=NO_USER, request_id=fresh),
            RevokeSessionRequest(name=f"users/me/sessions/{fresh}", request_id=fresh),
        ],
        "PARENT_NOT_FOUND": [
            CreatePasswordResetRequest(parent=NO_USER),
            CreateApiKeyRequest(parent=NO_USER, api_key=key),
            CreateTaskRequest(parent=NO_USER, task=task),
        ],
        "RESOURCE_DELETED": [SuspendUserRequest(name=gone.name), UpdateUserRequest(user=gone, allow_missing=True)],
        "RESOURCE_NOT_DELETED": [UndeleteUserRequest(name=user.name)],
        "STATE_TRANSITION": [ReactivateUserRequest(name=user.name)],
        "NOT_A_SERVICE": [CreateApiKeyRequest(parent=user.name, api_key=key)],
        "INVALID_FIELD": [
            UpdateUserRequest(user=user, update_mask=mask),
            CreateUserRequest(user=User(username="a b", email="c"), request_id="d"),
            CreatePasswordResetRequest(parent=machine.name),
            ImportUsersRequest(),
        ],
    }


async def refusal_of(channel: grpc.aio.Channel, request: Message, *, dry: bool) -> Refusal:
    method = METHODS[request.DESCRIPTOR.name]
    more = method.request(validate_only=dry).SerializeToString()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await method.raw(channel)(request.SerializeToString() + more)
    return read_refusal(caught.value)


def told(refusal: Refusal) -> tuple[Any, ...]:
    """All that the caller learns, but for the id of this one call."""
    return refusal.code, refusal.message, [each for each in refusal.details if not isinstance(each, RequestInfo)]


async def test_a_dry_run_is_refused_as_the_call_is(service: Service) -> None:
    for reason, requests in (await refused_requests(service)).items():
        for request in requests:
            async with unchanged(service.database_url):
                foreseen = await refusal_of(service.channel, request, dry=True)
                done = await refusal_of(service.channel, request, dry=False)
            assert foreseen.reason == reason, request
            assert told(foreseen) == told(done), request


async def test_who_may_not_do_it_may_not_rehearse_it(service: Service) -> None:
    """Whether there is such an account is not told either."""
    user = await service.called_by("USER")
    machine = await service.called_by("SERVICE", ("users.write",))
    administrator = (await service.users.GetUser(GetUserRequest(name="users/me"))).name
    for channel, request in (
        (user.channel, CreateUserRequest(user=user_draft())),
        (user.channel, DeleteUserRequest(name=NO_USER)),
        (machine.channel, SuspendUserRequest(name=administrator)),
        (machine.channel, CreateUserRequest(user=user_draft(role="ADMIN"))),
        (machine.channel, EraseUserRequest(name=NO_USER)),
    ):
        refusals = [await refusal_of(channel, request, dry=dry) for dry in (True, False)]
        assert [refusal.reason for refusal in refusals] == ["PERMISSION_DENIED"] * 2
        assert told(refusals[0]) == told(refusals[1])
    nobody = await service.with_token(None)
    request = CreateUserRequest(user=user_draft(), validate_only=True)
    await refused(nobody.users.CreateUser(request), Code.UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_who_has_no_session_is_told_so_in_a_dry_run(service: Service) -> None:
    machine = await service.called_by("SERVICE")
    call = machine.auth.SignOut(SignOutRequest(validate_only=True))
    await refused(call, Code.FAILED_PRECONDITION, "NO_SESSION")
