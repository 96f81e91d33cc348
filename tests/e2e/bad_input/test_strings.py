"""U+0000 in every string there is, and titles at the edges of their length."""

import unicodedata

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.message import Message

from taxiway.v1.task_pb2 import Task
from tests.e2e.bad_input.values import Path, shown, string_fields, with_string
from tests.e2e.conftest import Service
from tests.e2e.making import make_task, update_task
from tests.e2e.methods import Method, accepted_requests, methods
from tests.e2e.refusals import read, refused

Code = grpc.StatusCode
STRINGS = [(method, path) for method in methods() for path in string_fields(method.descriptor.input_type)]
# What a server sets is ignored where a caller sends it (AIP-203), U+0000 or not; `name` in the body of a Create too.
IGNORED = {"task.creator", "task.updater"}
IGNORED_BY_CREATE = {"user.name", "task.name", "user.etag", "task.etag"}
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
    return shown(path) in IGNORED or (method.name.startswith("Create") and shown(path) in IGNORED_BY_CREATE)


@pytest.mark.parametrize(
    ("method", "path"),
    [pytest.param(*pair, id=f"{pair[0]}-{shown(pair[1])}") for pair in STRINGS if not is_ignored(*pair)],
)
@pytest.mark.parametrize("text", ["\x00", "a\x00b"], ids=["alone", "within"])
async def test_u_0000_is_refused_in_every_string(
    requests: dict[str, Message], untouched: Service, method: Method, path: Path, text: str
) -> None:
    data = with_string(requests[method.name], path, text.encode())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await method.raw(untouched.channel)(data)
    refusal = read(caught.value)
    of_etag, of_token = path[-1].name == "etag", path[-1].name == "page_token"
    assert refusal.code is Code.INVALID_ARGUMENT, refusal.message
    assert refusal.reason == ("INVALID_PAGE_TOKEN" if of_token else "INVALID_FIELD")
    assert not of_etag or refusal.fields == [shown(path)]


@pytest.mark.parametrize(
    ("method", "path"),
    [pytest.param(*pair, id=f"{pair[0]}-{shown(pair[1])}") for pair in STRINGS if is_ignored(*pair)],
)
async def test_u_0000_in_what_is_ignored_is_not_kept(shared_service: Service, method: Method, path: Path) -> None:
    request = (await accepted_requests(shared_service))[method.name]
    answer = await method.raw(shared_service.channel)(with_string(request, path, b"\x00"))
    made = message_factory.GetMessageClass(method.descriptor.output_type).FromString(answer)
    assert "\x00" not in getattr(made, path[-1].name)


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
