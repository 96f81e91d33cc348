"""The contract keeps the rules of its design: annotations, names, and one request for each method."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import grpc
import pytest

# googleapis-common-protos ships no types; `unused-ignore` stands for configurations that know this already.
from google.api import (  # type: ignore[import-untyped, unused-ignore]
    annotations_pb2,
    client_pb2,
    field_behavior_pb2,
    http_pb2,
    resource_pb2,
)
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor, MethodDescriptor

from taxiway.v1 import error_pb2, task_pb2, task_service_pb2, user_pb2, user_service_pb2

PROTOS = Path(__file__).resolve().parents[2] / "protos/taxiway/v1"
MODULES = (error_pb2, task_pb2, task_service_pb2, user_pb2, user_service_pb2)
FILES: tuple[FileDescriptor, ...] = tuple(module.DESCRIPTOR for module in MODULES)


def messages() -> Iterator[Descriptor]:
    return (message for file in FILES for message in file.message_types_by_name.values())


def fields() -> Iterator[FieldDescriptor]:
    return (field for message in messages() for field in message.fields)


def methods() -> Iterator[MethodDescriptor]:
    return (m for file in FILES for service in file.services_by_name.values() for m in service.methods)


def enums() -> Iterator[EnumDescriptor]:
    yield from (enum for file in FILES for enum in file.enum_types_by_name.values())
    yield from (enum for message in messages() for enum in message.enum_types)


def owner_of(field: FieldDescriptor) -> str:
    assert field.containing_type is not None
    return field.containing_type.name


def behaviors(field: FieldDescriptor) -> list[str]:
    numbers = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return [field_behavior_pb2.FieldBehavior.Name(number) for number in numbers]


def http(method: MethodDescriptor) -> http_pb2.HttpRule:
    return method.GetOptions().Extensions[annotations_pb2.http]


def route(method: MethodDescriptor) -> tuple[str, str]:
    rule = http(method)
    verb = rule.WhichOneof("pattern")
    return verb or "", getattr(rule, verb) if verb else ""


def repeated(values: Iterable[object]) -> list[object]:
    return [value for value, count in Counter(values).items() if count > 1]


def prefixed(enum: EnumDescriptor) -> list[str]:
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enum.name).upper() + "_"
    return [value.name for value in enum.values if value.name.startswith(prefix)]


def resolves(message: Descriptor, path: str) -> bool:
    head, _, rest = path.partition(".")
    field = message.fields_by_name.get(head)
    return field is not None and (not rest or (field.message_type is not None and resolves(field.message_type, rest)))


def test_every_proto_is_looked_at() -> None:
    assert {Path(file.name).name for file in FILES} == {path.name for path in PROTOS.glob("*.proto")}


def test_every_field_says_how_it_behaves() -> None:
    assert [field.full_name for field in fields() if len(behaviors(field)) != 1] == []


def test_answers_are_output_only_and_requests_never() -> None:
    for field in fields():
        owner = owner_of(field)
        if owner.endswith("Response"):
            assert behaviors(field) == ["OUTPUT_ONLY"], field.full_name
        if owner.endswith("Request"):
            assert behaviors(field) in (["REQUIRED"], ["OPTIONAL"]), field.full_name


@pytest.mark.parametrize(
    ("message", "kind", "pattern"),
    [(user_pb2.User, "User", "users/{user}"), (task_pb2.Task, "Task", "users/{user}/tasks/{task}")],
)
def test_every_resource_has_its_type_pattern_and_identifier(
    message: type[user_pb2.User | task_pb2.Task], kind: str, pattern: str
) -> None:
    resource = message.DESCRIPTOR.GetOptions().Extensions[resource_pb2.resource]
    assert (resource.type, list(resource.pattern)) == (f"taxiway.dev/{kind}", [pattern])
    assert (resource.singular, resource.plural) == (kind.lower(), f"{kind.lower()}s")
    name = message.DESCRIPTOR.fields_by_name["name"]
    assert (name.number, behaviors(name)) == (1, ["IDENTIFIER"])


def test_every_field_that_holds_a_name_says_of_what() -> None:
    names = {"parent", "names", "creator", "updater"}
    requests = {f for f in fields() if f.name == "name" and owner_of(f).endswith("Request")}
    for field in requests | {f for f in fields() if f.name in names}:
        reference = field.GetOptions().Extensions[resource_pb2.resource_reference]
        expected = {"parent": "Task", "names": "User", "creator": "User", "updater": "User"}
        kind = expected.get(field.name, re.sub(r".*(User|Task)Request", r"\1", owner_of(field)))
        assert (reference.child_type if field.name == "parent" else reference.type) == f"taxiway.dev/{kind}"


def test_every_method_is_reachable_over_rest_by_a_route_of_its_own() -> None:
    assert [method.full_name for method in methods() if not route(method)[1].startswith("/v1/")] == []
    assert repeated(route(method) for method in methods()) == []


def test_every_route_binds_fields_that_the_request_has() -> None:
    for method in methods():
        bound = re.findall(r"{([\w.]+)=", route(method)[1])
        body = [] if http(method).body in ("", "*") else [http(method).body]
        signature = [
            path
            for entry in method.GetOptions().Extensions[client_pb2.method_signature]
            for path in entry.split(",")
            if path
        ]
        assert all(resolves(method.input_type, path) for path in bound + body + signature), method.full_name


def test_every_method_has_a_signature() -> None:
    assert [m.full_name for m in methods() if not m.GetOptions().Extensions[client_pb2.method_signature]] == []


def test_a_request_belongs_to_one_method_and_has_its_name() -> None:
    assert repeated(method.input_type.full_name for method in methods()) == []
    assert [m.full_name for m in methods() if m.input_type.name != f"{m.name}Request"] == []


def test_a_method_answers_its_resource_or_a_response_of_its_own() -> None:
    wrong = [m.full_name for m in methods() if m.output_type.name not in ("User", "Task", f"{m.name}Response")]
    assert wrong == []


def test_a_method_either_only_reads_or_takes_a_request_id() -> None:
    reads = {m.name for m in methods() if m.GetOptions().idempotency_level == m.GetOptions().NO_SIDE_EFFECTS}
    assert reads == {"GetUser", "BatchGetUsers", "ListUsers", "GetTask", "ListTasks"}
    assert {m.name for m in methods() if "request_id" not in m.input_type.fields_by_name} == reads


def test_the_zero_value_alone_carries_the_prefix_of_its_enum() -> None:
    for enum in enums():
        assert prefixed(enum) == [enum.values_by_number[0].name], enum.full_name
        assert enum.values_by_number[0].name.endswith("_UNSPECIFIED")


def test_every_reason_says_its_status_code_first() -> None:
    comments = re.findall(r"  // ([A-Z_]+)\. [^;]*?;?[^=]*?\n  ([A-Z_]+) = \d+;", (PROTOS / "error.proto").read_text())
    assert [name for _, name in comments] == error_pb2.ErrorReason.keys()
    assert {code for code, _ in comments} <= {code.name for code in grpc.StatusCode}
