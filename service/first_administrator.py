"""The first administrator: on any database with a one-time token, on the embedded one without any credential."""

from itertools import chain, count
from uuid import UUID

from persistence.database import Database
from persistence.errors import SerializationLost, UniqueViolation
from persistence.unit_of_work import UnitOfWork
from service.errors import AlreadyExists
from service.identifiers import new_id
from service.users.password_resets import PasswordReset, put_password_reset
from service.users.schemas import UserDraft
from service.validation import validated
from taxiway.v1.user_pb2 import User

LOCAL = "admin"  # user name of the one that `serve` makes on the embedded database
_TAKEN = {"uq_users_email_key": "mail address", "uq_users_username_key": "user name"}


def drafted(email: str, username: str, display_name: str) -> UserDraft:
    """An administrator to be made. Raises InvalidArgument, its violations named by the arguments."""
    values = {"role": "ADMIN", "email": email, "username": username, "display_name": display_name}
    return validated(UserDraft, values, User())


async def make_administrator(uow: UnitOfWork, _caller: None, draft: UserDraft) -> PasswordReset:
    """What sets its password. Raises AlreadyExists where another living account has its mail address or user name."""
    user_id = new_id()
    try:
        await _add(uow, user_id, draft)
    except UniqueViolation as violation:
        what = _TAKEN[violation.constraint]
        raise AlreadyExists(f"Another account has this {what} already (compared without case).") from None
    return await put_password_reset(uow, user_id, user_id)


async def ensure_local_administrator(db: Database) -> bool:
    """Makes an administrator where no living, active one is; True where it did. For the embedded database alone.

    It has no credential: `taxiway token`, which needs the data directory, is the only way to act as it.
    """
    _, made = await db.change(find_or_make_local, None, None)
    return made


async def find_or_make_local(uow: UnitOfWork, _caller: None, _command: None) -> tuple[UUID, bool]:
    """The oldest living, active administrator, and whether it was made now."""
    # The name comes first: where another process took one before us, its administrator is there to be found.
    username = await _free_name(uow)
    found = await uow.users.find_administrator()
    if found is not None:
        return found, False
    user_id = new_id()
    try:
        await _add(uow, user_id, drafted(_local_address(username), username, "Administrator"))
    except UniqueViolation as violation:
        raise SerializationLost("another process took the name in this moment") from violation  # the unit runs again
    return user_id, True


async def _free_name(uow: UnitOfWork) -> str:
    """`admin`, else `admin-2` and so on: the first that no account has, so that two processes take the same."""
    for name in chain([LOCAL], (f"{LOCAL}-{number}" for number in count(2))):
        if all([await uow.credentials.get_by_login(login) is None for login in (name, _local_address(name))]):
            return name
    raise AssertionError("the numbers do not end")


def _local_address(username: str) -> str:
    return f"{username}@localhost"


async def _add(uow: UnitOfWork, user_id: UUID, draft: UserDraft) -> None:
    """Nobody but the account itself can be named as its author: who sits at the command line has none."""
    await uow.users.add(user_id, user_id, draft.columns())
    await uow.audit.add("ADMINISTRATOR_CREATED", None, user_id)
