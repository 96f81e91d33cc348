"""Metadata of tasks: what is kept, and the limits of what a request may bring."""

import math
from decimal import Decimal
from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CreateTaskRequest
from tests.e2e.conftest import Service
from tests.e2e.encoding import field
from tests.e2e.making import make_task, make_user, update_task
from tests.e2e.methods import methods
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged
from tests.e2e.trees import get

Code = grpc.StatusCode
LEVELS, VALUES, BYTES = 16, 1000, 16 << 10
MOST, LEAST = 1.7976931348623157e308, 5e-324  # doubles


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


def struct(values: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(values)
    return made


async def keep(service: Service, owner: str, values: dict[str, Any]) -> Task:
    return await make_task(service, owner, metadata=struct(values))


async def merge(service: Service, task: Task, values: dict[str, Any], *keys: str) -> Task:
    """Writes these keys alone; one that `values` does not have is removed."""
    paths = [f"metadata.`{key}`" for key in keys]
    return await update_task(service, Task(name=task.name, metadata=struct(values)), *paths)


async def is_refused(service: Service, owner: str, metadata: Struct, rule: str) -> None:
    task = await make_task(service, owner)
    given, key = Task(name=task.name, metadata=metadata), next(iter(metadata.fields))
    async with unchanged(service.database_url):
        for call in (
            make_task(service, owner, metadata=metadata),
            update_task(service, given),
            update_task(service, given, "metadata"),
            update_task(service, given, f"metadata.`{key}`"),
        ):
            refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
            assert refusal.fields == ["task.metadata"]
            assert rule in refusal.message


async def test_every_kind_of_value_comes_back_as_it_was_given(service: Service, owner: str) -> None:
    inside = {"text": "caf\u00e9", "empty": "", "no": False, "yes": True, "nothing": None, "": 0}
    numbers = [0, -1, 0.1, 2.0**53, 1e21, 1e22, -1e308, MOST, LEAST, -LEAST, 2.2250738585072014e-308]
    values = {**inside, "numbers": numbers, "list": [[], {}, [{}, None, inside]], "object": {"of": inside}, "{}": {}}
    task = await keep(service, owner, values)
    assert task.metadata == struct(values)
    assert (await get(service, task)).metadata == struct(values)
    async with unchanged(service.database_url):
        assert await update_task(service, task) == task
        assert await update_task(service, task, *(f"metadata.`{key}`" for key in values if key)) == task


async def test_minus_zero_is_zero_and_a_value_of_no_kind_is_null(service: Service, owner: str) -> None:
    task = await make_task(service, owner, metadata=Struct(fields={"zero": Value(number_value=-0.0), "none": Value()}))
    assert math.copysign(1, task.metadata.fields["zero"].number_value) == 1
    assert task.metadata.fields["none"].WhichOneof("kind") == "null_value"


async def test_an_empty_object_is_no_metadata(service: Service, owner: str) -> None:
    assert not (await make_task(service, owner, metadata=Struct())).HasField("metadata")


async def test_keys_and_text_are_kept_in_nfc(service: Service, owner: str) -> None:
    task = await keep(service, owner, {"e\u0301": "e\u0301", "k": [{"e\u0301": 1}]})
    assert task.metadata == struct({"\u00e9": "\u00e9", "k": [{"\u00e9": 1}]})


def nested(levels: int) -> dict[str, Any]:
    inner: Any = {}
    for _ in range(levels - 2):
        inner = {"k": inner}
    return {"k": inner}


async def test_the_limits_are_reached_and_not_passed(service: Service, owner: str) -> None:
    most = [nested(LEVELS), {"k": [None] * (VALUES - 1)}, {"k": "x" * (BYTES - 8)}]
    more = {
        "at most 16 levels": nested(LEVELS + 1),
        "at most 1000 values": {"k": [None] * VALUES},
        "at most 16384 bytes as JSON": {"k": "x" * (BYTES - 7)},
    }
    for values in most:
        assert (await keep(service, owner, values)).metadata == struct(values)
    for rule, values in more.items():
        await is_refused(service, owner, struct(values), rule)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
async def test_what_json_has_no_number_for_is_refused(service: Service, owner: str, number: float) -> None:
    await is_refused(service, owner, Struct(fields={"k": Value(number_value=number)}), "NaN or infinity")
    inside = Value(list_value=ListValue(values=[Value(struct_value=Struct(fields={"k": Value(number_value=number)}))]))
    await is_refused(service, owner, Struct(fields={"k": inside}), "NaN or infinity")


async def test_u_0000_is_refused_in_values_and_keys_and_masks(service: Service, owner: str) -> None:
    await is_refused(service, owner, struct({"k": ["\x00"]}), "U+0000")
    await is_refused(service, owner, struct({"k": {"\x00": 1}}), "U+0000")
    task = await make_task(service, owner)
    async with unchanged(service.database_url):
        call = make_task(service, owner, metadata=struct({"\x00": 1}))
        assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.metadata"]
        for values in ({"\x00": 1}, {}):
            call = merge(service, task, values, "\x00")
            assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["update_mask"]


async def test_two_keys_that_are_one_text_in_nfc_are_refused(service: Service, owner: str) -> None:
    await is_refused(service, owner, struct({"\u00e9": 1, "e\u0301": 2}), "the same text in NFC")
    await is_refused(service, owner, struct({"k": {"\u00e9": 1, "e\u0301": 2}}), "the same text in NFC")


async def test_every_field_that_is_wrong_is_named_with_the_metadata(service: Service, owner: str) -> None:
    call = make_task(service, owner, title="", metadata=struct({"k": "\x00"}), tags=[""])
    refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert sorted(refusal.fields) == ["task.metadata", "task.tags", "task.title"]


@pytest.mark.parametrize("number", [1e308, LEAST, -2.2250738585072014e-308], ids=str)
async def test_numbers_count_with_all_the_digits_that_the_database_keeps_of_them(
    service: Service, owner: str, number: float
) -> None:
    """Else a request of 16 KiB would be a row, and an answer, of many times that."""
    digits = len(f"{Decimal(repr(number)):f}")
    most = (BYTES - len('{"k":[]}') + 1) // (digits + 1)
    task = await keep(service, owner, {"k": [number] * most})
    assert (await get(service, task)).metadata == struct({"k": [number] * most})
    async with unchanged(service.database_url):
        assert await update_task(service, task) == task
    after = await merge(service, task, {"l": 1}, "l", "k")
    assert after.metadata == struct({"l": 1})
    for many in (most + 1, VALUES - 1):
        await is_refused(service, owner, struct({"k": [number] * many}), "numbers without exponent")


def deep(levels: int, kind: str) -> bytes:
    """A CreateTaskRequest whose metadata is nested so deep that no library would write it."""
    inner = Value(null_value=NULL_VALUE).SerializeToString()
    for _ in range(levels):
        inner = field(5, field(1, field(1, b"k") + field(2, inner))) if kind == "object" else field(6, field(1, inner))
    metadata = field(1, field(1, b"k") + field(2, inner))
    return CreateTaskRequest(parent="users/me").SerializeToString() + field(3, field(2, b"Deep") + field(20, metadata))


@pytest.mark.parametrize("kind", ["object", "list"])
async def test_nesting_on_the_wire_is_refused_at_any_depth(service: Service, kind: str) -> None:
    """Beyond 100 messages inside of each other Protobuf refuses to read it; before that the limit of metadata holds."""
    create = next(method for method in methods() if method.name == "CreateTask").raw(service.channel)
    await create(deep(LEVELS - 1, kind))
    async with unchanged(service.database_url):
        for levels in (LEVELS, 25):
            refusal = await refused(create(deep(levels, kind)), Code.INVALID_ARGUMENT, "INVALID_FIELD")
            assert refusal.fields == ["task.metadata"]
        for levels in (100, 5000):
            await refused(create(deep(levels, kind)), Code.INVALID_ARGUMENT, "MALFORMED_REQUEST")
