"""taxiway.v1.TaskService: decode, run, encode."""

from collections.abc import AsyncIterator
from functools import partial

from persistence.database import Database
from service.idempotency import claim
from service.identity import caller
from service.pagination import PageTokens
from service.tasks import (
    batch_answers,
    batch_deleting,
    batch_messages,
    batch_updating,
    batches,
    convert,
    deleting,
    drafts,
    export_messages,
    exporting,
    import_stream,
    page_messages,
    search_messages,
    searching,
    states,
    tag_messages,
    tags,
    usecases,
)
from taxiway.v1 import task_service_pb2 as pb


class TaskServicer:
    """Each method takes the parsed request and answers encoded bytes; errors leave as exceptions."""

    def __init__(self, db: Database, tokens: PageTokens) -> None:
        self._db = db
        self._tokens = tokens

    async def CreateTask(self, request: pb.CreateTaskRequest) -> bytes:
        draft = drafts.draft(request)
        encode = partial(convert.created, draft)
        return await self._db.write(usecases.create_task, caller(), draft, encode, claim(draft))

    async def GetTask(self, request: pb.GetTaskRequest) -> bytes:
        return await self._db.read(usecases.get_task, caller(), convert.key(request), convert.task)

    async def ListTasks(self, request: pb.ListTasksRequest) -> bytes:
        query = page_messages.query(request, self._tokens)
        encode = partial(page_messages.page, query, self._tokens)
        return await self._db.read(usecases.list_tasks, caller(), query, encode)

    async def UpdateTask(self, request: pb.UpdateTaskRequest) -> bytes:
        patch = drafts.patch(request)
        return await self._db.write(usecases.update_task, caller(), patch, convert.task, claim(patch))

    async def DeleteTask(self, request: pb.DeleteTaskRequest) -> bytes:
        deletion = convert.deletion(request)
        return await self._db.write(deleting.delete_task, caller(), deletion, convert.task_or_name, claim(deletion))

    async def UndeleteTask(self, request: pb.UndeleteTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(deleting.undelete_task, caller(), target, convert.task, claim(target))

    async def StartTask(self, request: pb.StartTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(states.start_task, caller(), target, convert.task, claim(target))

    async def CompleteTask(self, request: pb.CompleteTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(states.complete_task, caller(), target, convert.task, claim(target))

    async def CancelTask(self, request: pb.CancelTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(states.cancel_task, caller(), target, convert.task, claim(target))

    async def ReopenTask(self, request: pb.ReopenTaskRequest) -> bytes:
        target = convert.target(request)
        return await self._db.write(states.reopen_task, caller(), target, convert.task, claim(target))

    async def ImportTasks(self, requests: AsyncIterator[pb.ImportTasksRequest]) -> bytes:
        return await import_stream.import_stream(self._db, caller(), requests)

    async def ExportTasks(self, request: pb.ExportTasksRequest) -> AsyncIterator[pb.ExportTasksResponse]:
        async for tasks in exporting.export_tasks(self._db, caller(), export_messages.query(request)):
            for message in export_messages.messages(tasks):
                yield message

    async def BatchGetTasks(self, request: pb.BatchGetTasksRequest) -> bytes:
        keys = batch_messages.keys(request)
        return await self._db.read(usecases.batch_get_tasks, caller(), keys, batch_answers.found)

    async def BatchCreateTasks(self, request: pb.BatchCreateTasksRequest) -> bytes:
        batch = await batch_messages.drafts_of(request)
        encode = partial(batch_answers.created, batch)
        return await self._db.write(batches.batch_create_tasks, caller(), batch, encode, claim(batch))

    async def BatchUpdateTasks(self, request: pb.BatchUpdateTasksRequest) -> bytes:
        batch = await batch_messages.patches_of(request)
        write = self._db.write
        return await write(batch_updating.batch_update_tasks, caller(), batch, batch_answers.updated, claim(batch))

    async def BatchDeleteTasks(self, request: pb.BatchDeleteTasksRequest) -> bytes:
        batch = await batch_messages.deletions_of(request)
        write = self._db.write
        return await write(batch_deleting.batch_delete_tasks, caller(), batch, batch_answers.deleted, claim(batch))

    async def SearchTasks(self, request: pb.SearchTasksRequest) -> bytes:
        search = search_messages.search(request, self._tokens)
        encode = partial(search_messages.results, search, self._tokens)
        return await self._db.read(searching.search_tasks, caller(), search, encode)

    async def ListTags(self, request: pb.ListTagsRequest) -> bytes:
        query = tag_messages.query(request, self._tokens)
        encode = partial(tag_messages.page, query, self._tokens)
        return await self._db.read(tags.list_tags, caller(), query, encode)

    async def UpdateTag(self, request: pb.UpdateTagRequest) -> bytes:
        patch = tag_messages.patch(request)
        return await self._db.write(tags.update_tag, caller(), patch, tag_messages.tag, claim(patch))

    async def DeleteTag(self, request: pb.DeleteTagRequest) -> bytes:
        deletion = tag_messages.deletion(request)
        return await self._db.write(tags.delete_tag, caller(), deletion, tag_messages.nothing, claim(deletion))
