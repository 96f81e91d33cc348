"""Masks that name single keys of the metadata: what is merged, within which limits, and by several at once."""

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import NULL_VALUE, Struct

from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.faults.calls import OK, ended
from tests.e2e.making import make_task, make_user, update_task
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


async def test_a_mask_sets_and_removes_single_keys_and_leaves_the_others(service: Service, owner: str) -> None:
    task = await keep(service, owner, {"stays": 1, "changes": 1, "goes": 1})
    given = {"changes": {"deep": [2]}, "comes": None, "unnamed": "is not written"}
    after = await merge(service, task, given, "changes", "comes", "goes", "never there")
    assert after.metadata == struct({"stays": 1, "changes": {"deep": [2]}, "comes": None})
    assert after.version == task.version + 1


async def test_an_explicit_null_is_a_value_and_stays(service: Service, owner: str) -> None:
    task = await keep(service, owner, {"k": 1})
    after = await merge(service, task, {"k": None}, "k")
    assert after.metadata.fields["k"].null_value == NULL_VALUE
    assert list(after.metadata.fields) == ["k"]


@pytest.mark.parametrize(
    "key", ["a.b", "a b", "a.b.c.", ".", "\u00e9", "metadata.a", "*", "'", '"', "\\", "\U0001f6eb"]
)
async def test_a_key_of_any_text_is_named_in_backticks(service: Service, owner: str, key: str) -> None:
    task = await keep(service, owner, {"a": {"b": 1}})
    with_key = await merge(service, task, {key: 2}, key)
    assert with_key.metadata == struct({"a": {"b": 1}, key: 2})
    assert (await merge(service, task, {}, key)).metadata == task.metadata


async def test_a_mask_goes_one_level_deep(service: Service, owner: str) -> None:
    """What is below a key is replaced with it."""
    task = await keep(service, owner, {"a": {"b": 1, "c": 1}})
    assert (await merge(service, task, {"a": {"b": 2}}, "a")).metadata == struct({"a": {"b": 2}})
    async with unchanged(service.database_url):
        call = update_task(service, Task(name=task.name, metadata=struct({"a": {"b": 3}})), "metadata.a.b")
        assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["update_mask"]


async def test_a_key_is_the_same_in_whatever_form_mask_and_message_write_it(service: Service, owner: str) -> None:
    """Else a caller whose two libraries differ in that would remove what it means to set."""
    task = await keep(service, owner, {"caf\u00e9": 1})
    for place, (named, given) in enumerate(
        [("cafe\u0301", "caf\u00e9"), ("caf\u00e9", "cafe\u0301"), ("cafe\u0301",) * 2]
    ):
        after = await merge(service, task, {given: f"new {place}"}, named)
        assert after.metadata == struct({"caf\u00e9": f"new {place}"})
    assert not (await merge(service, task, {}, "cafe\u0301")).HasField("metadata")


async def test_beside_the_whole_field_a_key_in_the_mask_says_nothing_more(service: Service, owner: str) -> None:
    task = await keep(service, owner, {"a": 1, "b": 1})
    after = await update_task(service, Task(name=task.name, metadata=struct({"a": 2})), "metadata", "metadata.b")
    assert after.metadata == struct({"a": 2})


@pytest.mark.parametrize(
    ("there", "more", "rule"),  # each keeps the rules, and both together do not
    [
        ({"a": [None] * 600}, {"b": [None] * 600}, "at most 1000 values"),
        ({"a": "x" * 9000}, {"b": "x" * 9000}, "at most 16384 bytes"),
        ({"a": [1e308] * 45}, {"b": [1e308] * 45}, "its numbers without exponent"),
    ],
    ids=["values", "bytes", "digits"],
)
async def test_the_limits_hold_of_what_keys_are_merged_into(
    service: Service, owner: str, there: dict[str, Any], more: dict[str, Any], rule: str
) -> None:
    task = await keep(service, owner, there)
    async with unchanged(service.database_url):
        refusal = await refused(merge(service, task, more, "b"), Code.INVALID_ARGUMENT, "INVALID_FIELD")
        assert refusal.fields == ["task.metadata"]
        assert "together with what is there already" in refusal.message
    assert rule in refusal.message
    assert (await merge(service, task, more, "b", "a")).metadata == struct(more), "what is removed makes room"


async def test_callers_who_merge_other_keys_at_once_lose_none(service: Service, owner: str) -> None:
    task = await keep(service, owner, {"there": 1})
    for round_ in range(5):
        calls = [merge(service, task, {f"{round_}.{place}": place}, f"{round_}.{place}") for place in range(8)]
        assert {call.code for call in await asyncio.gather(*map(ended, calls))} == {OK}
    after = await get(service, task)
    assert len(after.metadata.fields) == 1 + 5 * 8
    assert after.version == 1 + 5 * 8


async def test_callers_who_merge_at_once_do_not_pass_the_limits_together(service: Service, owner: str) -> None:
    """Each sees what the one before has merged: of five that fit two by two, two come in."""
    task = await make_task(service, owner)
    calls = [merge(service, task, {str(place): [None] * 450}, str(place)) for place in range(5)]
    found = await asyncio.gather(*map(ended, calls))
    assert sorted(call.reason for call in found) == ["", "", *["INVALID_FIELD"] * 3]
