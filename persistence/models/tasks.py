"""Table `tasks`: each belongs to one user and is keyed by it (database.md, R1)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models.base import Authored, Base, SoftlyDeleted, Versioned, bounded_text, deletion_is_whole, timestamp
from persistence.types import FixedSet, PlainArray

if TYPE_CHECKING:
    from persistence.models.projects import ProjectRow
    from persistence.models.users import UserRow

TASK_STATES = ("OPEN", "IN_PROGRESS", "COMPLETED", "CANCELLED")
TASK_PRIORITIES = ("LOW", "MEDIUM", "HIGH", "URGENT")
# It holds of every row, and a query has to say it to go through an index of this condition. Else PostgreSQL would look
# for the newest tasks of one large owner among everybody's: a scan of them all where that owner has no new ones.
ACROSS_OWNERS = text("version >= 1")
LIVING_ACROSS_OWNERS = text("deleted_at IS NULL AND version >= 1")
LIVING = text("deleted_at IS NULL")
DELETED = text("deleted_at IS NOT NULL")
HAS_PARENT = text("parent_id IS NOT NULL")  # few tasks have one, and no query asks for those without
# As PostgreSQL itself writes it, with which it is compared. Titles outweigh descriptions; no language is assumed.
SEARCH = (
    "setweight(to_tsvector('simple'::regconfig, title), 'A'::\"char\")"
    " || setweight(to_tsvector('simple'::regconfig, description), 'B'::\"char\")"
)


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
    project_id: Mapped[UUID | None] = mapped_column(Uuid, comment="The project that it belongs to, of the same owner")
    parent_id: Mapped[UUID | None] = mapped_column(Uuid, comment="The task that it is a part of, of the same owner")
    tags: Mapped[list[str]] = mapped_column(
        PlainArray(Text(collation="C")),
        CheckConstraint(
            "cardinality(tags) <= 50 AND array_position(tags, NULL) IS NULL"
            " AND octet_length(array_to_string(tags, '')) <= 12000",
            name="tags_size",
        ),
        server_default=text("'{}'"),
        comment="Keys of its tags, sorted, each once; what else is known of a tag stands in the table tags",
    )
    metadata_: Mapped[dict[str, Any]] = mapped_column(
        "metadata",  # SQLAlchemy calls something else so in its classes
        JSONB,
        CheckConstraint("jsonb_typeof(metadata) = 'object'", name="metadata_object"),
        CheckConstraint("octet_length(metadata::text) <= 131072", name="metadata_size"),
        server_default=text("'{}'::jsonb"),
        comment="Free data of the clients by key; validated by the schema",
        info={"filterable": True},
    )
    search: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed(SEARCH, persisted=True),
        comment="Words of title and description, for the full-text search; nobody reads it",
    )

    owner: Mapped["UserRow"] = relationship(back_populates="tasks", lazy="raise")
    # To be read only: their keys begin with the owner, which only `owner` may write.
    project: Mapped["ProjectRow | None"] = relationship(back_populates="tasks", lazy="raise", viewonly=True)
    parent: Mapped["TaskRow | None"] = relationship(
        back_populates="children", lazy="raise", viewonly=True, remote_side="[TaskRow.owner_id, TaskRow.id]"
    )
    children: Mapped[list["TaskRow"]] = relationship(back_populates="parent", lazy="raise", viewonly=True)

    __table_args__ = (
        CheckConstraint("(state = 'COMPLETED') = (complete_at IS NOT NULL)", name="complete_at_state"),
        CheckConstraint("state <> 'OPEN' OR start_at IS NULL", name="start_at_state"),
        CheckConstraint("parent_id <> id", name="parent_is_another"),
        deletion_is_whole(),
        ForeignKeyConstraint(["owner_id", "project_id"], ["projects.owner_id", "projects.id"], ondelete="RESTRICT"),
        ForeignKeyConstraint(["owner_id", "parent_id"], ["tasks.owner_id", "tasks.id"], ondelete="RESTRICT"),
        Index("ix_tasks_owner_id_id_living", "owner_id", "id", postgresql_where=LIVING),
        Index("ix_tasks_owner_id_id_deleted", "owner_id", "id", postgresql_where=DELETED),
        Index("ix_tasks_owner_id_state_id_living", "owner_id", "state", "id", postgresql_where=LIVING),
        Index("ix_tasks_owner_id_project_id_id", "owner_id", "project_id", "id"),
        Index("ix_tasks_owner_id_parent_id_id", "owner_id", "parent_id", "id", postgresql_where=HAS_PARENT),
        Index("ix_tasks_owner_id_tags_living", "owner_id", "tags", postgresql_using="gin", postgresql_where=LIVING),
        Index(
            "ix_tasks_owner_id_metadata_living", "owner_id", "metadata", postgresql_using="gin", postgresql_where=LIVING
        ),
        Index("ix_tasks_owner_id_search_living", "owner_id", "search", postgresql_using="gin", postgresql_where=LIVING),
        Index("ix_tasks_id_owner_id", "id", "owner_id", postgresql_where=ACROSS_OWNERS),
        Index("ix_tasks_id_owner_id_living", "id", "owner_id", postgresql_where=LIVING_ACROSS_OWNERS),
        Index("ix_tasks_purge_at", "purge_at", postgresql_where=DELETED),
        {"comment": "What is to do, by whom, and how far it is"},
    )
