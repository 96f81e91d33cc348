"""Table `audit_log`: what was done to accounts and access, by whom, and what was refused; ids only, never changed."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, bounded_text, timestamp
from persistence.types import FixedSet

AuditEvent = Literal[
    "SIGN_IN",
    "SIGN_IN_FAILED",
    "SIGN_OUT",
    "SESSION_REVOKED",
    "REFRESH_TOKEN_REUSED",
    "PASSWORD_CHANGED",
    "PASSWORD_SET",
    "PASSWORD_RESET_CREATED",
    "AUTHENTICATION_FAILED",
    "PERMISSION_DENIED",
    "USER_CREATED",
    "USER_UPDATED",
    "USER_ROLE_CHANGED",
    "USER_SUSPENDED",
    "USER_REACTIVATED",
    "USER_DELETED",
    "USER_UNDELETED",
    "USER_IMPORTED",
    "USER_EXPORTED",
    "USER_ERASED",
    "API_KEY_CREATED",
    "API_KEY_REVOKED",
    "SIGNING_KEYS_ROTATED",
    "ADMINISTRATOR_CREATED",
    "TOKEN_MINTED",
    "SECRET_KEYS_ROTATED",
    "USER_PURGED",
]
AUDIT_EVENTS: tuple[AuditEvent, ...] = get_args(AuditEvent)


class AuditLogRow(Base):
    __tablename__ = "audit_log"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, comment="Version 7, made by the database's clock")
    created_at: Mapped[datetime] = timestamp("created_at", "When it happened, or happened first", default=True)
    event: Mapped[str] = mapped_column(FixedSet(*AUDIT_EVENTS, name="audit_event"), comment="What happened")
    actor_id: Mapped[UUID | None] = mapped_column(Uuid, comment="Who did it; NULL where nobody is known")
    subject_id: Mapped[UUID | None] = mapped_column(Uuid, comment="The account that it was done to")
    object_id: Mapped[UUID | None] = mapped_column(Uuid, comment="The session, key or other thing that it was about")
    method: Mapped[str] = bounded_text("method", 0, 200, "Full name of the method; empty at the command line")
    reason: Mapped[str] = bounded_text("reason", 0, 64, "Why it was refused, in one word; empty where it was not")
    occurrences: Mapped[int] = mapped_column(
        BigInteger,
        CheckConstraint("occurrences BETWEEN 1 AND 2147483647", name="occurrences_range"),
        server_default=text("1"),
        comment="How often it happened; refusals of one kind are gathered",
    )

    __table_args__ = (
        Index("ix_audit_log_created_at", "created_at", postgresql_using="brin"),
        Index("ix_audit_log_subject_id_id", "subject_id", "id"),
        Index("ix_audit_log_actor_id_id", "actor_id", "id"),
        {"comment": "What happened to accounts and access; append-only for 365 days"},
    )
