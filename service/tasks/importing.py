"""Tasks created in great number, each message of the stream in one transaction (ImportTasks)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from persistence.errors import SerializationLost, UniqueViolation
from persistence.unit_of_work import UnitOfWork
from service.errors import InvalidArgument, ServiceError
from service.fields import Command, OptionalInstant
from service.identifiers import new_id
from service.identity import Caller
from service.names import TaskId
from service.tasks.placing import Placement, place
from service.tasks.refusals import no_parent, owner_deleted, parent_not_found, why_no_owner
from service.tasks.schemas import State, TaskDraft
from service.tasks.usecases import placement, taken

FAILURES = 1000  # named in one answer
NOW: Literal["now"] = "now"  # as PostgreSQL reads it: the moment when the transaction began


class ImportedTask(TaskDraft):
    """A task to import, of whatever state. `place`: where it stands in its message, from 1; `line`: in a file, or 0."""

    parent: UUID
    place: int
    line: int
    state: State
    start_time: OptionalInstant = None
    complete_time: OptionalInstant = None

    def columns(self) -> dict[str, object]:
        """Written out, since there are so many: of each row all of them."""
        completed: datetime | str | None = self.complete_time
        if completed is None and self.state == "COMPLETED":
            completed = NOW
        return {
            "title": self.title,
            "description": self.description,
            "priority": self.priority,
            "due_at": self.due_time,
            "tags": [word.key for word in self.tags],
            "project_id": None if self.project is None else self.project.id,
            "parent_id": None if self.parent_task is None else self.parent_task.id,
            "metadata": self.metadata,
            "state": self.state,
            "start_at": self.start_time,
            "complete_at": completed,
        }


@dataclass(frozen=True, slots=True)
class ImportFailure:
    """A row that is not imported. `line` is 0 where the caller named none: then `place` tells which it is."""

    place: int
    line: int
    reason: str
    field: str
    message: str


class ImportBatch(Command):
    """One message: the rows that keep the rules, and those that do not. `digest`, of all of them, stands for them."""

    parent: UUID
    digest: str
    rows: tuple[ImportedTask, ...] = Field(exclude=True)
    failures: tuple[ImportFailure, ...] = Field(exclude=True)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the rows of one message, or of a stream so far."""

    created: int = 0
    failed: int = 0
    failures: tuple[ImportFailure, ...] = ()
    replayed: int = 0

    @property
    def seen(self) -> int:
        return self.created + self.failed

    def plus(self, more: "Imported") -> "Imported":
        """`more` comes behind: the places of its failures are counted from the beginning of the stream."""
        room = FAILURES - len(self.failures)
        later = tuple(replace(failure, place=self.seen + failure.place) for failure in more.failures[:room])
        created, failed = self.created + more.created, self.failed + more.failed
        return Imported(created, failed, self.failures + later, self.replayed + more.replayed)


Accepted = Mapping[UUID, ImportedTask]  # by the id that each is to have
Faults = dict[UUID, ServiceError]


def failure(place: int, line: int, fault: ServiceError) -> ImportFailure:
    first = fault.violations[0] if fault.violations else None
    told = f"{first.field} {first.description}." if first and type(fault) is InvalidArgument else fault.message
    return ImportFailure(place, line, fault.reason, first.field if first else "", told)


async def import_tasks(uow: UnitOfWork, caller: Caller, batch: ImportBatch) -> Imported:
    """Creates what it can, in as many statements for 500 rows as for one. Raises ParentNotFound, OwnerDeleted."""
    accepted, refused = _with_ids(batch, await _ids_taken(uow, batch))
    faults = await _misplaced(uow, caller, batch.parent, accepted)
    refused += [failure(accepted[id_].place, accepted[id_].line, fault) for id_, fault in faults.items()]
    kept = {id_: row for id_, row in accepted.items() if id_ not in faults}
    if kept:
        await _add(uow, caller, batch.parent, kept)
    else:
        await _require_owner(uow, batch.parent)
    failures = sorted([*batch.failures, *refused], key=lambda found: found.place)
    return Imported(len(kept), len(failures), tuple(failures))


async def _ids_taken(uow: UnitOfWork, batch: ImportBatch) -> set[UUID]:
    chosen = [row.task_id for row in batch.rows if row.task_id is not None]
    return {*await uow.tasks.get_many(batch.parent, chosen)} if chosen else set()


def _with_ids(batch: ImportBatch, ids_taken: set[UUID]) -> tuple[Accepted, list[ImportFailure]]:
    accepted: dict[UUID, ImportedTask] = {}
    refused = []
    for row in batch.rows:
        id_ = row.task_id or new_id()
        if id_ in ids_taken or id_ in accepted:
            refused.append(_is_taken(row, TaskId(batch.parent, id_)))
        else:
            accepted[id_] = row
    return accepted, refused


def _is_taken(row: ImportedTask, key: TaskId) -> ImportFailure:
    refusal = taken(key)
    return ImportFailure(row.place, row.line, refusal.reason, "task_id", refusal.message)


async def _misplaced(uow: UnitOfWork, caller: Caller, owner_id: UUID, accepted: Accepted) -> Faults:
    """What names a project or a parent that is not there for it, and what is below such a row in the message."""
    if not any(row.project or row.parent_task for row in accepted.values()):
        return {}
    placements = [replace(placement(row, id_, row.state), tags=()) for id_, row in accepted.items()]
    wrong = await place(uow, caller, owner_id, placements)
    faults = {placements[index].task_id: fault for index, fault in wrong.items()}
    return {**faults, **_below(faults, placements, owner_id)}


def _below(faults: Mapping[UUID, ServiceError], placements: Sequence[Placement], owner_id: UUID) -> Faults:
    gone: Faults = {}
    parents = {p.task_id: p.parent_id for p in placements if p.parent_id is not None and p.task_id not in faults}
    while found := [id_ for id_, parent in parents.items() if parent in faults or parent in gone]:
        gone |= {id_: no_parent(TaskId(owner_id, parents.pop(id_))) for id_ in found}
    return gone


async def _add(uow: UnitOfWork, caller: Caller, owner_id: UUID, kept: Accepted) -> None:
    # The tags of refused rows are nobody's.
    tagged = [Placement(id_, None, None, row.tags) for id_, row in kept.items() if row.tags]
    await place(uow, caller, owner_id, tagged)
    try:
        made = await uow.task_batches.import_many(
            owner_id, caller.id, [{"id": id_, **row.columns()} for id_, row in kept.items()]
        )
    except UniqueViolation as violation:
        raise SerializationLost("another call took an id meanwhile") from violation  # the unit runs again and sees it
    if not made:
        raise await why_no_owner(uow, owner_id)


async def _require_owner(uow: UnitOfWork, owner_id: UUID) -> None:
    owner = await uow.users.get(owner_id)
    if owner is None:
        raise parent_not_found(owner_id)
    if owner.deleted_at is not None:
        raise owner_deleted(owner_id)
