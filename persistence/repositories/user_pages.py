"""Pages of accounts, newest first."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.models import UserRow
from persistence.paging import Bounds, Page, PageQuery
from persistence.repositories.base import Repository
from persistence.repositories.listings import Listing
from persistence.repositories.pages import BOUNDS, read_page
from persistence.repositories.phone_numbers import PhoneNumbers
from persistence.sealing import Sealer

# The two are unique among the living: an index has nobody else's.
ACCOUNTS = Listing(UserRow.metadata.tables["users"], living_lookups=("email_key", "username_key"))


class UserPages(Repository):
    """Whatever leaves it has its `phone_number` as text. Raises SealError where that was sealed with an unknown key."""

    __slots__ = ("_bounds", "_numbers")

    def __init__(self, connection: AsyncConnection, sealer: Sealer, bounds: Bounds = BOUNDS) -> None:
        super().__init__(connection)
        self._numbers = PhoneNumbers(sealer)
        self._bounds = bounds

    async def page(self, query: PageQuery) -> Page:
        found = await read_page(self._all, ACCOUNTS, {}, query, self._bounds)
        return replace(found, rows=self._numbers.all_opened(found.rows))
