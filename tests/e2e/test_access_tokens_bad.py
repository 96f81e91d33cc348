"""Tokens that do not hold: one answer to all, byte by byte, and no trace of the token in the log."""

from collections.abc import AsyncIterator

import grpc
import pytest

from tests.conftest import Databases
from tests.e2e.access.bad_tokens import CASES
from tests.e2e.access.forging import forge
from tests.e2e.access.refusal import REQUEST_ID, bearer, refusal
from tests.e2e.conftest import Service, in_process
from tests.e2e.faults.until import until


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    """One server for all tokens."""
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


async def logged(capfd: pytest.CaptureFixture[str], calls: int) -> str:
    """The log of that many calls; a call is answered before its line is written."""
    lines: list[str] = []

    def complete() -> bool:
        lines.extend(capfd.readouterr())
        return "".join(lines).count(REQUEST_ID[1]) >= calls

    await until(complete, 5)
    return "".join(lines)


@pytest.mark.parametrize("name", CASES)
async def test_a_token_that_does_not_hold_is_refused_as_none_at_all_and_never_logged(
    service: Service, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    made, case = await forge(service), CASES[name]
    token = case if isinstance(case, str) else case(made)
    assert (await bearer(service, made.token())).code is grpc.StatusCode.OK, "what is wrong is wrong in one thing"
    assert await bearer(service, token) == await refusal(service)
    log = await logged(capfd, 3)
    assert [piece for piece in token.split(".") if len(piece) > 12 and piece in log] == []
