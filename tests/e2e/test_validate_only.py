"""`validate_only` on every mutation: the answer of the call itself, and nothing is written (AIP-163)."""

from typing import Any
from uuid import uuid4

import pytest
from google.protobuf import message_factory
from google.protobuf.json_format import MessageToDict

from tests.e2e.accepted import Requests, accepted_requests
from tests.e2e.conftest import Service, Stubs
from tests.e2e.making import sign_in, with_password
from tests.e2e.methods import Method, methods
from tests.e2e.rows import select

CHECK_A_SECRET = {"SignIn", "RefreshSession", "ChangePassword", "SetPassword"}
REPLAYED = ("taxiway-replayed", "true")
MADE = {"name", "user", "resetToken", "secret"}  # what a dry run may leave out, as there is none of it
REHEARSABLE = [method for method in methods() if "validate_only" in method.descriptor.input_type.fields_by_name]


@pytest.fixture
def service(service_of_file: Service) -> Service:
    return service_of_file


@pytest.fixture(scope="module")
async def requests(service_of_file: Service) -> Requests:
    """One for each method, on rows of its own."""
    return await accepted_requests(service_of_file)


async def kept(service: Service) -> list[tuple[Any, ...]]:
    """All rows of all tables, as text; without the times of use, which whoever lets a caller in writes by the way."""
    tables = await select(
        service.database_url,
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace",
    )
    rows = "SELECT '{0}', (to_jsonb(r) - 'last_use_at')::text FROM {0} AS r"
    return sorted(await select(service.database_url, " UNION ALL ".join(rows.format(name) for (name,) in tables)))


async def whoever_calls(service: Service, method: Method) -> Stubs:
    """The administrator; where the method is about the caller somebody who has a session to lose."""
    if not method.is_about_the_caller:
        return service
    return await service.with_token((await sign_in(service, await with_password(service))).access_token)


def read(method: Method, answer: bytes) -> dict[str, Any]:
    return MessageToDict(message_factory.GetMessageClass(method.descriptor.output_type).FromString(answer))


def alike(foreseen: Any, done: Any) -> bool:
    """Of two answers as JSON: times and etags are of their moment, and what only the call makes is in one alone."""
    if isinstance(done, list):
        return len(foreseen) == len(done) and all(map(alike, foreseen, done))
    if not isinstance(done, dict):
        return bool(foreseen == done)
    names = done.keys() - (MADE - foreseen.keys())
    momentary = {name for name in names if name == "etag" or name.endswith("Time")}
    return foreseen.keys() == names and all(alike(foreseen[name], done[name]) for name in names - momentary)


def test_whatever_writes_has_a_dry_run_but_for_what_checks_a_secret() -> None:
    writing = {method.name for method in methods() if not method.reads}
    assert {method.name for method in REHEARSABLE} == writing - CHECK_A_SECRET


@pytest.mark.parametrize("method", REHEARSABLE, ids=str)
async def test_a_dry_run_answers_as_the_call_does_and_writes_nothing(
    service: Service, requests: Requests, method: Method
) -> None:
    """The call afterwards, with the same `request_id`, is a repeat of nothing."""
    stubs, request = await whoever_calls(service, method), requests[method.name]
    if method.mutates:
        setattr(request, "request_id", str(uuid4()))  # noqa: B010 - a field that not every message has
    dry = request.SerializeToString() + method.request(validate_only=True).SerializeToString()
    before = await kept(service)
    foreseen, trailers = await method.with_trailers(stubs.channel, dry)
    assert await kept(service) == before, "nothing is written"
    done, more_trailers = await method.with_trailers(stubs.channel, request.SerializeToString())
    assert REPLAYED not in (*trailers, *more_trailers)
    assert alike(read(method, foreseen), read(method, done)), (read(method, foreseen), read(method, done))
    assert await kept(service) != before, "the call itself writes, and it shows"
