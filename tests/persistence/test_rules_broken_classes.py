"""The checks of the classes find what breaks their rules: names, mixins, relations, logic (R2, R3, R5, R14)."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry, relationship

from persistence.models.base import SoftlyDeleted, Versioned
from tests.persistence.rules.models import r2_class_names, r3_mixins, r5_relations, r14_no_logic

Declare = Callable[[type[DeclarativeBase]], object]
Rule = Callable[[registry], Iterator[str]]


class Keyed:
    id: Mapped[UUID] = mapped_column(primary_key=True)


def without_suffix(base: type[DeclarativeBase]) -> None:
    type("Thing", (Keyed, base), {"__tablename__": "things"})


def plural(base: type[DeclarativeBase]) -> None:
    type("ThingsRow", (Keyed, base), {"__tablename__": "things"})


def without_mixin(base: type[DeclarativeBase]) -> None:
    type("ThingRow", (Keyed, base), {"__tablename__": "things", "version": mapped_column(BigInteger)})


def declared_again(base: type[DeclarativeBase]) -> None:
    class ThingRow(Keyed, Versioned, SoftlyDeleted, base):  # type: ignore[valid-type,misc]  # made anew for each test
        __tablename__ = "things"
        version: Mapped[int]


def related(base: type[DeclarativeBase], **options: str) -> None:
    class ThingRow(Keyed, base):  # type: ignore[valid-type,misc]  # see above
        __tablename__ = "things"
        parts: Mapped[list["PartRow"]] = relationship("PartRow", back_populates="thing", lazy="raise")

    class PartRow(Keyed, base):  # type: ignore[valid-type,misc]  # see above
        __tablename__ = "parts"
        thing_id: Mapped[UUID] = mapped_column(ForeignKey("things.id"))
        thing: Mapped[ThingRow] = relationship(ThingRow, **options)  # type: ignore[arg-type]  # any of its options


def loaded_by_accident(base: type[DeclarativeBase]) -> None:
    related(base, back_populates="parts", lazy="select")


def known_on_one_side(base: type[DeclarativeBase]) -> None:
    class ThingRow(Keyed, base):  # type: ignore[valid-type,misc]  # see above
        __tablename__ = "things"

    class PartRow(Keyed, base):  # type: ignore[valid-type,misc]  # see above
        __tablename__ = "parts"
        thing_id: Mapped[UUID] = mapped_column(ForeignKey("things.id"))
        thing: Mapped[ThingRow] = relationship(ThingRow, lazy="raise")


def sound(base: type[DeclarativeBase]) -> None:
    related(base, back_populates="parts", lazy="raise")


def found(rule: Rule, declare: Declare) -> list[str]:
    class Base(DeclarativeBase):
        metadata = MetaData()

    declare(Base)
    Base.registry.configure()
    return list(rule(Base.registry))


@pytest.mark.parametrize(
    ("rule", "declare", "sentence"),
    [
        (r2_class_names, without_suffix, "Thing is no name for the class of things"),
        (r2_class_names, plural, "ThingsRow is no name for the class of things"),
        (r3_mixins, without_mixin, "ThingRow has version without Versioned"),
        (r3_mixins, declared_again, "ThingRow has version without Versioned"),
        (r5_relations, loaded_by_accident, "PartRow.thing is lazy='select'"),
        (r5_relations, known_on_one_side, "PartRow.thing has no back_populates"),
    ],
)
def test_a_broken_class_is_found(rule: Rule, declare: Declare, sentence: str) -> None:
    assert sentence in found(rule, declare)


@pytest.mark.parametrize("rule", [r2_class_names, r3_mixins, r5_relations])
def test_a_sound_class_is_not_accused(rule: Rule) -> None:
    assert found(rule, sound) == []


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("class TaskRow:\n    def is_late(self): return True", "tasks.py: TaskRow has logic"),
        ("class TaskRow:\n    @property\n    def late(self): return True", "tasks.py: TaskRow has logic"),
        ("class TaskRow:\n    late = column_property(due < now)", "tasks.py: TaskRow has logic"),
        ("class TaskRow:\n    state: str = mapped_column(default=lambda: 'OPEN')", "tasks.py: TaskRow has logic"),
        ("def close(task): task.state = 'COMPLETED'", "tasks.py: close is a function"),
        ("from sqlalchemy.event import listens_for", "tasks.py: sqlalchemy.event is no business of a model"),
        ("from sqlalchemy import event", "tasks.py: event is no business of a model"),
        ("from service.errors import Conflict", "tasks.py: service.errors is no business of a model"),
        ("import random", "tasks.py: random is no business of a model"),
    ],
)
def test_logic_in_a_model_is_found(source: str, sentence: str) -> None:
    assert sentence in list(r14_no_logic({"tasks.py": source}))
