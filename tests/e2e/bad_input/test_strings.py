"""U+0000 in every string there is, and titles at the edges of their length."""

import re
import unicodedata

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.message import Message

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import ImportTasksRequest, ImportTasksResponse, TaskImport
from taxiway.v1.user_service_pb2 import ImportUsersRequest, ImportUsersResponse, UserImport
from tests.e2e.accepted import accepted, accepted_requests
from tests.e2e.bad_input.values import Path, shown, string_fields, with_string
from tests.e2e.conftest import Service
from tests.e2e.making import make_task, update_task, user_draft
from tests.e2e.methods import Method, methods
from tests.e2e.refusals import read, refused

Code = grpc.StatusCode
METHODS = {method.name: method for method in methods()}
# What is wrong with one user or task of an import is answered for that one: see below.
STRINGS = [
    (method, path)
    for method in METHODS.values()
    for path in string_fields(method.descriptor.input_type)
    if method.name != "ImportUsers" and shown(path[:1]) != "tasks"
]
IMPORTED = [path[1:] for path in string_fields(ImportUsersRequest.DESCRIPTOR)]
IMPORTED_TASKS = [path[1:] for path in string_fields(ImportTasksRequest.DESCRIPTOR) if shown(path[:1]) == "tasks"]
# What a server sets is ignored where a caller sends it (AIP-203), U+0000 or not; `name` in the body of a Create too.
IGNORED = {"task.creator", "task.updater"}
IGNORED_BY_CREATE = {
    *("user.name", "task.name", "project.name", "api_key.name"),
    *("user.etag", "task.etag", "project.etag"),
}
# A token holds, or it does not: nobody is told what is wrong with it.
REFUSED_AS = {
    "filter": (Code.INVALID_ARGUMENT, "INVALID_FILTER"),
    "page_token": (Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN"),
    "refresh_token": (Code.UNAUTHENTICATED, "UNAUTHENTICATED"),
    "reset_token": (Code.UNAUTHENTICATED, "UNAUTHENTICATED"),
}
AIRPLANE, E_ACUTE = "\U0001f6eb", "e\u0301"
LENGTHS = {
    "ASCII": ("x", 200),
    "emoji, four bytes each": (AIRPLANE, 200),
    "a family of seven code points": ("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", 28),
    "combining, two code points before NFC and one after": (E_ACUTE, 200),
    "combining, two code points in any form": ("x\u0301", 100),
    "one code point that NFC makes three": ("\ufb2c", 66),
}


@pytest.fixture(scope="module")
async def requests(shared_service: Service) -> dict[str, Message]:
    return await accepted_requests(shared_service)


def is_ignored(method: Method, path: Path) -> bool:
    last = shown(path[-2:])
    return last in IGNORED or (method.name.startswith(("Create", "BatchCreate")) and last in IGNORED_BY_CREATE)


@pytest.mark.parametrize(
    ("method", "path"),
    [pytest.param(*pair, id=f"{pair[0]}-{shown(pair[1])}") for pair in STRINGS if not is_ignored(*pair)],
)
@pytest.mark.parametrize(
    "text", [pytest.param("\x00", id="alone", marks=pytest.mark.prove), pytest.param("a\x00b", id="within")]
)
async def test_u_0000_is_refused_in_every_string(
    requests: dict[str, Message], untouched: Service, method: Method, path: Path, text: str
) -> None:
    data = with_string(requests[method.name], path, text.encode())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await method.raw(untouched.channel)(data)
    refusal = read(caught.value)
    assert (refusal.code, refusal.reason) == REFUSED_AS.get(path[-1].name, (Code.INVALID_ARGUMENT, "INVALID_FIELD"))
    named = [re.sub(r"\[\d+\]", "", field) for field in refusal.fields]
    assert path[-1].name != "etag" or shown(path) in named


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param(*pair, id=f"{pair[0]}-{shown(pair[1])}")
        for pair in STRINGS
        if is_ignored(*pair) and shown(pair[1][:1]) != "requests"  # one more item, of nothing else, is refused
    ],
)
async def test_u_0000_in_what_is_ignored_is_not_kept(shared_service: Service, method: Method, path: Path) -> None:
    request = await accepted(shared_service, method)
    answer = await method.raw(shared_service.channel)(with_string(request, path, b"\x00"))
    made = message_factory.GetMessageClass(method.descriptor.output_type).FromString(answer)
    assert "\\000" not in str(made), "as the text form writes it"


