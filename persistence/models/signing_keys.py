"""Table `signing_keys`: the Ed25519 keys that sign access tokens, by their thumbprint (RFC 7638)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, bounded_bytes, timestamp
from persistence.types import FixedSet

SIGNING_KEY_STATES = ("NEXT", "CURRENT", "RETIRED")


class SigningKeyRow(Base):
    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(
        Text(collation="C"),
        CheckConstraint("char_length(kid) BETWEEN 43 AND 43", name="kid_length"),
        primary_key=True,
        comment="Thumbprint of the public key in base64url, the `kid` of tokens",
    )
    state: Mapped[str] = mapped_column(
        FixedSet(*SIGNING_KEY_STATES, name="signing_key_state"), comment="Whether it will sign, signs, or has signed"
    )
    public_key: Mapped[bytes] = bounded_bytes("public_key", 32, 32, "The public half, raw")
    private_key: Mapped[bytes] = bounded_bytes("private_key", 33, 512, "The private half, encrypted for this row")
    created_at: Mapped[datetime] = timestamp("created_at", "When the key was made", default=True)
    retired_at: Mapped[datetime | None] = timestamp("retired_at", "When it ceased to sign; NULL before")

    __table_args__ = (
        CheckConstraint("(state = 'RETIRED') = (retired_at IS NOT NULL)", name="retired_at_state"),
        Index("uq_signing_keys_state", "state", unique=True, postgresql_where=text("state <> 'RETIRED'")),
        {"comment": "Keys that sign access tokens: the next one, the current one, and those that still verify"},
    )
