"""When sessions and API keys were last used: kept in memory, written at most once a minute."""

from datetime import UTC, datetime
from uuid import UUID

from persistence.database import Database
from persistence.unit_of_work import UnitOfWork
from service.identity import Caller

Times = dict[UUID, datetime]


class Usage:
    """The last moment of each session and key since the last `flush`."""

    def __init__(self) -> None:
        self._sessions: Times = {}
        self._api_keys: Times = {}

    def seen(self, caller: Caller) -> None:
        if caller.session_id is not None:
            self._sessions[caller.session_id] = datetime.now(UTC)
        elif caller.api_key_id is not None:
            self._api_keys[caller.api_key_id] = datetime.now(UTC)

    async def flush(self, db: Database) -> None:
        """Raises PersistenceError; what could not be written is kept for the next time, unless it was seen again."""
        if not self._sessions and not self._api_keys:
            return
        sessions, api_keys = self._sessions, self._api_keys
        self._sessions, self._api_keys = {}, {}
        try:
            await db.change(_write, None, (sessions, api_keys))
        except BaseException:
            self._sessions, self._api_keys = sessions | self._sessions, api_keys | self._api_keys
            raise


async def _write(uow: UnitOfWork, _caller: None, times: tuple[Times, Times]) -> None:
    sessions, api_keys = times
    await uow.sessions.touch([*sessions], [*sessions.values()])
    await uow.api_keys.touch([*api_keys], [*api_keys.values()])
