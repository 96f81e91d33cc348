"""TAXIWAY_POOLER=transaction: the service does without whatever outlives a transaction, and does all else."""

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from persistence.pulse import PATIENCE
from tests.e2e.accounts import administrator
from tests.e2e.faults.calls import Client, client, new_id
from tests.e2e.faults.until import until
from tests.e2e.rows import select
from tests.e2e.service_process import KEY, serving

PINGED = "SELECT query_start FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'"
NAMED = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'taxiway'"


async def test_it_writes_reads_and_pings(database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": KEY, "POOLER": "transaction"}
    token = await administrator(database_url)
    async with serving(settings) as service, client(service.address, token=token) as caller:
        request_id = new_id()
        made = await caller.create("users/me", "Paint the fence", request_id)
        assert await caller.create("users/me", "Paint the fence", request_id) == made
        await caller.retitle(made.name, "Paint it again")
        assert await caller.titles("users/me") == ["Paint it again"]
        assert await select(database_url, NAMED) == [], "a pooler would refuse settings of a session"
        (first,) = await select(database_url, PINGED)
        await until(lambda: _pinged_after(database_url, first), PATIENCE * 4)
        assert await _healthy(caller)


async def _pinged_after(database_url: str, moment: tuple[object, ...]) -> bool:
    return await select(database_url, PINGED) > [moment]


async def _healthy(caller: Client) -> bool:
    check = await caller.health.Check(HealthCheckRequest())
    return bool(check.status == HealthCheckResponse.SERVING)
