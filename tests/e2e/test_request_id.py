"""A `request_id` makes a repeat of any mutation safe: the same answer, and nothing done twice (AIP-155)."""

import uuid
from collections.abc import Awaitable
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CreateTaskRequest, DeleteTaskRequest
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import CreateUserRequest, UpdateUserRequest
from tests.e2e.accepted import accepted, accepted_requests
from tests.e2e.conftest import Service, Stubs
from tests.e2e.making import NO_USER, make_task, make_user, sign_in, user_draft, with_password
from tests.e2e.methods import Method, methods, mutations
from tests.e2e.refusals import refused
from tests.e2e.rows import run, select, unchanged

Code = grpc.StatusCode
REPLAYED = ("taxiway-replayed", "true")


async def sent(service: Service, method: Method, request: Message) -> tuple[bytes, bool]:
    """The answer's bytes, and whether the trailer says that it was given before."""
    answer, trailers = await method.with_trailers(service.channel, request.SerializeToString())
    return answer, REPLAYED in trailers


async def with_id(service: Service, method: Method, request_id: str | None = None) -> Any:
    request = await accepted(service, method)
    request.request_id = request_id or str(uuid.uuid4())
    return request


def refusal_of_reuse(call: Awaitable[object]) -> Awaitable[object]:
    return refused(call, Code.INVALID_ARGUMENT, "REQUEST_ID_REUSED")


async def test_every_method_has_a_request_that_is_accepted(service: Service) -> None:
    """What the tests over all methods stand on; a new method fails here until it has its line."""
    requests = await accepted_requests(service)
    assert set(requests) == {method.name for method in methods()}
    for method in methods():
        caller = await someone(service) if method.is_about_the_caller else service
        await method.raw(caller.channel)(requests[method.name].SerializeToString())


async def someone(service: Service) -> Stubs:
    """Who has a password and a session to lose."""
    return await service.with_token((await sign_in(service, await with_password(service))).access_token)


# Each message of an import has an id, and not the stream, whose answer counts those that came before.
WHOLE = [method for method in mutations() if method.name != "ImportTasks"]


@pytest.mark.parametrize("method", WHOLE, ids=str)
async def test_a_repeat_gets_the_identical_answer_and_does_nothing(service: Service, method: Method) -> None:
    request = await with_id(service, method)
    first, replayed = await sent(service, method, request)
    assert not replayed
    async with unchanged(service.database_url):
        for _ in range(2):
            assert await sent(service, method, request) == (first, True)


@pytest.mark.parametrize("method", mutations(), ids=str)
async def test_the_same_id_with_another_body_is_refused(service: Service, method: Method) -> None:
    request, other = await with_id(service, method), await with_id(service, method)
    await sent(service, method, request)
    other.request_id = request.request_id
    async with unchanged(service.database_url):
        await refusal_of_reuse(sent(service, method, other))


async def test_the_same_id_for_another_method_is_refused(service: Service) -> None:
    chosen = str(uuid.uuid4())
    first, *others = mutations()
    await sent(service, first, await with_id(service, first, chosen))
    requests = [(method, await with_id(service, method, chosen)) for method in others]
    async with unchanged(service.database_url):
        for method, request in requests:
            await refusal_of_reuse(sent(service, method, request))


async def test_the_same_body_for_another_method_is_refused(service: Service) -> None:
    task, chosen = await make_task(service, "users/me"), str(uuid.uuid4())
    by_name = {method.name: method for method in methods()}
    body = DeleteTaskRequest(name=task.name, request_id=chosen)
    await sent(service, by_name["DeleteTask"], body)
    data = by_name["UndeleteTask"].request(name=task.name, request_id=chosen)
    await refusal_of_reuse(sent(service, by_name["UndeleteTask"], data))


