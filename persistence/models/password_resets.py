"""Table `password_resets`: the one token of an account that sets a password, once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, bounded_bytes, timestamp


class PasswordResetRow(Base):
    __tablename__ = "password_resets"

    user_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, comment="Whose password may be set"
    )
    token_hash: Mapped[bytes] = bounded_bytes("token_hash", 32, 32, "SHA-256 of the token's secret")
    expire_at: Mapped[datetime] = timestamp("expire_at", "Until when the token sets a password", required=True)
    created_at: Mapped[datetime] = timestamp("created_at", "When the token was made", default=True)
    created_by: Mapped[UUID] = mapped_column(Uuid, comment="Id of the account that asked for the token")

    __table_args__ = (
        Index("ix_password_resets_expire_at", "expire_at"),
        {"comment": "One-time tokens that set a password; a new one takes the place of the old one"},
    )
