"""Callers who give up in the middle of a sign-in: their work goes on or ends, and the server goes on."""

import asyncio
import random
from collections.abc import AsyncIterator

import grpc
import pytest

from service.secret_key import SecretKeys
from taxiway.v1.auth_service_pb2 import SignInRequest
from taxiway.v1.auth_service_pb2_grpc import AuthServiceStub
from tests.e2e.access.people import PASSWORD
from tests.e2e.accounts import accounts
from tests.e2e.service_process import KEY, ServiceProcess, serving

CALLS = 400
# Hashing takes some 10 ms: the deadlines end before, in and after it, and while the session is made.
SETTINGS = {"SECRET_KEY": KEY, "PURGE": "off", "SIGN_IN_LIMIT": "1000"}


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[ServiceProcess]:
    async with serving({"DATABASE_URL": database_url, **SETTINGS}) as process:
        yield process


async def person(database_url: str) -> str:
    """The login of somebody with a password."""
    async with accounts(database_url, SecretKeys((bytes(32),))) as made:
        account = await made.make("USER")
        await made.prepare(account, PASSWORD)
    return f"u{account.id.hex}"


async def test_sign_ins_that_are_given_up_at_any_moment_do_not_end_the_server(
    server: ServiceProcess, database_url: str
) -> None:
    """What a call left behind may be looked at by the work that outlives it."""
    login, seeded = await person(database_url), random.Random(3)
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub, request = AuthServiceStub(channel), SignInRequest(login=login, password=PASSWORD)
        for _ in range(CALLS // 8):
            calls = [stub.SignIn(request, timeout=seeded.uniform(0.002, 0.08)) for _ in range(8)]
            await asyncio.gather(*calls, return_exceptions=True)
            assert server.process.returncode is None, "the server has ended"
        tokens = await stub.SignIn(request, timeout=10)
    assert tokens.session.peer == "127.0.0.1"
