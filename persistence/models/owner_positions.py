"""Table `owner_positions`: one row for each user that owns something, which units that check several rows lock."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base


class OwnerPositionRow(Base):
    __tablename__ = "owner_positions"

    owner_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True, comment="The user whose tasks it guards"
    )
    position: Mapped[int] = mapped_column(
        BigInteger,
        CheckConstraint("position >= 0", name="position_range"),
        server_default=text("0"),
        comment="Number of the owner's last change",
    )

    __table_args__ = ({"comment": "A row of each owner to lock where one statement cannot check all that must hold"},)
