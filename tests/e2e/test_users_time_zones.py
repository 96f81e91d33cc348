"""Time zones: the names that say where somebody is, and not those that stand for whatever a machine is set to."""

from collections.abc import Awaitable

import grpc
import pytest

from taxiway.v1.user_pb2 import User
from tests.e2e.conftest import Service
from tests.e2e.making import make_user, update_user
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged

REFUSED = ["localtime", "Factory", "posixrules", "europe/berlin", "Europe/Berlin/", "../Europe/Berlin", "tzdata.zi"]


async def test_what_is_no_place_is_refused(service: Service) -> None:
    user = await make_user(service)
    async with unchanged(service.database_url):
        for zone in REFUSED:
            await _refuses(make_user(service, time_zone=zone))
            await _refuses(update_user(service, User(name=user.name, time_zone=zone), "time_zone"))


async def _refuses(call: Awaitable[object]) -> None:
    refusal = await refused(call, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["user.time_zone"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+12"])
async def test_a_place_is_kept_as_it_is_written(service: Service, zone: str) -> None:
    assert (await make_user(service, time_zone=zone)).time_zone == zone
