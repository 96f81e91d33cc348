"""Table `sign_in_attempts`: how often a password was tried, by account, by source, and by both together."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, bounded_bytes, timestamp


class SignInAttemptRow(Base):
    __tablename__ = "sign_in_attempts"

    key: Mapped[bytes] = bounded_bytes(
        "key", 32, 32, "Keyed hash of what was typed as the account, of the source, or of both", primary_key=True
    )
    failures: Mapped[int] = mapped_column(
        BigInteger,
        CheckConstraint("failures BETWEEN 0 AND 1000000", name="failures_range"),
        comment="Attempts that were counted since the last success",
    )
    blocked_until: Mapped[datetime] = timestamp(
        "blocked_until", "Until when no attempt is counted and none verified", required=True
    )
    known_until: Mapped[datetime | None] = timestamp(
        "known_until", "Until when this source has an allowance of its own for this account"
    )
    expire_at: Mapped[datetime] = timestamp("expire_at", "When the row may be forgotten", required=True)

    __table_args__ = (
        Index("ix_sign_in_attempts_expire_at", "expire_at"),
        {"comment": "How often passwords were tried; no row says for whom"},
    )
