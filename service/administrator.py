"""The account that every call runs as until access control lands: made at start where it is missing."""

from persistence.database import Database
from service.errors import AlreadyExists, NotFound
from service.identity import BUILT_IN_ADMINISTRATOR as ADMINISTRATOR
from service.users import convert, usecases
from service.users.schemas import UserDraft

USERNAME = "built-in-administrator"


async def ensure_administrator(db: Database) -> None:
    """It has no credential and cannot sign in; with it `users/me` is somebody from the first call on.

    Raises AlreadyExists where another account has its user name.
    """
    try:
        await db.read(usecases.get_user, ADMINISTRATOR, ADMINISTRATOR.id, convert.user)
    except NotFound:
        await _make(db)


async def _make(db: Database) -> None:
    email = f"{USERNAME}@localhost"
    draft = UserDraft(
        user_id=ADMINISTRATOR.id, username=USERNAME, email=email, role="ADMIN", display_name="Administrator"
    )
    try:
        await db.write(usecases.create_user, ADMINISTRATOR, draft, convert.user)
    except AlreadyExists as conflict:
        if conflict.metadata.get("field") != "id":  # else another worker made it in this moment
            raise
