"""The contract keeps the rules of its design: annotations, names, and one request for each method."""

from __future__ import annotations

import importlib
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

from taxiway.v1 import access_pb2, error_pb2

PROTOS = Path(__file__).resolve().parents[2] / "protos/taxiway/v1"
STEMS = sorted(path.stem for path in PROTOS.glob("*.proto"))
FILES: tuple[FileDescriptor, ...] = tuple(importlib.import_module(f"taxiway.v1.{s}_pb2").DESCRIPTOR for s in STEMS)
OF_OPTIONS = access_pb2.DESCRIPTOR  # what stands in the contract's options, and in no call
RESOURCES = {
    "User": "users/{user}",
    "Task": "users/{user}/tasks/{task}",
    "Project": "users/{user}/projects/{project}",
    "Tag": "users/{user}/tags/{tag}",
    "Session": "users/{user}/sessions/{session}",
    "ApiKey": "users/{user}/apiKeys/{api_key}",
    "AuditEvent": "auditEvents/{audit_event}",
}
SECRET = re.compile("password|secret|(access|refresh|reset)_token")
# Repeated, it is refused: the session that it came with has ended.
ENDS_ITSELF = {"SignOut"}


def messages() -> Iterator[Descriptor]:
    return (message for file in FILES if file is not OF_OPTIONS for message in file.message_types_by_name.values())


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


def is_secret(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().Extensions[access_pb2.secret])


def has_secret(message: Descriptor) -> bool:
    """In it, or in a message of ours within it."""
    within = [field.message_type for field in message.fields if field.message_type is not None]
    ours = [kind for kind in within if kind.file in FILES and not kind.GetOptions().map_entry]
    return any(map(is_secret, message.fields)) or any(map(has_secret, ours))


def test_every_field_says_how_it_behaves() -> None:
    """Once; and beside that, what is secret in a request comes in no answer."""
    once = [field.full_name for field in fields() if len(set(behaviors(field)) - {"INPUT_ONLY"}) != 1]
    assert once == []
    never_answered = {field.full_name for field in fields() if "INPUT_ONLY" in behaviors(field)}
    answered = {field.full_name for field in fields() if behaviors(field) == ["OUTPUT_ONLY"]}
    assert never_answered == {field.full_name for field in fields() if is_secret(field)} - answered


def test_what_is_called_a_password_a_secret_or_a_token_that_lets_in_is_marked_as_secret() -> None:
    called = {field.full_name for field in fields() if SECRET.search(field.name) and field.type == field.TYPE_STRING}
    assert called == {field.full_name for field in fields() if is_secret(field)}
    assert len(called) > 10


def test_answers_are_output_only_and_requests_never() -> None:
    for field in fields():
        owner = owner_of(field)
        if owner.endswith("Response"):
            assert behaviors(field) == ["OUTPUT_ONLY"], field.full_name
        if owner.endswith("Request"):
            assert behaviors(field)[0] in ("REQUIRED", "OPTIONAL"), field.full_name


@pytest.mark.parametrize(("kind", "pattern"), RESOURCES.items(), ids=RESOURCES)
def test_every_resource_has_its_type_pattern_and_identifier(kind: str, pattern: str) -> None:
    (message,) = (message for message in messages() if message.name == kind)
    resource, singular = message.GetOptions().Extensions[resource_pb2.resource], kind[0].lower() + kind[1:]
    assert (resource.type, list(resource.pattern)) == (f"taxiway.dev/{kind}", [pattern])
    assert (resource.singular, resource.plural) == (singular, f"{singular}s")
    name = message.fields_by_name["name"]
    assert (name.number, behaviors(name)) == (1, ["IDENTIFIER"])


def test_no_other_message_is_a_resource() -> None:
    found = {message.name for message in messages() if message.GetOptions().HasExtension(resource_pb2.resource)}
    assert found == set(RESOURCES)


def resource_in(owner: str) -> str:
    """The resource that the name of a request speaks of, as in CancelTaskRequest; "" for none."""
    return next((kind for kind in RESOURCES if re.search(rf"[a-z]{kind}(s|Data)?Request", owner)), "")


def test_every_field_that_holds_a_name_says_of_what() -> None:
    users = {"names", "creator", "updater", "subject", "user"}
    requests = {f for f in fields() if f.name in ("name", "parent", *users) and owner_of(f).endswith("Request")}
    texts = {f for f in requests | {f for f in fields() if f.name in ("creator", "updater")} if f.message_type is None}
    assert len(texts) > 25
    for field in texts:
        reference, kind = field.GetOptions().Extensions[resource_pb2.resource_reference], resource_in(owner_of(field))
        if field.name == "parent" and kind:
            assert reference.child_type == f"taxiway.dev/{kind}", field.full_name
        else:
            expected = kind if field.name in ("name", "names") else "User"
            assert reference.type == f"taxiway.dev/{expected}", field.full_name


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


def test_every_method_has_a_signature_but_where_the_request_is_a_stream() -> None:
    without = [m for m in methods() if not m.GetOptions().Extensions[client_pb2.method_signature]]
    assert [m.full_name for m in without if not m.client_streaming] == []


def test_a_request_belongs_to_one_method_and_has_its_name() -> None:
    assert repeated(method.input_type.full_name for method in methods()) == []
    assert [m.full_name for m in methods() if m.input_type.name != f"{m.name}Request"] == []


def test_a_method_answers_its_resource_or_a_response_of_its_own() -> None:
    shared = ("User", "Task", "Project", "Tag", "SessionTokens", "Empty")
    assert [m.full_name for m in methods() if m.output_type.name not in (*shared, f"{m.name}Response")] == []


def test_a_method_only_reads_or_takes_a_request_id_or_carries_a_secret() -> None:
    """Of a secret nothing is stored, not even the answer that it was in."""
    reads = {m.name for m in methods() if m.GetOptions().idempotency_level == m.GetOptions().NO_SIDE_EFFECTS}
    assert reads == {m.name for m in methods() if re.match("(Batch)?Get|List|Search|Export", m.name)}
    secret = {m.name for m in methods() if has_secret(m.input_type) or has_secret(m.output_type)}
    assert secret == {
        *("SignIn", "RefreshSession", "ChangePassword", "SetPassword"),
        *("CreatePasswordReset", "CreateApiKey", "ImportUsers"),
    }
    without = {m.name for m in methods() if "request_id" not in m.input_type.fields_by_name}
    assert without == reads | secret | ENDS_ITSELF
    assert not reads & secret


def test_the_zero_value_alone_carries_the_prefix_of_its_enum() -> None:
    for enum in enums():
        assert prefixed(enum) == [enum.values_by_number[0].name], enum.full_name
        assert enum.values_by_number[0].name.endswith("_UNSPECIFIED")


def test_every_reason_says_its_status_code_first() -> None:
    comments = re.findall(r"  // ([A-Z_]+)\. [^;]*?;?[^=]*?\n  ([A-Z_]+) = \d+;", (PROTOS / "error.proto").read_text())
    assert [name for _, name in comments] == error_pb2.ErrorReason.keys()
    assert {code for code, _ in comments} <= {code.name for code in grpc.StatusCode}
