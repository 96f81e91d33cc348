"""Reads a schema from SQLAlchemy's metadata, with the names that its convention gives."""

import sqlalchemy as sa

from tests.persistence.rules.schema import Check, Column, ForeignKey, Index, Schema, Table

_DIALECT = sa.URL.create("postgresql+asyncpg").get_dialect()()


def read(metadata: sa.MetaData) -> Schema:
    return Schema({name: _table(table) for name, table in metadata.tables.items()})


def _table(table: sa.Table) -> Table:
    constraints = [*table.constraints, *(part for column in table.columns for part in column.constraints)]
    checks = [part for part in constraints if isinstance(part, sa.CheckConstraint)]
    return Table(
        name=table.name,
        comment=table.comment,
        columns={column.name: _column(column) for column in table.columns},
        foreign_keys=tuple(_foreign_key(part) for part in table.foreign_key_constraints),
        checks=tuple(Check(_name(check), _sql(check.sqltext)) for check in checks),
        indexes=tuple(_keys(table)) + tuple(_index(index) for index in table.indexes),
    )


def _column(column: sa.Column[object]) -> Column:
    default = column.server_default
    return Column(
        name=column.name,
        type=_type(column.type),
        nullable=bool(column.nullable),
        default=_sql(default.arg) if isinstance(default, sa.DefaultClause) else None,
        collation=getattr(getattr(column.type, "item_type", column.type), "collation", None),
        comment=column.comment,
        is_enum=isinstance(column.type, sa.Enum) and bool(column.type.native_enum),
        is_generated=column.computed is not None,
        filterable=bool(column.info.get("filterable")),
    )


def _type(kind: sa.types.TypeEngine[object]) -> str:
    written, _, _ = kind.compile(_DIALECT).partition(" COLLATE ")
    return written.lower().replace("varchar", "character varying")


def _foreign_key(key: sa.ForeignKeyConstraint) -> ForeignKey:
    return ForeignKey(_name(key), tuple(key.column_keys), key.referred_table.name, key.ondelete)


def _keys(table: sa.Table) -> list[Index]:
    found = []
    for key in table.constraints:
        if isinstance(key, sa.PrimaryKeyConstraint | sa.UniqueConstraint):
            columns, primary = tuple(key.columns.keys()), isinstance(key, sa.PrimaryKeyConstraint)
            found.append(Index(_name(key), columns, columns, "btree", None, is_unique=True, is_primary=primary))
    return found


def _index(index: sa.Index) -> Index:
    options = index.dialect_options["postgresql"]
    condition = options["where"]
    return Index(
        name=_name(index),
        columns=tuple(part.name if isinstance(part, sa.Column) else "" for part in index.expressions),
        keys=tuple(part.name if isinstance(part, sa.Column) else _sql(part) for part in index.expressions),
        method=options["using"] or "btree",
        condition=None if condition is None else _sql(condition),
        is_unique=bool(index.unique),
        is_primary=False,
    )


def _name(part: sa.Constraint | sa.Index) -> str:
    """As it would be written in DDL: after the convention, and shortened where it is too long."""
    preparer = _DIALECT.identifier_preparer
    return preparer.format_index(part) if isinstance(part, sa.Index) else preparer.format_constraint(part) or ""


def _sql(expression: object) -> str:
    if isinstance(expression, sa.ClauseElement):
        return str(expression.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))
    return str(expression)
