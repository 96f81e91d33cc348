"""Table `sessions`: who is signed in, and the one refresh token that goes on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, bounded_bytes, bounded_text, timestamp


class SessionRow(Base):
    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, comment="The session's id, part of its name")
    user_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", ondelete="CASCADE"), comment="The account that signed in"
    )
    token_hash: Mapped[bytes] = bounded_bytes("token_hash", 32, 32, "SHA-256 of the newest refresh token's secret")
    parent_hash: Mapped[bytes | None] = bounded_bytes(
        "parent_hash", 32, 32, "SHA-256 of the secret of the token that the newest one came from", nullable=True
    )
    parent_spent: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), comment="Whether the parent was used a second time, which is the last"
    )
    user_agent: Mapped[str] = bounded_text("user_agent", 0, 200, "What the client calls itself")
    peer: Mapped[str] = bounded_text("peer", 0, 64, "The address that the session was last used from")
    created_at: Mapped[datetime] = timestamp("created_at", "When the account signed in", default=True)
    last_use_at: Mapped[datetime] = timestamp("last_use_at", "When it was last used, to about a minute", default=True)
    idle_expire_at: Mapped[datetime] = timestamp(
        "idle_expire_at", "When it ends unless it is refreshed before; never after expire_at", required=True
    )
    expire_at: Mapped[datetime] = timestamp("expire_at", "When it ends in any case", required=True)

    __table_args__ = (
        CheckConstraint("idle_expire_at <= expire_at", name="idle_within_absolute"),
        CheckConstraint("NOT parent_spent OR parent_hash IS NOT NULL", name="spent_parent_exists"),
        Index("ix_sessions_user_id_id", "user_id", "id"),
        Index("ix_sessions_idle_expire_at", "idle_expire_at"),
        {"comment": "Who is signed in, from where, and until when"},
    )
