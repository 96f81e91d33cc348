"""R2, R3, R5, R14, as far as they speak of the classes: names, mixins, relations, and no logic."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy.orm import Mapper, registry

from persistence.models.base import Authored, SoftlyDeleted, Versioned
from tests.persistence.rules.schema import Schema

MIXINS = {
    Versioned: {"created_at", "updated_at", "version"},
    SoftlyDeleted: {"deleted_at", "purge_at"},
    Authored: {"created_by", "updated_by"},
}
ALLOWED_IMPORTS = {"sqlalchemy", "persistence", "datetime", "uuid", "typing", "collections.abc", "__future__"}
# A row may be dated or signed without the rest of the group.
ALONE = {"created_at", "updated_at", "created_by"}
TRIGGER_FUNCTIONS = {"bump_version", "refuse_audit_change", "note_access_change", "note_access_truncated"}


def r2_class_names(models: registry) -> Iterator[str]:
    """PascalCase, singular, with the suffix Row: TaskRow is the class of tasks."""
    for mapper in models.mappers:
        name, table = mapper.class_.__name__, str(mapper.local_table)
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Row")).lower()
        # A table of one row is named after that row.
        plurals = {words if not words.endswith("s") else "", f"{words}s", f"{words.removesuffix('y')}ies"}
        if not re.fullmatch(r"([A-Z][a-z0-9]+)+Row", name) or table not in plurals:
            yield f"{name} is no name for the class of {table}"


def r3_mixins(models: registry) -> Iterator[str]:
    """Columns that come in groups are declared once."""
    for mapper in models.mappers:
        for mixin, names in MIXINS.items():
            found = names & set(mapper.columns.keys())
            own = found & set(vars(mapper.class_).get("__annotations__", {}))
            if found - ALONE and (own or not issubclass(mapper.class_, mixin)):
                yield f"{mapper.class_.__name__} has {min(own or found)} without {mixin.__name__}"


def r5_relations(models: registry) -> Iterator[str]:
    """Known on both sides, and never loaded by accident."""
    for mapper in models.mappers:
        yield from _relation_faults(mapper)


def _relation_faults(mapper: Mapper[object]) -> Iterator[str]:
    for relation in mapper.relationships:
        place = f"{mapper.class_.__name__}.{relation.key}"
        if relation.lazy != "raise":
            yield f"{place} is lazy={relation.lazy!r}"
        if not relation.back_populates:
            yield f"{place} has no back_populates"


def r14_no_functions(schema: Schema) -> Iterator[str]:
    """In the database: no function but those that keep version and logs."""
    for name in schema.functions or ():
        if name not in TRIGGER_FUNCTIONS:
            yield f"function {name} keeps a rule in the database"


def r14_no_logic(sources: Mapping[str, str]) -> Iterator[str]:
    """In the models: no function in a class, none beside it but the builders of columns in `base.py`, no listener."""
    for file, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                yield from (f"{file}: {node.name} has logic" for part in node.body if _is_logic(part))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and file != "base.py":
                yield f"{file}: {node.name} is a function"
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from (f"{file}: {name} is no business of a model" for name in _imported(node) - ALLOWED_IMPORTS)


def _is_logic(part: ast.stmt) -> bool:
    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
        return True
    called = {ast.unparse(node.func) for node in ast.walk(part) if isinstance(node, ast.Call)}
    return bool(called & {"column_property", "synonym"}) or any(isinstance(node, ast.Lambda) for node in ast.walk(part))


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """What is imported, as far as a model must not: a module, or SQLAlchemy's listeners."""
    names = {alias.name for alias in node.names}
    if isinstance(node, ast.Import):
        return names
    module = node.module or ""
    if module.startswith(("sqlalchemy.orm", "sqlalchemy.dialects", "persistence.models", "persistence.types")):
        module = module.split(".")[0]
    return {module} | (names & {"event", "validates", "hybrid_property", "listens_for"})


def sources(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.glob("*.py")}
