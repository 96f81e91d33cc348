"""Calls with one credential, and the refusal that all of them share: byte by byte, but for nothing."""

import grpc
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2

from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.access.contract import Metadata, Outcome, rpc
from tests.e2e.conftest import Service

REQUEST_ID = ("x-request-id", "the-same-for-all")  # it is echoed in refusals


async def call_with(service: Service, metadata: Metadata) -> Outcome:
    """What becomes of `GetUser(users/me)`, which every person may call."""
    async with grpc.aio.insecure_channel(service.address) as channel:
        return await rpc("GetUser").call(channel, GetUserRequest(name="users/me"), (REQUEST_ID, *metadata))


async def bearer(service: Service, token: str) -> Outcome:
    return await call_with(service, (("authorization", f"Bearer {token}"),))


async def refusal(service: Service) -> Outcome:
    """What who has no credentials at all is told; whatever is wrong with some must look the same."""
    outcome = await call_with(service, ())
    assert outcome.code is grpc.StatusCode.UNAUTHENTICATED
    assert reason_of(outcome) == "UNAUTHENTICATED"
    return outcome


def reason_of(outcome: Outcome) -> str:
    (packed,) = (value for key, value in outcome.trailers if key == "grpc-status-details-bin")
    assert isinstance(packed, bytes)
    info = details.ErrorInfo()
    assert status_pb2.Status.FromString(packed).details[0].Unpack(info)
    return str(info.reason)