@pytest.mark.parametrize("path", IMPORTED, ids=shown)
async def test_u_0000_in_a_user_to_import_is_told_of_that_user(shared_service: Service, path: Path) -> None:
    """The hash is of no kind that can be taken over, and is not kept."""
    other, given = UserImport(user=user_draft()), UserImport(user=user_draft())
    given.MergeFromString(with_string(given, path, b"a\x00b"))
    request = ImportUsersRequest(users=[other, given])
    data = await METHODS["ImportUsers"].raw(shared_service.channel)(request.SerializeToString())
    answer = ImportUsersResponse.FromString(data)
    if shown(path) in IGNORED_BY_CREATE | {"password_hash"}:
        assert (answer.created, answer.failed) == (2, 0)
        return
    assert (answer.created, answer.failed) == (1, 1)
    assert (answer.failures[0].place, answer.failures[0].reason) == (1, "INVALID_FIELD")


@pytest.mark.parametrize("path", IMPORTED_TASKS, ids=shown)
async def test_u_0000_in_a_task_to_import_is_told_of_that_task(shared_service: Service, path: Path) -> None:
    other, given = TaskImport(task=Task(title="One")), TaskImport(task=Task(title="Two"))
    given.MergeFromString(with_string(given, path, b"a\x00b"))
    request = ImportTasksRequest(parent="users/me", tasks=[other, given])
    data = await METHODS["ImportTasks"].raw(shared_service.channel)(request.SerializeToString())
    answer = ImportTasksResponse.FromString(data)
    if shown(path) in IGNORED_BY_CREATE | IGNORED:
        assert (answer.created, answer.failed) == (2, 0)
        return
    assert (answer.created, answer.failed) == (1, 1)
    assert (answer.failures[0].line, answer.failures[0].reason) == (2, "INVALID_FIELD")


@pytest.mark.parametrize(("character", "most"), LENGTHS.values(), ids=LENGTHS)
async def test_a_title_is_counted_in_code_points_after_nfc(shared_service: Service, character: str, most: int) -> None:
    made = await make_task(shared_service, "users/me", title=character * most)
    assert made.title == unicodedata.normalize("NFC", character * most)
    assert len(made.title) <= 200
    too_long = make_task(shared_service, "users/me", title=character * (most + 1))
    assert (await refused(too_long, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.title"]


@pytest.mark.parametrize("length", [0, 201, 1000])
async def test_a_title_of_no_or_too_many_code_points(untouched: Service, length: int) -> None:
    for character in ("x", AIRPLANE):
        refusal = await refused(
            make_task(untouched, "users/me", title=character * length), Code.INVALID_ARGUMENT, "INVALID_FIELD"
        )
        assert refusal.fields == ["task.title"]
        assert str(length) in refusal.message


@pytest.mark.parametrize("title", ["x", AIRPLANE, E_ACUTE])
async def test_a_title_of_one_code_point(shared_service: Service, title: str) -> None:
    made = await make_task(shared_service, "users/me", title=title)
    assert made.title == unicodedata.normalize("NFC", title)
    again = await update_task(shared_service, Task(name=made.name, title=title), "title")
    assert again == made


@pytest.mark.parametrize(("length", "fits"), [(10_000, True), (10_001, False)])
async def test_a_description_has_at_most_10_000_code_points(
    shared_service: Service, length: int, *, fits: bool
) -> None:
    call = make_task(shared_service, "users/me", description=AIRPLANE * length)
    if fits:
        assert len((await call).description) == length
    else:
        assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.description"]
