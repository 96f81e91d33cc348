"""The accounts."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, TextClause, Uuid, any_, bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.models import UserRow
from persistence.repositories.base import Guard, Repository, change
from persistence.repositories.phone_numbers import Account, PhoneNumbers, Stale
from persistence.sealing import Sealer

USERS = UserRow.metadata.tables["users"]

_NOT_ERASED = USERS.c.erased_at.is_(None)
_GET = select(*USERS.c).where(USERS.c.id == bindparam("id"))
_GET_LOCKED = _GET.with_for_update(key_share=True)  # who makes tasks below it need not wait
_STANDING = select(*USERS.c, (USERS.c.purge_at <= func.now()).label("purge_due")).where(USERS.c.id == bindparam("id"))
_GET_MANY = select(*USERS.c).where(USERS.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
_ADD = insert(USERS).returning(*USERS.c)
_PHONE_LOCKED = select(USERS.c.phone_number).where(USERS.c.id == bindparam("id")).with_for_update(key_share=True)
_BY_CERTIFICATE = (
    select(*USERS.c)
    .where(
        USERS.c.certificate_uris.overlap(bindparam("uris", type_=ARRAY(Text))),
        text("certificate_uris <> '{}'"),  # as the index has it
        USERS.c.role == "SERVICE",
        USERS.c.deleted_at.is_(None),
    )
    .limit(2)
)
# No index serves it: it is asked once at a start on the embedded database, and by commands.
_OLDEST_ADMINISTRATOR = (
    select(USERS.c.id)
    .where(USERS.c.role == "ADMIN", USERS.c.state == "ACTIVE", USERS.c.deleted_at.is_(None))
    .order_by(USERS.c.created_at, USERS.c.id)
    .limit(1)
)
_LOCK_CERTIFICATES = text("SELECT pg_advisory_xact_lock(hashtext('taxiway.users.certificate_uris'))")
_HOLDERS = text("""
    SELECT 'id' AS field, CAST(id AS text) AS key FROM users WHERE id = ANY(CAST(:ids AS uuid[]))
    UNION ALL SELECT 'email', email_key FROM users WHERE email_key = ANY(CAST(:emails AS text[])) AND deleted_at IS NULL
    UNION ALL SELECT 'username', username_key FROM users
        WHERE username_key = ANY(CAST(:usernames AS text[])) AND deleted_at IS NULL""")
_CERTIFICATES = text("""
    SELECT DISTINCT uri FROM users, unnest(certificate_uris) AS uri
    WHERE certificate_uris && CAST(:uris AS text[]) AND uri = ANY(CAST(:uris AS text[]))
    AND certificate_uris <> '{}' AND role = 'SERVICE' AND deleted_at IS NULL""")
_SEALED = select(USERS.c.id, USERS.c.phone_number).order_by(USERS.c.id).limit(bindparam("limit"))
_SEALED_AFTER = _SEALED.where(USERS.c.id > bindparam("after"))
# The trigger counts no change while this is on, where nothing but the sealed value differs.
_RESEALING = text("SELECT set_config('taxiway.resealing', :state, true)")
_RESEAL = text("""
    UPDATE users SET phone_number = new FROM unnest(CAST(:ids AS uuid[]), CAST(:old AS bytea[]), CAST(:new AS bytea[]))
    AS given(user_id, old, new) WHERE id = user_id AND phone_number = old""")


class Holder(NamedTuple):
    """Who has a place: `field` is `id`, `email` or `username`, and `key` the UUID, `email_key` or `username_key`."""

    field: str
    key: UUID | str


class Users(Repository):
    """Whatever leaves it has its `phone_number` as text. Raises SealError where that was sealed with an unknown key.

    Which accounts it writes it notes in `owners`.
    """

    __slots__ = ("_numbers", "_owners")

    def __init__(self, connection: AsyncConnection, sealer: Sealer, owners: set[UUID]) -> None:
        super().__init__(connection)
        self._numbers = PhoneNumbers(sealer)
        self._owners = owners

    async def add(self, user_id: UUID, actor: UUID, columns: Mapping[str, object]) -> Account:
        """Raises UniqueViolation where the id, the mail address or the user name is taken."""
        self._owners.add(user_id)
        sealed = self._numbers.seal(user_id, columns)
        return self._numbers.opened(
            await self._made(_ADD, {"id": user_id, "created_by": actor, "updated_by": actor, **sealed})
        )

    async def get(self, user_id: UUID) -> Account | None:
        return self._numbers.opened(await self._one(_GET, {"id": user_id}))

    async def get_locked(self, user_id: UUID) -> Account | None:
        """The row, which nobody else changes before this transaction ends."""
        return self._numbers.opened(await self._one(_GET_LOCKED, {"id": user_id}))

    async def get_standing(self, user_id: UUID) -> Account | None:
        """The user beside `purge_due`: whether its time of purge has come."""
        return self._numbers.opened(await self._one(_STANDING, {"id": user_id}))

    async def get_many(self, user_ids: Sequence[UUID]) -> Mapping[UUID, Account]:
        """The rows by id, deleted ones too; an id that is not there is not in the answer."""
        return {row.id: row for row in self._numbers.all_opened(await self._all(_GET_MANY, {"ids": user_ids}))}

    async def find_by_certificate(self, uris: Sequence[str]) -> Sequence[Account]:
        """The living services that have one of these URIs; two where there are more than one."""
        return self._numbers.all_opened(await self._all(_BY_CERTIFICATE, {"uris": list(uris)}))

    async def find_administrator(self) -> UUID | None:
        """The id of the oldest living, active administrator; reads the whole table."""
        row = await self._one(_OLDEST_ADMINISTRATOR, {})
        return None if row is None else row.id

    async def lock_certificates(self) -> None:
        """Whoever writes certificates waits for this transaction: of two that write the same one, one sees the other.

        Raises LockTimeout.
        """
        await self._run(_LOCK_CERTIFICATES, {})

    async def find_holders(
        self, ids: Sequence[UUID], email_keys: Sequence[str], username_keys: Sequence[str]
    ) -> Sequence[Holder]:
        """Which of these are taken: an id by any account, a mail address and a user name by a living one."""
        values = {"ids": list(ids), "emails": list(email_keys), "usernames": list(username_keys)}
        rows = await self._all(_HOLDERS, values)
        return [Holder(row.field, UUID(row.key) if row.field == "id" else row.key) for row in rows]

    async def change(self, user_id: UUID, actor: UUID, columns: Mapping[str, object], guard: Guard) -> Account | None:
        """None where the guard does not hold, and for a deleted account whose data was erased: nothing brings it back.

        Raises UniqueViolation, CheckViolation.

        The number that the account has already is not sealed anew, which would count as a change: where one is given,
        a statement comes before the change that looks, and locks the row.
        """
        self._owners.add(user_id)
        if columns.get("phone_number") is not None:
            columns = await self._without_the_same(user_id, columns)
        columns = {**self._numbers.seal(user_id, columns), "updated_by": actor}
        return self._numbers.opened(await self._one(*change(USERS, {"id": user_id}, columns, guard, _NOT_ERASED)))

    async def reseal(self, after: UUID | None, limit: int) -> tuple[UUID | None, int]:
        """Seals with the newest key the numbers of the next `limit` accounts above `after`, in order of id.

        Answers the last id looked at, None where there was none, and how many numbers were sealed anew. It changes
        neither version nor time of an account, and leaves alone what somebody else writes meanwhile.
        """
        values: dict[str, object] = {"limit": limit} if after is None else {"limit": limit, "after": after}
        rows = await self._all(_SEALED if after is None else _SEALED_AFTER, values)
        stale = self._numbers.stale(rows)
        return (rows[-1].id if rows else None), (await self._write_again(stale) if stale else 0)

    async def _write_again(self, stale: Stale) -> int:
        values = {"ids": [user_id for user_id, _ in stale], "old": [old for _, old in stale]}
        await self._run(_RESEALING, {"state": "on"})
        count = await self._run(_RESEAL, {**values, "new": self._numbers.resealed(stale)})
        await self._run(_RESEALING, {"state": "off"})
        return count

    async def _without_the_same(self, user_id: UUID, columns: Mapping[str, object]) -> Mapping[str, object]:
        row = await self._one(_PHONE_LOCKED, {"id": user_id})
        kept = None if row is None or row.phone_number is None else self._numbers.open(user_id, row.phone_number)
        if kept != columns["phone_number"]:
            return columns
        return {name: value for name, value in columns.items() if name != "phone_number"}

    async def find_certificates(self, uris: Sequence[str]) -> Collection[str]:
        """Which of these URIs a living service has."""
        return {row.uri for row in await self._all(_CERTIFICATES, {"uris": list(uris)})}

    async def add_many(self, actor: UUID, accounts: Mapping[UUID, Mapping[str, object]]) -> None:
        """In one statement, in the order given: id -> columns, the same of each. Raises UniqueViolation, as `add`."""
        self._owners.update(accounts)
        rows = [
            {"id": str(user_id), "created_by": str(actor), "updated_by": str(actor), **self._as_json(user_id, columns)}
            for user_id, columns in accounts.items()
        ]
        if rows:
            await self._run(_add_many(tuple(rows[0])), {"rows": rows})

    def _as_json(self, user_id: UUID, columns: Mapping[str, object]) -> Mapping[str, object]:
        """The columns to be written; bytes in the form that the database reads."""
        sealed = self._numbers.seal(user_id, columns)
        return {name: f"\\x{value.hex()}" if isinstance(value, bytes) else value for name, value in sealed.items()}


@lru_cache(maxsize=8)
def _add_many(columns: tuple[str, ...]) -> TextClause:
    """The names are those of columns, never of a request. One parameter holds all rows, however many they are."""
    names = ", ".join(USERS.c[name].name for name in columns)
    statement = f"INSERT INTO users ({names}) SELECT {names} FROM jsonb_populate_recordset(NULL::users, :rows)"  # noqa: S608
    return text(statement).bindparams(bindparam("rows", type_=JSONB))
