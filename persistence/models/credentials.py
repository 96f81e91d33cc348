"""Table `credentials`: the password of an account, apart from the account (database.md, R12)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, bounded_text, timestamp


class CredentialRow(Base):
    __tablename__ = "credentials"

    user_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, comment="Whose password it is"
    )
    password_hash: Mapped[str] = bounded_text(
        "password_hash", 1, 512, "argon2id with its parameters and salt; another kind only after an import"
    )
    created_at: Mapped[datetime] = timestamp("created_at", "When the account got its first password", default=True)
    updated_at: Mapped[datetime] = timestamp("updated_at", "When the hash was last written", default=True)

    __table_args__ = ({"comment": "Passwords of accounts, hashed"},)
