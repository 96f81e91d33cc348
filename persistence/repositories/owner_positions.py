"""The row of an owner that a unit holds while it checks several of the owner's tasks and then writes."""

from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from persistence.models import OwnerPositionRow, UserRow
from persistence.repositories.base import Repository

POSITIONS = OwnerPositionRow.metadata.tables["owner_positions"]
USERS = UserRow.metadata.tables["users"]

_HOLD = select(POSITIONS.c.owner_id).where(POSITIONS.c.owner_id == bindparam("owner_id")).with_for_update()
_MAKE = (
    insert(POSITIONS)
    .from_select(["owner_id"], select(USERS.c.id).where(USERS.c.id == bindparam("owner_id")))
    .on_conflict_do_nothing(index_elements=["owner_id"])
)


class OwnerPositions(Repository):
    __slots__ = ()

    async def hold(self, owner_id: UUID) -> None:
        """Until COMMIT no other unit that asks for it goes on; of an owner that does not exist nothing is held.

        In a statement of its own: the next one sees what the unit that was waited for has written. Raises LockTimeout.
        """
        key = {"owner_id": owner_id}
        if await self._one(_HOLD, key) is None and await self._run(_MAKE, key) == 0:
            await self._one(_HOLD, key)  # another unit made it meanwhile
