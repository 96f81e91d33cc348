"""taxiway.v1.TaskService: decode, run, encode."""

from functools import partial

from persistence.database import Database
from service.idempotency import claim
from service.identity import caller
from service.pagination import PageTokens
from service.tasks import convert, usecases
from taxiway.v1 import task_service_pb2 as pb


class TaskServicer:
    """Each method takes the parsed request and answers encoded bytes; errors leave as exceptions."""

    def __init__(self, db: Database, tokens: PageTokens) -> None:
        self._db = db
        self._tokens = tokens

    async def CreateTask(self, request: pb.CreateTaskRequest) -> bytes:
        draft = convert.draft(request)
        return await self._db.write(usecases.create_task, caller(), draft, convert.task, claim(draft))

    async def GetTask(self, request: pb.GetTaskRequest) -> bytes:
        return await self._db.read(usecases.get_task, caller(), convert.key(request), convert.task)

    async def ListTasks(self, request: pb.ListTasksRequest) -> bytes:
        query = convert.query(request, self._tokens)
        return await self._db.read(usecases.list_tasks, caller(), query, partial(convert.page, query, self._tokens))

    async def UpdateTask(self, request: pb.UpdateTaskRequest) -> bytes:
        patch = convert.patch(request)
        return await self._db.write(usecases.update_task, caller(), patch, convert.task, claim(patch))

    async def DeleteTask(self, request: pb.DeleteTaskRequest) -> bytes:
        deletion = convert.deletion(request)
        return await self._db.write(usecases.delete_task, caller(), deletion, convert.task_or_name, claim(deletion))

    async def UndeleteTask(self, request: pb.UndeleteTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(usecases.undelete_task, caller(), target, convert.task, claim(target))

    async def StartTask(self, request: pb.StartTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(usecases.start_task, caller(), target, convert.task, claim(target))

    async def CompleteTask(self, request: pb.CompleteTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(usecases.complete_task, caller(), target, convert.task, claim(target))

    async def CancelTask(self, request: pb.CancelTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(usecases.cancel_task, caller(), target, convert.task, claim(target))

    async def ReopenTask(self, request: pb.ReopenTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(usecases.reopen_task, caller(), target, convert.task, claim(target))
