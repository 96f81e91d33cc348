"""Table `projects`: what groups the tasks of one user, each task in one project at most."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models.base import Authored, Base, SoftlyDeleted, Versioned, bounded_text, color, deletion_is_whole

if TYPE_CHECKING:
    from persistence.models.tasks import TaskRow
    from persistence.models.users import UserRow


class ProjectRow(Versioned, SoftlyDeleted, Authored, Base):
    __tablename__ = "projects"

    owner_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True, comment="The user whose project it is"
    )
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, comment="The project's id, unique below its owner")
    display_name: Mapped[str] = bounded_text("display_name", 1, 200, "Name shown to people")
    description: Mapped[str] = bounded_text("description", 0, 10_000, "What it is about; may be empty")
    color: Mapped[str] = color("Colour it is shown in")
    archived: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), comment="Whether it is put away; its tasks stay as they are"
    )

    owner: Mapped["UserRow"] = relationship(back_populates="projects", lazy="raise")
    tasks: Mapped[list["TaskRow"]] = relationship(back_populates="project", lazy="raise", viewonly=True)

    __table_args__ = (
        deletion_is_whole(),
        Index("ix_projects_owner_id_id_living", "owner_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_projects_purge_at", "purge_at", postgresql_where=text("deleted_at IS NOT NULL")),
        {"comment": "Groups of tasks of one owner"},
    )
