"""Table `access_changes`: whose rights changed of late, so that every worker drops what it remembers of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, timestamp


class AccessChangeRow(Base):
    __tablename__ = "access_changes"

    id: Mapped[int] = mapped_column(
        BigInteger,
        Identity(always=True),
        CheckConstraint("id BETWEEN 1 AND 9223372036854775807", name="id_range"),
        primary_key=True,
        comment="A number; it says nothing about the order of commits",
    )
    user_id: Mapped[UUID | None] = mapped_column(
        Uuid, comment="Whose account, sessions or API keys changed; NULL: the signing keys did"
    )
    created_at: Mapped[datetime] = timestamp(
        "created_at", "When it changed: set by a trigger, as late as the commit allows", default=True
    )

    __table_args__ = (
        Index("ix_access_changes_created_at", "created_at"),
        {"comment": "Whose rights changed of late; written by triggers, read by every worker four times a second"},
    )
