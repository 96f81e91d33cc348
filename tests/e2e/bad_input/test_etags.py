"""Etags that no row has: ABORTED from every method that takes one, and nothing is written."""

from typing import Any

import grpc
import pytest

from service.etags import make_etag
from service.fields import LATEST
from tests.e2e.accepted import accepted
from tests.e2e.conftest import Service
from tests.e2e.methods import Method, methods
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged

Code = grpc.StatusCode
GARBAGE = [
    '"',
    '""',
    "x",
    '"x"',
    "*",
    'W/"1"',
    '"1-1"',
    '"1-fffffffffffffff"',
    "\u00e9",
    "\U0001f6eb" * 256,
]
GARBAGE += ['"' + "_" * 21 + 'w"', '"AAAA AAAA"', " ", "\n", make_etag(1, LATEST), make_etag((1 << 63) - 1, LATEST)]


def guarded() -> list[tuple[Method, str]]:
    """Methods that take an etag, and the field whose message holds it."""
    found = []
    for method in methods():
        fields = method.descriptor.input_type.fields_by_name
        if "etag" in fields:
            found.append((method, ""))
        if "update_mask" in fields:
            found.append((method, method.name.removeprefix("Update").lower()))
    return found


@pytest.mark.parametrize(("method", "part"), guarded(), ids=str)
async def test_an_etag_that_no_row_has(shared_service: Service, method: Method, part: str) -> None:
    request: Any = await accepted(shared_service, method)
    holder = getattr(request, part) if part else request
    async with unchanged(shared_service.database_url):
        for etag in GARBAGE:
            holder.etag = etag
            call = method.raw(shared_service.channel)(request.SerializeToString())
            await refused(call, Code.ABORTED, "ETAG_MISMATCH")


@pytest.mark.parametrize(("method", "part"), guarded(), ids=str)
async def test_an_etag_that_is_too_long_to_be_one(shared_service: Service, method: Method, part: str) -> None:
    request: Any = await accepted(shared_service, method)
    holder = getattr(request, part) if part else request
    holder.etag = "x" * 257
    call = method.raw(shared_service.channel)(request.SerializeToString())
    await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
