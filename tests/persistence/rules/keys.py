"""R1, R4, R9: what identifies a row, what refers to it, and what is unique."""

from collections.abc import Iterator

from tests.persistence.rules.schema import ForeignKey, Index, Schema, Table

# Not resources: nobody names a row of these.
BOOKKEEPING = {
    "requests": ("caller_id", "request_id"),
    "credentials": ("user_id",),
    "password_resets": ("user_id",),
    "signing_keys": ("kid",),
    "sign_in_attempts": ("key",),
    "access_changes": ("id",),
    "owner_positions": ("owner_id",),
}
OWNED_KEYS = (("owner_id", "id"), ("owner_id", "position"))
SECRETS_OF_AN_ACCOUNT = {"credentials", "password_resets", "sessions", "api_keys"}
ACTORS = {"created_by", "updated_by"}


def r1_keys(schema: Schema) -> Iterator[str]:
    """Every resource has a UUID; what is owned is keyed, unique and referred to by owner."""
    for table in schema.tables.values():
        yield from _key_faults(table)
        if table.is_owned:
            yield from (
                f"{index.name} is unique without owner_id"
                for index in table.indexes
                if index.is_unique and "owner_id" not in index.columns
            )
        for key in table.foreign_keys:
            target = schema.tables[key.target]
            if target.is_owned and key.columns[0] != "owner_id":
                yield f"{key.name} refers to an owned row without its owner"


def _key_faults(table: Table) -> Iterator[str]:
    key = table.primary_key
    if table.is_single_row or BOOKKEEPING.get(table.name) == key:
        return
    allowed = OWNED_KEYS if table.is_owned else (("id",),)
    if key not in allowed:
        yield f"{table.name} is keyed ({', '.join(key)})"
    if key and key[-1] == "id" and table.columns["id"].type != "uuid":
        yield f"{table.name}.id is no UUID"


def r4_foreign_keys(schema: Schema) -> Iterator[str]:
    """Each says what happens at a deletion and has an index; an actor is no reference."""
    for table in schema.tables.values():
        for key in table.foreign_keys:
            yield from _reference_faults(table, key)


def _reference_faults(table: Table, key: ForeignKey) -> Iterator[str]:
    if key.on_delete is None:
        yield f"{key.name} has no ON DELETE"
    elif key.on_delete == "CASCADE" and not (key.target == "users" and table.name in SECRETS_OF_AN_ACCOUNT):
        yield f"{key.name} deletes more than an account's secrets"
    elif key.on_delete not in {"RESTRICT", "CASCADE"}:
        yield f"{key.name} is {key.on_delete}"
    if not any(_serves(index, key) for index in table.indexes):
        yield f"{key.name} has no index that starts with its columns"
    if ACTORS & set(key.columns):
        yield f"{key.name} makes an actor a reference"


def _serves(index: Index, key: ForeignKey) -> bool:
    """A row whose reference is NULL refers to nothing: an index may leave it out."""
    all_that_refer = {None, *(f"{column} IS NOT NULL" for column in key.columns)}
    condition = index.condition and index.condition.removeprefix("(").removesuffix(")")
    return condition in all_that_refer and set(index.columns[: len(key.columns)]) == set(key.columns)


def r9_unique_among_the_living(schema: Schema) -> Iterator[str]:
    """Where deletion is soft only the living compete; what is unique without case has a key column of its own."""
    for table in schema.tables.values():
        for index in (index for index in table.indexes if index.is_unique and not index.is_primary):
            if "deleted_at" in table.columns and not index.only_living:
                yield f"{index.name} counts the deleted"
            for name in index.columns:
                if not name:
                    yield f"{index.name} is on an expression, not on a key column"
                elif table.columns[name].is_text and name != "key" and not name.endswith("_key"):
                    yield f"{index.name} is on {name}, which has its case"
