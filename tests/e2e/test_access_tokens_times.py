"""Times in access tokens: clocks may differ by 30 seconds, and a token that is remembered ends all the same."""

import time
from collections.abc import AsyncIterator

import grpc
import pytest

from tests.conftest import Databases
from tests.e2e.access.forging import Forge, forge
from tests.e2e.access.refusal import bearer, refusal
from tests.e2e.conftest import Service, in_process
from tests.e2e.faults.until import until

OK, UNAUTHENTICATED = grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


async def early_in_a_second() -> int:
    """The present second, most of which is still to come: times in tokens are whole ones."""
    await until(lambda: time.time() % 1 < 0.2, 3)
    return int(time.time())


async def outcome(service: Service, made: Forge, **seconds_from_now: int) -> grpc.StatusCode:
    """Of a token whose times are that far from now."""
    now = await early_in_a_second()
    times = {claim: now + seconds for claim, seconds in seconds_from_now.items()}
    return (await bearer(service, made.with_claims(**times))).code


@pytest.mark.parametrize(
    ("exp", "code"), [(1, OK), (-1, OK), (-29, OK), (-31, UNAUTHENTICATED), (-60, UNAUTHENTICATED)]
)
async def test_a_token_holds_for_30_seconds_after_its_expiry(service: Service, exp: int, code: grpc.StatusCode) -> None:
    assert await outcome(service, await forge(service), iat=exp - 600, exp=exp) is code


@pytest.mark.parametrize(("iat", "code"), [(0, OK), (25, OK), (60, UNAUTHENTICATED), (3600, UNAUTHENTICATED)])
async def test_a_token_may_be_issued_up_to_30_seconds_from_now(
    service: Service, iat: int, code: grpc.StatusCode
) -> None:
    assert await outcome(service, await forge(service), iat=iat, exp=iat + 600) is code


@pytest.mark.parametrize(("nbf", "code"), [(0, OK), (25, OK), (60, UNAUTHENTICATED)])
async def test_a_token_that_names_its_beginning_holds_from_30_seconds_before(
    service: Service, nbf: int, code: grpc.StatusCode
) -> None:
    assert await outcome(service, await forge(service), nbf=nbf) is code


async def test_a_token_that_was_let_in_and_is_remembered_ends_when_it_ends(service: Service) -> None:
    made, now = await forge(service), int(time.time())
    token = made.with_claims(iat=now - 600, exp=now - 27)
    assert (await bearer(service, token)).code is OK

    async def refused() -> bool:
        return (await bearer(service, token)).code is UNAUTHENTICATED

    await until(refused, 10)
    assert time.time() >= now + 3, "not before its time"
    assert await bearer(service, token) == await refusal(service)
