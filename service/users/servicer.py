"""taxiway.v1.UserService: decode, run, encode."""

from functools import partial

from persistence.database import Database
from service.idempotency import claim
from service.identity import caller
from service.pagination import PageTokens
from service.users import convert, usecases
from taxiway.v1 import user_service_pb2 as pb


class UserServicer:
    """Each method takes the parsed request and answers encoded bytes; errors leave as exceptions."""

    def __init__(self, db: Database, tokens: PageTokens) -> None:
        self._db = db
        self._tokens = tokens

    async def CreateUser(self, request: pb.CreateUserRequest) -> bytes:
        draft = convert.draft(request)
        return await self._db.write(usecases.create_user, caller(), draft, convert.user, claim(draft))

    async def GetUser(self, request: pb.GetUserRequest) -> bytes:
        return await self._db.read(usecases.get_user, caller(), convert.key(request), convert.user)

    async def BatchGetUsers(self, request: pb.BatchGetUsersRequest) -> bytes:
        return await self._db.read(usecases.batch_get_users, caller(), convert.keys(request), convert.batch)

    async def ListUsers(self, request: pb.ListUsersRequest) -> bytes:
        query = convert.query(request, self._tokens)
        return await self._db.read(usecases.list_users, caller(), query, partial(convert.page, query, self._tokens))

    async def UpdateUser(self, request: pb.UpdateUserRequest) -> bytes:
        patch = convert.patch(request)
        return await self._db.write(usecases.update_user, caller(), patch, convert.user, claim(patch))

    async def DeleteUser(self, request: pb.DeleteUserRequest) -> bytes:
        deletion = convert.deletion(request)
        return await self._db.write(usecases.delete_user, caller(), deletion, convert.user_or_name, claim(deletion))

    async def UndeleteUser(self, request: pb.UndeleteUserRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(usecases.undelete_user, caller(), target, convert.user, claim(target))
