"""taxiway.v1.UserService: decode, run, encode."""

from collections.abc import AsyncIterator
from functools import partial

from persistence.database import Database
from service.fields import Command
from service.idempotency import claim
from service.identity import caller
from service.pagination import PageTokens
from service.users import (
    audit_messages,
    auditing,
    convert,
    drafts,
    erasing,
    exporting,
    import_messages,
    importing,
    page_messages,
    password_resets,
    personal_messages,
    suspension,
    usecases,
)
from taxiway.v1 import user_service_pb2 as pb


class UserServicer:
    """Each method takes the parsed request and answers encoded bytes; errors leave as exceptions."""

    def __init__(self, db: Database, tokens: PageTokens) -> None:
        self._db = db
        self._tokens = tokens

    async def CreateUser(self, request: pb.CreateUserRequest) -> bytes:
        draft = drafts.draft(request)
        answer = partial(convert.created, draft)
        return await self._db.write(usecases.create_user, caller(), draft, answer, claim(draft))

    async def GetUser(self, request: pb.GetUserRequest) -> bytes:
        return await self._db.read(usecases.get_user, caller(), convert.key(request), convert.user)

    async def BatchGetUsers(self, request: pb.BatchGetUsersRequest) -> bytes:
        return await self._db.read(usecases.batch_get_users, caller(), convert.keys(request), convert.batch)

    async def ListUsers(self, request: pb.ListUsersRequest) -> bytes:
        query = page_messages.query(request, self._tokens)
        encode = partial(page_messages.page, query, self._tokens)
        return await self._db.read(usecases.list_users, caller(), query, encode)

    async def UpdateUser(self, request: pb.UpdateUserRequest) -> bytes:
        patch = drafts.patch(request)
        return await self._db.write(usecases.update_user, caller(), patch, convert.user, claim(patch))

    async def DeleteUser(self, request: pb.DeleteUserRequest) -> bytes:
        deletion = convert.deletion(request)
        return await self._db.write(usecases.delete_user, caller(), deletion, convert.user_or_name, claim(deletion))

    async def UndeleteUser(self, request: pb.UndeleteUserRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(usecases.undelete_user, caller(), target, convert.user, claim(target))

    async def SuspendUser(self, request: pb.SuspendUserRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(suspension.suspend_user, caller(), target, convert.user, claim(target))

    async def ReactivateUser(self, request: pb.ReactivateUserRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(suspension.reactivate_user, caller(), target, convert.user, claim(target))

    async def CreatePasswordReset(self, request: pb.CreatePasswordResetRequest) -> bytes:
        draft = convert.password_reset_draft(request)
        answer = partial(convert.password_reset, draft)
        return await self._db.write(password_resets.create_password_reset, caller(), draft, answer, claim(draft))

    async def ImportUsers(self, requests: AsyncIterator[pb.ImportUsersRequest]) -> bytes:
        total = pb.ImportUsersResponse()
        async for request in requests:
            command, batch = Command(validate_only=request.validate_only), import_messages.batch(request, total)
            answer = partial(import_messages.answer, request)
            done = await self._db.write(importing.import_users, caller(), batch, answer, claim(command))
            import_messages.add(done, total)
        return total.SerializeToString()

    async def ExportUserData(self, request: pb.ExportUserDataRequest) -> AsyncIterator[pb.ExportUserDataResponse]:
        async for row in exporting.export_user_data(self._db, caller(), convert.key(request)):
            yield personal_messages.line(row)

    async def EraseUser(self, request: pb.EraseUserRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(erasing.erase_user, caller(), target, personal_messages.counts, claim(target))

    async def ListAuditEvents(self, request: pb.ListAuditEventsRequest) -> bytes:
        query = audit_messages.query(request, self._tokens)
        encode = partial(audit_messages.page, query, self._tokens)
        return await self._db.read(auditing.list_audit_events, caller(), query, encode)
