"""A page token fits one list of one parent: whatever else is done to it is INVALID_PAGE_TOKEN."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import grpc
import pytest

from tests.conftest import Databases
from tests.e2e.conftest import Service, in_process
from tests.e2e.lists import LISTINGS, SOFTLY_DELETED, TASKS, Listing
from tests.e2e.making import make_task, make_user
from tests.e2e.refusals import refused

Code = grpc.StatusCode
each = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.name)


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    """One for all of these tests: what is refused leaves nothing behind."""
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


async def token_of(service: Service, listing: Listing) -> str:
    for _ in range(2):
        await listing.make(service)
    _, token = await listing.page(service, page_size=1)
    assert token
    return token


async def refuse(service: Service, listing: Listing, token: str, **arguments: object) -> None:
    call = listing.page(service, page_token=token, **arguments)
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")).fields == ["page_token"]


def tampered(token: str) -> Iterator[str]:
    """Each character replaced (by a letter of the alphabet, by one outside of it), left out, and doubled; and more."""
    for place, character in enumerate(token):
        before, after = token[:place], token[place + 1 :]
        yield before + ("A" if character != "A" else "B") + after
        yield before + "!" + after
        yield before + after
        yield before + character * 2 + after
    yield from (token + "=", token + "====", token + "!!!!", "!" + token, token * 2, token + "\n", f" {token}")


@each
async def test_a_token_that_was_changed_anywhere_is_refused(service: Service, listing: Listing) -> None:
    token = await token_of(service, listing)
    for changed in tampered(token):
        await refuse(service, listing, changed)
    assert (await listing.page(service, page_token=token))[0]


@each
@pytest.mark.parametrize("text", ["0", "next", "AAAA", "A" * 64, "\u00e9" * 8, "-" * 5000, "\u200b"])
async def test_what_never_was_a_token_is_refused(service: Service, listing: Listing, text: str) -> None:
    await refuse(service, listing, text)


@pytest.mark.parametrize("listing", SOFTLY_DELETED, ids=lambda listing: listing.name)
async def test_a_token_fits_its_own_show_deleted_only(service: Service, listing: Listing) -> None:
    await refuse(service, listing, await token_of(service, listing), show_deleted=True)


async def test_a_token_fits_its_own_parent_only(service: Service) -> None:
    other = await make_user(service)
    await make_task(service, other.name)
    await refuse(service, TASKS, await token_of(service, TASKS), parent=other.name)


@each
async def test_a_token_fits_its_own_list_only(service: Service, listing: Listing) -> None:
    token = await token_of(service, listing)
    for other in LISTINGS:
        if other is not listing:
            await refuse(service, other, token)


@each
async def test_a_token_is_of_its_own_caller_only(service: Service, listing: Listing) -> None:
    token, other = await token_of(service, listing), await service.called_by("ADMIN")
    request = listing.request(page_token=token)
    call = listing.call(replace(service, channel=other.channel), request)
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")).fields == ["page_token"]


async def test_a_token_names_no_row(service: Service) -> None:
    """Tokens are sealed: the id that the page ended with cannot be read from them."""
    made = await TASKS.make(service)
    first, second = await token_of(service, TASKS), await token_of(service, TASKS)
    assert first != second
    assert made.name.rpartition("/")[2].replace("-", "")[:8] not in first
