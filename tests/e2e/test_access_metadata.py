"""The header `authorization` as clients and proxies get it wrong: refused before anything of it is believed."""

from collections.abc import AsyncIterator

import grpc
import pytest

from tests.conftest import Databases
from tests.e2e.access.raw import status_of
from tests.e2e.access.refusal import bearer, call_with, reason_of, refusal
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service, in_process

Code = grpc.StatusCode
UNAUTHENTICATED = str(Code.UNAUTHENTICATED.value[0])
# What the one header says in place of `Bearer {token}`.
WRONG = {
    "empty": "",
    "scheme alone": "Bearer",
    "scheme and a space": "Bearer ",
    "token alone": "{token}",
    "no space": "Bearer{token}",
    "two spaces": "Bearer  {token}",
    "another scheme": "Basic {token}",
    "scheme of a proxy": "Token {token}",
    "basic": "Basic YWRtaW46YWRtaW4=",
    "two tokens": "Bearer {token} {token}",
    "list of two": "Bearer {token}, Bearer {token}",
    "token and a comma": "Bearer {token},",
    "token in quotes": 'Bearer "{token}"',
    "token cut in two": "Bearer {half} {half}",
    "an API key's prefix before it": "Bearer twk_{token}",
}


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


@pytest.fixture
async def account(service: Service) -> Account:
    made = await service.accounts.make("USER")
    assert (await bearer(service, made.token)).code is Code.OK
    return made


@pytest.mark.parametrize("name", WRONG)
async def test_a_header_of_another_form_is_nobodys(service: Service, account: Account, name: str) -> None:
    value = WRONG[name].format(token=account.token, half=account.token[:50])
    assert await call_with(service, (("authorization", value),)) == await refusal(service)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_read_without_regard_to_case(service: Service, account: Account, scheme: str) -> None:
    """RFC 9110, section 11.1."""
    assert (await call_with(service, (("authorization", f"{scheme} {account.token}"),))).code is Code.OK


async def test_two_headers_are_nobodys_whether_they_differ_or_not(service: Service, account: Account) -> None:
    """A proxy before the service might have looked at the other one."""
    other = await service.accounts.make("ADMIN")
    mine, its = (("authorization", f"Bearer {token}") for token in (account.token, other.token))
    for pair in ((mine, mine), (mine, its), (its, mine), (mine, ("authorization", "")), (("authorization", ""), mine)):
        assert await call_with(service, pair) == await refusal(service)


@pytest.mark.parametrize("key", ["authorization-bin", "proxy-authorization", "x-authorization", "cookie"])
async def test_no_other_header_lets_anybody_in(service: Service, account: Account, key: str) -> None:
    value = f"Bearer {account.token}"
    given = value.encode() if key.endswith("-bin") else value
    assert await call_with(service, ((key, given),)) == await refusal(service)


@pytest.mark.parametrize("known", [True, False], ids=["with a token that holds", "without"])
async def test_7_kib_of_metadata_are_too_large_whoever_sends_them(
    service: Service, account: Account, known: bool
) -> None:
    token = (("authorization", f"Bearer {account.token}"),) if known else ()
    outcome = await call_with(service, (*token, ("x-long", "x" * 7168)))
    assert (outcome.code, reason_of(outcome)) == (Code.RESOURCE_EXHAUSTED, "METADATA_TOO_LARGE")


async def test_a_token_of_7_kib_is_too_large_and_one_of_5_is_refused(service: Service) -> None:
    outcome = await bearer(service, "x" * 7168)
    assert (outcome.code, reason_of(outcome)) == (Code.RESOURCE_EXHAUSTED, "METADATA_TOO_LARGE")
    assert await bearer(service, "x" * 5120) == await refusal(service)


@pytest.mark.parametrize("scheme", [b"Bearer ", b"Bearer \xc3\xa9", b"Bearer \xff\xfe", "Béarer ".encode()])
async def test_bytes_beyond_ascii_let_nobody_in(service: Service, account: Account, scheme: bytes) -> None:
    """Core may end such a call by itself; the first of them is in order, which shows that the others are read."""
    status = await status_of(service.address, [(b"authorization", scheme + account.token.encode())])
    assert status in (("0",) if scheme == b"Bearer " else (UNAUTHENTICATED, None))
    assert (await bearer(service, account.token)).code is Code.OK, "the server goes on"
