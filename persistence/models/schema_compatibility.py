"""Table `schema_compatibility`: one row that says which releases may still run on this schema."""

from sqlalchemy import Boolean, CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, bounded_text


class SchemaCompatibilityRow(Base):
    __tablename__ = "schema_compatibility"

    only_row: Mapped[bool] = mapped_column(
        Boolean,
        CheckConstraint("only_row", name="only_row"),
        primary_key=True,
        server_default=text("true"),
        comment="Always true: the table has one row",
    )
    oldest_release: Mapped[str] = bounded_text(
        "oldest_release", 5, 32, "The oldest release that may run on this schema, raised by contracting migrations"
    )

    __table_args__ = ({"comment": "Which releases of the service may run on this schema"},)
