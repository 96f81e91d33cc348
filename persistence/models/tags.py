"""Table `tags`: how the tags of one user are shown; which task has which stands in `tasks.tags`."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models.base import Authored, Base, Versioned, bounded_text, color

if TYPE_CHECKING:
    from persistence.models.users import UserRow


class TagRow(Versioned, Authored, Base):
    __tablename__ = "tags"

    owner_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True, comment="The user whose tag it is"
    )
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, comment="The tag's id, unique below its owner")
    key: Mapped[str] = bounded_text(
        "key", 1, 60, "The tag without case (NFKC, casefold) and without white space to spare; unique below its owner"
    )
    display_name: Mapped[str] = bounded_text("display_name", 1, 60, "Name shown to people, as it was given")
    color: Mapped[str] = color("Colour it is shown in")

    owner: Mapped["UserRow"] = relationship(back_populates="tags", lazy="raise")

    __table_args__ = (
        Index("uq_tags_owner_id_key", "owner_id", "key", unique=True),
        {"comment": "Names and colours of tags; made when a task first has the tag"},
    )
