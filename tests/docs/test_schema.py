"""docs/schema.md is what the metadata says."""

from __future__ import annotations

import pytest

from docs import generate_schema
from persistence.models import Base


def test_the_document_is_up_to_date() -> None:
    """Where this fails: `python docs/generate_schema.py`."""
    assert generate_schema.DOCUMENT.read_text() == generate_schema.document()


def test_an_index_without_a_reason_is_found_and_so_is_a_reason_without_its_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    indexes = {str(index.name) for table in Base.metadata.sorted_tables for index in table.indexes}
    assert indexes == set(generate_schema.REASONS)
    monkeypatch.delitem(generate_schema.REASONS, "ix_tasks_purge_at")
    with pytest.raises(KeyError, match="ix_tasks_purge_at"):
        generate_schema.document()


@pytest.mark.parametrize("name", Base.metadata.tables)
def test_every_table_has_its_purpose_and_its_place_in_the_diagram(name: str) -> None:
    text = generate_schema.document()
    assert f"\n## {name}\n\n{Base.metadata.tables[name].comment}." in text
    assert f"    {name} {{\n" in text
