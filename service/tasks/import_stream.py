"""One stream of ImportTasks: messages of rows, each imported by itself, and at last the count of them all."""

from collections.abc import AsyncIterator
from uuid import UUID

from persistence.database import Database, Replayed
from service import limits
from service.errors import InvalidArgument, Violation, invalid
from service.idempotency import claim
from service.identity import Caller
from service.tasks import import_messages
from service.tasks.importing import Imported, import_tasks
from taxiway.v1 import task_service_pb2 as pb


async def import_stream(db: Database, caller: Caller, requests: AsyncIterator[pb.ImportTasksRequest]) -> bytes:
    """The encoded answer. Raises InvalidArgument where the stream breaks a rule; what came before is imported."""
    stream = _Stream()
    async for request in requests:
        if stream.accept(request):
            batch = await import_messages.batch(request)
            done = await db.write(import_tasks, caller, batch, import_messages.answer, claim(batch))
            stream.imported = stream.imported.plus(import_messages.read(done, replayed=isinstance(done, Replayed)))
    return stream.end().SerializeToString()


class _Stream:
    """What came so far."""

    def __init__(self) -> None:
        self.imported = Imported()
        self._parent: UUID | None = None
        self._counted = False

    def accept(self, request: pb.ImportTasksRequest) -> bool:
        """Whether it has rows, or is the last message. Raises InvalidArgument."""
        if self._counted:
            raise self._refusal("count", "must be in the last message, and another one came")
        self._check_parent(import_messages.parent(request))
        self._counted = bool(request.count)
        if self._counted:
            self._check_count(request)
        elif not 1 <= len(request.tasks) <= limits.BATCH_ITEMS:
            rule = f"must have 1 to {limits.BATCH_ITEMS} items, not {len(request.tasks)}, but in the last message"
            raise self._refusal("tasks", rule)
        return not self._counted

    def _check_parent(self, parent: UUID) -> None:
        if self._parent not in (None, parent):
            raise self._refusal("parent", "must be the same in every message")
        self._parent = parent

    def _check_count(self, request: pb.ImportTasksRequest) -> None:
        if request.tasks:
            raise self._refusal("tasks", "must be empty in the message that has the count")
        if request.count != self.imported.seen:
            raise self._refusal("count", f"must be {self.imported.seen}, as many rows came, not {request.count}")

    def end(self) -> pb.ImportTasksResponse:
        """The answer. Raises InvalidArgument where the count has not come."""
        if not self._counted:
            raise self._refusal("count", "must come in a last message: the stream was perhaps cut off")
        return import_messages.whole(self.imported)

    def _refusal(self, field: str, rule: str) -> InvalidArgument:
        done = f"{self.imported.created} tasks are imported already, {self.imported.failed} rows were refused"
        return invalid([Violation(field, f"{rule} ({done})")])
