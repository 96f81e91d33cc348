"""Table `tasks`: each belongs to one user and is keyed by it (database.md, R1)."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models.base import Authored, Base, SoftlyDeleted, Versioned, bounded_text, deletion_is_whole, timestamp
from persistence.types import FixedSet

if TYPE_CHECKING:
    from persistence.models.users import UserRow

TASK_STATES = ("OPEN", "IN_PROGRESS", "COMPLETED", "CANCELLED")
TASK_PRIORITIES = ("LOW", "MEDIUM", "HIGH", "URGENT")
# It holds of every row, and a query has to say it to go through an index of this condition. Else PostgreSQL would look
# for the newest tasks of one large owner among everybody's: a scan of them all where that owner has no new ones.
ACROSS_OWNERS = text("version >= 1")
LIVING_ACROSS_OWNERS = text("deleted_at IS NULL AND version >= 1")


class TaskRow(Versioned, SoftlyDeleted, Authored, Base):
    __tablename__ = "tasks"

    owner_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True, comment="The user who does the task"
    )
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, comment="The task's id, unique below its owner")
    title: Mapped[str] = bounded_text("title", 1, 200, "One line that says what is to do")
    description: Mapped[str] = bounded_text("description", 0, 10_000, "The details; may be empty")
    state: Mapped[str] = mapped_column(
        FixedSet(*TASK_STATES, name="task_state"), server_default=text("'OPEN'"), comment="How far the task is"
    )
    priority: Mapped[str] = mapped_column(
        FixedSet(*TASK_PRIORITIES, name="task_priority"), comment="How much it matters"
    )
    due_at: Mapped[datetime | None] = timestamp("due_at", "When it should be done")
    start_at: Mapped[datetime | None] = timestamp("start_at", "When it was started; cleared when reopened")
    complete_at: Mapped[datetime | None] = timestamp("complete_at", "When it was completed; cleared when reopened")

    owner: Mapped["UserRow"] = relationship(back_populates="tasks", lazy="raise")

    __table_args__ = (
        CheckConstraint("(state = 'COMPLETED') = (complete_at IS NOT NULL)", name="complete_at_state"),
        CheckConstraint("state <> 'OPEN' OR start_at IS NULL", name="start_at_state"),
        deletion_is_whole(),
        Index("ix_tasks_owner_id_id_living", "owner_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_tasks_id_owner_id", "id", "owner_id", postgresql_where=ACROSS_OWNERS),
        Index("ix_tasks_id_owner_id_living", "id", "owner_id", postgresql_where=LIVING_ACROSS_OWNERS),
        Index("ix_tasks_purge_at", "purge_at", postgresql_where=text("deleted_at IS NOT NULL")),
        {"comment": "What is to do, by whom, and how far it is"},
    )
