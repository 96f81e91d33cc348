"""Who may call is part of the contract: a method that does not say so, or says what cannot hold, is never served."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor, ServiceDescriptor

from persistence.types import ACCESS_SCOPES as SCOPES
from service.credentials.refusals import Refusals
from service.errors import StartupError
from service.interceptors.authorize import Authorize
from service.registration import handlers
from taxiway.v1 import access_pb2
from taxiway.v1.access_pb2 import Access
from tests.e2e.access.contract import Rpc, rpcs

EVERY = pytest.mark.parametrize("rpc", rpcs(), ids=str)
# What is about no account, or about none that its request names: open to who proves it by the request itself.
ANONYMOUS = {"SignIn", "RefreshSession", "SetPassword", "GetSigningKeys"}
AUTHENTICATED = {"SignOut", "ChangePassword"}


class Greeter:
    """A servicer of the made-up service."""

    async def Greet(self, request: Any) -> bytes:  # noqa: N802 - the name of the method
        return bytes(request.SerializeToString())


def greeter(access: Access | None) -> ServiceDescriptor:
    """A service of one method with this option, in a pool of its own: a request has text, a number, a message."""
    file = descriptor_pb2.FileDescriptorProto(name="greeter.proto", package="greeter", syntax="proto3")
    request = file.message_type.add(name="GreetRequest")
    request.field.add(name="name", number=1, type=FieldDescriptor.TYPE_STRING, label=FieldDescriptor.LABEL_OPTIONAL)
    request.field.add(name="count", number=2, type=FieldDescriptor.TYPE_INT32, label=FieldDescriptor.LABEL_OPTIONAL)
    message = {"type": FieldDescriptor.TYPE_MESSAGE, "type_name": ".greeter.GreetRequest"}
    request.field.add(name="inner", number=3, label=FieldDescriptor.LABEL_OPTIONAL, **message)
    service = file.service.add(name="Greeter")
    kind = ".greeter.GreetRequest"
    method = service.method.add(name="Greet", input_type=kind, output_type=kind)
    if access is not None:
        method.options.Extensions[access_pb2.access].CopyFrom(access)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    found: ServiceDescriptor = pool.FindServiceByName("greeter.Greeter")
    return found


def start(access: Access | None) -> None:
    """What the start of the service does with each of its methods."""
    handlers(greeter(access), Greeter(), (Authorize(Refusals()),))


def test_a_method_without_the_option_stops_the_start() -> None:
    with pytest.raises(StartupError, match=r"greeter\.Greeter/Greet has no option"):
        start(None)


@pytest.mark.parametrize(
    ("access", "says"),
    [
        (Access(scope="tasks.delete"), "tasks.delete"),
        (Access(scope="Tasks.read"), "Tasks.read"),
        (Access(owner_field="parent"), "parent"),
        (Access(owner_field="count"), "count"),
        (Access(owner_field="inner"), "inner"),
        (Access(owner_field="inner.parent"), "inner.parent"),
        (Access(owner_field="name.name"), "name.name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_option_that_cannot_hold_stops_the_start(access: Access, says: str) -> None:
    """A scope that nobody has, an owner in a field that there is not or that holds no name."""
    with pytest.raises(StartupError, match=says):
        start(access)


@pytest.mark.parametrize(
    "access",
    [Access(), Access(scope="tasks.read"), Access(owner_field="name"), Access(owner_field="inner.inner.name")],
    ids=["administrators", "scope", "owner", "owner inside"],
)
def test_an_option_that_holds_starts(access: Access) -> None:
    """Else the refusals above would prove nothing."""
    start(access)


@EVERY
def test_every_method_declares_who_may_call(rpc: Rpc) -> None:
    assert rpc.descriptor.GetOptions().HasExtension(access_pb2.access)


@EVERY
def test_every_scope_is_one_that_an_account_can_have(rpc: Rpc) -> None:
    """And it fits the method: what only reads asks for `read`, what writes for `write`."""
    scope = rpc.access.scope
    if not scope:
        return
    reads = rpc.descriptor.GetOptions().idempotency_level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
    assert scope in SCOPES
    assert scope.endswith(".read") == reads


@EVERY
def test_every_owner_field_is_a_text_of_the_request(rpc: Rpc) -> None:
    if not rpc.access.owner_field:
        return
    message: Any = rpc.descriptor.input_type
    *steps, last = rpc.access.owner_field.split(".")
    for step in steps:
        message = message.fields_by_name[step].message_type
    assert message.fields_by_name[last].type == FieldDescriptor.TYPE_STRING


@EVERY
def test_no_option_lets_in_by_two_rules_of_which_one_makes_the_other_void(rpc: Rpc) -> None:
    access = rpc.access
    if access.anonymous or access.authenticated:
        assert (access.scope, access.owner_field, access.across_owners) == ("", "", False)
        assert access.anonymous != access.authenticated
    if access.across_owners:
        assert access.owner_field


def test_what_is_open_to_all_is_a_list_that_a_person_decided_on() -> None:
    assert {str(rpc) for rpc in rpcs() if rpc.access.anonymous} == ANONYMOUS
    assert {str(rpc) for rpc in rpcs() if rpc.access.authenticated} == AUTHENTICATED
