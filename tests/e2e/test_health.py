"""grpc.health.v1.Health: for the whole, for each service, and `liveness`; told by the database, refused to nobody."""

from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1.health_pb2_grpc import HealthStub

from persistence.url import parse
from tests.e2e.conftest import Service
from tests.e2e.faults.until import until
from tests.e2e.refusals import read
from tests.e2e.rows import run

Code = grpc.StatusCode
SERVING, NOT_SERVING = pb.HealthCheckResponse.SERVING, pb.HealthCheckResponse.NOT_SERVING
PB: Any = pb  # newer than its types
SERVICES = ("UserService", "AuthService", "TaskService", "ProjectService")
NAMES = ("", *(f"taxiway.v1.{name}" for name in SERVICES), "liveness")
SOON = 5.0  # seconds


async def becomes(stub: Any, name: str, status: int) -> None:
    async def told() -> bool:
        return bool((await stub.Check(pb.HealthCheckRequest(service=name))).status == status)

    await until(told, SOON)


@pytest.fixture
def stub(service: Service) -> Any:
    return HealthStub(service.channel)


@pytest.mark.parametrize("name", NAMES)
async def test_each_name_is_serving(stub: Any, name: str) -> None:
    await becomes(stub, name, SERVING)


async def test_the_list_names_all_of_them(stub: Any) -> None:
    await becomes(stub, "", SERVING)
    statuses = (await stub.List(PB.HealthListRequest())).statuses
    assert {name: status.status for name, status in statuses.items()} == dict.fromkeys(NAMES, SERVING)


async def test_a_name_that_is_none_of_them_is_not_found(stub: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(pb.HealthCheckRequest(service="taxiway.v1.Nothing"))
    assert caught.value.code() is Code.NOT_FOUND


async def test_watch_tells_each_change_and_of_a_name_that_is_unknown(service: Service, stub: Any) -> None:
    unknown = stub.Watch(pb.HealthCheckRequest(service="nobody"))
    assert (await unknown.read()).status == pb.HealthCheckResponse.SERVICE_UNKNOWN
    unknown.cancel()
    await becomes(stub, "", SERVING)
    watch = stub.Watch(pb.HealthCheckRequest())
    assert (await watch.read()).status == SERVING
    service.lifecycle.health.drain()
    assert (await watch.read()).status == NOT_SERVING
    service.lifecycle.health.end_watches()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await watch.read()
    assert (caught.value.code(), read(caught.value).reason) == (Code.UNAVAILABLE, "DRAINING")


async def test_a_silent_database_ends_readiness_and_not_liveness(service: Service, stub: Any, server_url: str) -> None:
    await becomes(stub, "", SERVING)
    name = parse(service.database_url).url.database
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    await run(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", end)
    for ready in NAMES[:-1]:
        await becomes(stub, ready, NOT_SERVING)
    assert (await stub.Check(pb.HealthCheckRequest(service="liveness"))).status == SERVING
    await run(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await becomes(stub, "", SERVING)


async def test_while_the_service_drains_health_still_answers(service: Service, stub: Any) -> None:
    service.lifecycle.drain.begin()
    service.lifecycle.health.drain()
    await becomes(stub, "", NOT_SERVING)
    await becomes(stub, "liveness", SERVING)


async def test_a_malformed_probe_is_refused_as_any_other_request(service: Service) -> None:
    check: Any = service.channel.unary_unary("/grpc.health.v1.Health/Check")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await check(b"\xff")
    assert read(caught.value).reason == "MALFORMED_REQUEST"