async def test_a_refusal_is_not_stored_and_the_id_stays_free(service: Service) -> None:
    chosen = str(uuid.uuid4())
    request = CreateTaskRequest(parent=NO_USER, task=Task(title="Write"), request_id=chosen)
    async with unchanged(service.database_url):
        for _ in range(2):
            await refused(service.tasks.CreateTask(request), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    request.parent = "users/me"
    made = await service.tasks.CreateTask(request)
    assert await service.tasks.CreateTask(request) == made


async def test_a_repeat_is_answered_as_at_first_even_when_the_resource_changed(service: Service) -> None:
    request = CreateTaskRequest(parent="users/me", task=Task(title="Write"), request_id=str(uuid.uuid4()))
    made = await service.tasks.CreateTask(request)
    await service.tasks.DeleteTask(DeleteTaskRequest(name=made.name))
    assert await service.tasks.CreateTask(request) == made


async def test_maps_in_another_order_are_the_same_request(service: Service) -> None:
    """Protobuf promises no order of map entries: two encodings of one request differ in their bytes alone."""
    method = next(method for method in methods() if method.name == "CreateUser")
    keys, chosen, draft = [f"key-{n}" for n in range(8)], str(uuid.uuid4()), user_draft()
    orders = (keys, keys[::-1])
    encoded = [in_order(draft, order, chosen) for order in orders]
    assert encoded[0] != encoded[1]
    answers = [await method.raw(service.channel)(data) for data in encoded]
    assert answers[0] == answers[1]


def in_order(draft: User, keys: list[str], request_id: str) -> bytes:
    """Field 7 of User, the annotations, one entry after the other in this order."""
    entries = b"".join(User(annotations={key: "x"}).SerializeToString() for key in keys)
    user = draft.SerializeToString() + entries
    assert len(user) < 1 << 14
    head = bytes((0x12, len(user) & 0x7F | 0x80, len(user) >> 7))
    return head + user + CreateUserRequest(request_id=request_id).SerializeToString()


async def test_spellings_of_one_text_are_the_same_request(service: Service) -> None:
    """What is compared is the command after it was parsed: NFC, defaults, canonical names."""
    chosen = str(uuid.uuid4())
    me = (await make_task(service, "users/me")).name.partition("/tasks/")[0]
    requests = [
        CreateTaskRequest(parent="users/me", task=Task(title="Caf\u00e9"), request_id=chosen),
        CreateTaskRequest(parent=me, task=Task(title="Cafe\u0301", version=9), request_id=chosen),
    ]
    answers = [await service.tasks.CreateTask(request) for request in requests]
    assert answers[0] == answers[1]


async def test_a_mutation_of_another_field_only_is_another_request(service: Service) -> None:
    user, chosen = await make_user(service), str(uuid.uuid4())
    request = UpdateUserRequest(user=User(name=user.name, display_name="Ada"), request_id=chosen)
    await service.users.UpdateUser(request)
    request.user.time_zone = "Asia/Tokyo"
    await refusal_of_reuse(service.users.UpdateUser(request))


async def test_stored_answers_cannot_be_read_in_the_database(service: Service) -> None:
    secret = "nobody-reads-this-title"
    task = Task(title=secret, description=secret)
    request = CreateTaskRequest(parent="users/me", task=task, request_id=str(uuid.uuid4()))
    made = await service.tasks.CreateTask(request)
    ((answer, row),) = await select(service.database_url, "SELECT answer, requests::text FROM requests")
    assert secret.encode() not in answer
    assert made.name.encode() not in answer
    assert secret not in row
    assert secret.encode().hex() not in row


async def test_an_answer_that_was_moved_to_another_id_is_not_served(service: Service) -> None:
    """Sealed for its place: who can write to the table cannot hand one caller's answer to another call."""
    requests = [
        CreateTaskRequest(parent="users/me", task=Task(title=f"Title {n}"), request_id=str(uuid.uuid4()))
        for n in (1, 2)
    ]
    for request in requests:
        await service.tasks.CreateTask(request)
    await run(service.database_url, "UPDATE requests SET answer = (SELECT max(answer) FROM requests)")
    codes = set()
    for request in requests:
        try:
            assert (await service.tasks.CreateTask(request)).title == request.task.title
        except grpc.aio.AioRpcError as error:
            codes.add(error.code())
    assert codes == {Code.UNAVAILABLE}  # OUTCOME_UNKNOWN: it was done, and what it answered cannot be told
