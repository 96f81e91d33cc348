"""Table `users`: the accounts."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from persistence.models.base import (
    Authored,
    Base,
    SoftlyDeleted,
    Versioned,
    bounded_bytes,
    bounded_text,
    deletion_is_whole,
    timestamp,
)
from persistence.types import ACCESS_SCOPES, FixedSet, PlainArray

if TYPE_CHECKING:
    from persistence.models.projects import ProjectRow
    from persistence.models.tags import TagRow
    from persistence.models.tasks import TaskRow

USER_ROLES = ("USER", "SERVICE", "ADMIN")
USER_STATES = ("ACTIVE", "SUSPENDED")
LIVING = text("deleted_at IS NULL")
DELETED = text("deleted_at IS NOT NULL")
CERTIFIED = text("deleted_at IS NULL AND certificate_uris <> '{}'")


class UserRow(Versioned, SoftlyDeleted, Authored, Base):
    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, comment="The user's id, part of its name")
    email: Mapped[str | None] = bounded_text("email", 3, 254, "Mail address as it was given", nullable=True)
    email_key: Mapped[str | None] = bounded_text(
        "email_key", 3, 1024, "Mail address without case (NFKC, casefold); unique among the living", nullable=True
    )
    username: Mapped[str] = bounded_text("username", 1, 63, "User name as it was given")
    username_key: Mapped[str] = bounded_text(
        "username_key", 1, 63, "User name without case (NFKC, casefold); unique among the living"
    )
    display_name: Mapped[str] = bounded_text("display_name", 0, 200, "Name shown to people; may be empty")
    time_zone: Mapped[str] = bounded_text("time_zone", 1, 64, "IANA time zone, such as Europe/Berlin")
    role: Mapped[str] = mapped_column(FixedSet(*USER_ROLES, name="user_role"), comment="What kind of account it is")
    state: Mapped[str] = mapped_column(
        FixedSet(*USER_STATES, name="user_state"),
        server_default=text("'ACTIVE'"),
        comment="Whether the account may call; one that is suspended may not",
    )
    phone_number: Mapped[bytes | None] = bounded_bytes(
        "phone_number", 33, 96, "Telephone number, encrypted for this row", nullable=True
    )
    scopes: Mapped[list[str]] = mapped_column(
        PlainArray(FixedSet(*ACCESS_SCOPES, name="access_scope")),
        CheckConstraint("cardinality(scopes) <= 4 AND array_position(scopes, NULL) IS NULL", name="scopes_size"),
        server_default=text("'{}'"),
        comment="What a service may do",
    )
    certificate_uris: Mapped[list[str]] = mapped_column(
        PlainArray(Text(collation="C")),
        CheckConstraint(
            "cardinality(certificate_uris) <= 10 AND array_position(certificate_uris, NULL) IS NULL"
            " AND octet_length(array_to_string(certificate_uris, '')) <= 20480",
            name="certificate_uris_size",
        ),
        server_default=text("'{}'"),
        comment="URIs of the client certificates that a service calls with",
    )
    erased_at: Mapped[datetime | None] = timestamp(
        "erased_at", "When its data was erased: it is not undeleted any more; NULL as a rule"
    )
    annotations: Mapped[dict[str, str]] = mapped_column(
        JSONB,
        CheckConstraint("jsonb_typeof(annotations) = 'object'", name="annotations_object"),
        CheckConstraint("octet_length(annotations::text) <= 131072", name="annotations_size"),
        server_default=text("'{}'::jsonb"),
        comment="Free key and value pairs of the clients; validated by the schema",
    )

    tasks: Mapped[list["TaskRow"]] = relationship(back_populates="owner", lazy="raise", passive_deletes="all")
    projects: Mapped[list["ProjectRow"]] = relationship(back_populates="owner", lazy="raise", passive_deletes="all")
    tags: Mapped[list["TagRow"]] = relationship(back_populates="owner", lazy="raise", passive_deletes="all")

    __table_args__ = (
        CheckConstraint("role = 'SERVICE' OR email IS NOT NULL", name="person_has_email"),
        CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email_has_key"),
        CheckConstraint("role = 'SERVICE' OR scopes = '{}'", name="scopes_of_services"),
        CheckConstraint("role = 'SERVICE' OR certificate_uris = '{}'", name="certificate_uris_of_services"),
        CheckConstraint("erased_at IS NULL OR deleted_at IS NOT NULL", name="erased_is_deleted"),
        deletion_is_whole(),
        Index("uq_users_email_key", "email_key", unique=True, postgresql_where=LIVING),
        Index("uq_users_username_key", "username_key", unique=True, postgresql_where=LIVING),
        Index("ix_users_id_living", "id", postgresql_where=LIVING),
        Index("ix_users_purge_at", "purge_at", postgresql_where=DELETED),
        Index("ix_users_certificate_uris", "certificate_uris", postgresql_using="gin", postgresql_where=CERTIFIED),
        {"comment": "The accounts: people, services and administrators"},
    )
