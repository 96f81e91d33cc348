"""Table `requests`: the outcomes of mutations by their request id (AIP-155)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, bounded_text, timestamp
from persistence.types import PlainArray

OWNED = text("owner_ids <> '{}'")  # a claim whose answer is not stored yet costs the index nothing


class RequestRow(Base):
    __tablename__ = "requests"

    caller_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, comment="Id of the account that called")
    request_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, comment="The id that the caller chose")
    method: Mapped[str] = bounded_text("method", 1, 200, "Full name of the method that was called")
    fingerprint: Mapped[bytes] = mapped_column(
        LargeBinary,
        CheckConstraint("octet_length(fingerprint) = 32", name="fingerprint_length"),
        comment="HMAC-SHA-256, by a key of the service, of the method and the command as canonical JSON",
    )
    answer: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        CheckConstraint("octet_length(answer) <= 4194304", name="answer_length"),
        comment="The encoded answer, encrypted; NULL only inside the transaction that works",
    )
    owner_ids: Mapped[list[UUID]] = mapped_column(
        PlainArray(Uuid),
        CheckConstraint(
            "cardinality(owner_ids) <= 100 AND array_position(owner_ids, NULL) IS NULL", name="owner_ids_size"
        ),
        server_default=text("'{}'"),
        comment="Ids of the accounts whose rows the call wrote: the answer goes when one of them is erased",
    )
    created_at: Mapped[datetime] = timestamp("created_at", "When the id was claimed", default=True)

    __table_args__ = (
        Index("ix_requests_created_at", "created_at", postgresql_using="brin", postgresql_with={"autosummarize": True}),
        Index("ix_requests_owner_ids", "owner_ids", postgresql_using="gin", postgresql_where=OWNED),
        {"comment": "Outcomes of mutations by request id, kept for 24 hours"},
    )
