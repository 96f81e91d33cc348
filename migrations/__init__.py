"""The history of the schema: numbered revisions, and the commands that apply them."""

from pathlib import Path

VERSIONS = Path(__file__).parent / "versions"


def head(versions: Path = VERSIONS) -> str:
    """The number of the newest revision, four digits, read from the names of the files without importing Alembic."""
    return max(path.name[:4] for path in versions.glob("[0-9][0-9][0-9][0-9]_*.py"))
