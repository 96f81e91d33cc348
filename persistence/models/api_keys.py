"""Table `api_keys`: secrets that programs call with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, bounded_bytes, bounded_text, timestamp
from persistence.types import ACCESS_SCOPES, FixedSet, PlainArray


class ApiKeyRow(Base):
    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, comment="The key's id, part of its name and of its text")
    user_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", ondelete="CASCADE"), comment="The account that calls with it"
    )
    display_name: Mapped[str] = bounded_text("display_name", 0, 200, "What it is for; may be empty")
    token_hash: Mapped[bytes] = bounded_bytes("token_hash", 32, 32, "SHA-256 of the key's secret")
    scopes: Mapped[list[str]] = mapped_column(
        PlainArray(FixedSet(*ACCESS_SCOPES, name="access_scope")),
        CheckConstraint("cardinality(scopes) <= 4 AND array_position(scopes, NULL) IS NULL", name="scopes_size"),
        comment="What a service may do with it",
    )
    created_at: Mapped[datetime] = timestamp("created_at", "When the key was made", default=True)
    created_by: Mapped[UUID] = mapped_column(Uuid, comment="Id of the account that made the key")
    last_use_at: Mapped[datetime | None] = timestamp("last_use_at", "When it was last used, to about a minute")
    expire_at: Mapped[datetime | None] = timestamp("expire_at", "When it ends; NULL: never by itself")

    __table_args__ = (
        Index("ix_api_keys_user_id_id", "user_id", "id"),
        Index("ix_api_keys_expire_at", "expire_at", postgresql_where=text("expire_at IS NOT NULL")),
        {"comment": "Secrets that programs call with, each with its scopes and its end"},
    )
