"""Bytes that are no message: MALFORMED_REQUEST from every method, never UNKNOWN, and nothing is written."""

from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.message import DecodeError, Message

from tests.e2e.accepted import accepted_requests
from tests.e2e.bad_input.values import string_fields, varint, with_string
from tests.e2e.conftest import Service
from tests.e2e.methods import Method, methods
from tests.e2e.refusals import refused

Code = grpc.StatusCode
each = pytest.mark.parametrize("method", methods(), ids=str)
# Overlong, surrogate (U+D800), beyond Unicode, cut off, alone.
NO_UTF_8 = (b"\xc0\x80", b"\xed\xa0\x80", b"a\xed\xbf\xbfb", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xff", b"\x80")
NO_MESSAGE = (
    b"\x00",  # field number 0
    b"\x07",  # wire type 7
    b"\x0c",  # the end of a group that never began
    b"\x0b",  # a group without an end
    b"\x0a\xff\xff\xff\xff\x0f",  # a string of 4 GiB
    b"\x0a\x80",  # a length that is cut off
    b"\x0a" + b"\xff" * 11,  # a varint of more than ten bytes
    b"\x0d\x00",  # four bytes, cut off
    b"\xff" * 4096,
)


@pytest.fixture(scope="module")
async def requests(shared_service: Service) -> dict[str, Message]:
    return await accepted_requests(shared_service)


async def malformed(service: Service, method: Method, data: bytes) -> None:
    await refused(method.raw(service.channel)(data), Code.INVALID_ARGUMENT, "MALFORMED_REQUEST")


@each
async def test_bytes_that_are_no_message(requests: dict[str, Message], untouched: Service, method: Method) -> None:
    for data in NO_MESSAGE:
        await malformed(untouched, method, data)
        await malformed(untouched, method, requests[method.name].SerializeToString() + data)


def truncated(method: Method, request: Message) -> Iterator[bytes]:
    """The request cut off at each place where what is left is no message."""
    whole = request.SerializeToString()
    for length in range(1, len(whole)):
        try:
            method.request.FromString(whole[:length])
        except DecodeError:
            yield whole[:length]


@each
async def test_a_truncated_message(requests: dict[str, Message], untouched: Service, method: Method) -> None:
    cuts = list(truncated(method, requests[method.name]))
    assert bool(cuts) == bool(requests[method.name].ByteSize())
    for data in cuts:
        await malformed(untouched, method, data)


@each
async def test_bad_utf_8_and_lone_surrogates(requests: dict[str, Message], untouched: Service, method: Method) -> None:
    """In every string of every request, in keys and values of maps and in masks."""
    for path in string_fields(method.descriptor.input_type):
        for text in NO_UTF_8:
            await malformed(untouched, method, with_string(requests[method.name], path, text))


@each
async def test_nesting_bombs(requests: dict[str, Message], untouched: Service, method: Method) -> None:
    """Groups within groups, in a field that no message has: deeper than a parser may go."""
    request, (begin, end) = requests[method.name].SerializeToString(), (varint(999 << 3 | 3), varint(999 << 3 | 4))
    for depth in (101, 10_000, 200_000):
        await malformed(untouched, method, request + begin * depth + end * depth)
