"""Comparisons by chance of each field of a task but its metadata, each with the same question to a row in Python."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from service.fields import column_of
from tests.service.filtering.rows import (
    NOON,
    OWNERS,
    PARENTS,
    PEOPLE,
    PRIORITIES,
    PROJECTS,
    STATES,
    TAGS,
    TEXTS,
)

Row = Mapping[str, Any]
ORDER = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
SIGNS = st.sampled_from(list(ORDER))
EQUAL = st.sampled_from(["=", "!="])
SPACES = st.sampled_from(["", " ", "\n "])


@dataclass(frozen=True)
class Asked:
    """A comparison, and of which rows it holds."""

    text: str
    holds: Callable[[Row], bool]


def quoted(value: str, quote: str = '"') -> str:
    for special in ("\\", "*", quote):
        value = value.replace(special, "\\" + special)
    return f"{quote}{value}{quote}"


def matches(pieces: list[str], value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(".*".join(map(re.escape, pieces)), value, re.DOTALL))


def starred(pieces: list[str]) -> str:
    return '"' + "*".join(quoted(piece)[1:-1] for piece in pieces) + '"'


def known(value: object, compare: Callable[[Any, Any], bool], other: object) -> bool:
    return value is not None and compare(value, other)


WORDS = st.sampled_from(TEXTS)
PIECES = st.lists(
    st.sampled_from(["", "a", "P", "fence", "%", "_", "50", "*", "\\", "é", '"', "'"]), min_size=2, max_size=3
)
TEXT_FIELDS = st.sampled_from(["title", "description"])


@st.composite
def texts(draw: st.DrawFn) -> Asked:
    field, sign, value, quote = draw(TEXT_FIELDS), draw(SIGNS), draw(WORDS), draw(st.sampled_from("\"'"))
    written = f"{field}{draw(SPACES)}{sign}{draw(SPACES)}{quoted(value, quote)}"
    return Asked(written, lambda row: ORDER[sign](row[field], value))


@st.composite
def patterns(draw: st.DrawFn) -> Asked:
    field, sign, pieces = draw(TEXT_FIELDS), draw(EQUAL), draw(PIECES)
    return Asked(f"{field} {sign} {starred(pieces)}", lambda row: matches(pieces, row[field]) == (sign == "="))


@st.composite
def contained(draw: st.DrawFn) -> Asked:
    field, value = draw(TEXT_FIELDS), draw(st.sampled_from(["a", "fence", "%", "_", "*", "é", "", "'", "\\"]))
    return Asked(f"{field}:{quoted(value)}", lambda row: value in row[field])


@st.composite
def present(draw: st.DrawFn) -> Asked:
    fields = ["title", "description", "state", "due_time", "start_time", "complete_time", "tags", "project"]
    field = draw(st.sampled_from([*fields, "parent_task", "metadata", "creator"]))
    return Asked(f"{field}:*", lambda row: row[column_of(field)] not in (None, "", [], {}))


@st.composite
def states(draw: st.DrawFn) -> Asked:
    sign, state = draw(EQUAL), draw(st.sampled_from(STATES))
    return Asked(f"state{sign}{state}", lambda row: ORDER[sign](row["state"], state))


@st.composite
def priorities(draw: st.DrawFn) -> Asked:
    sign, place = draw(SIGNS), draw(st.integers(0, len(PRIORITIES) - 1))
    written = f'priority {sign} "{PRIORITIES[place]}"'
    return Asked(written, lambda row: ORDER[sign](PRIORITIES.index(row["priority"]), place))


@st.composite
def times(draw: st.DrawFn) -> Asked:
    field = draw(st.sampled_from(["due_time", "start_time", "complete_time", "create_time", "update_time"]))
    sign, moment = draw(SIGNS), NOON + timedelta(hours=draw(st.integers(-1, 6)))
    zone = timezone(timedelta(minutes=draw(st.sampled_from([0, 90, -345]))))
    written = moment.astimezone(zone).isoformat()
    given = draw(st.sampled_from([written, f'"{written}"']))
    return Asked(f"{field}{sign}{given}", lambda row: known(row[column_of(field)], ORDER[sign], moment))


@st.composite
def tagged(draw: st.DrawFn) -> Asked:
    if draw(st.booleans()):
        tag = draw(st.sampled_from([*TAGS, "none"]))
        return Asked(f"tags: {quoted(tag.upper())}", lambda row: tag in row["tags"])
    pieces = draw(st.lists(st.sampled_from(["", "w", "new ", "york", "%", "_", "0"]), min_size=2, max_size=3))
    return Asked(f"tags:{starred(pieces)}", lambda row: any(matches(pieces, tag) for tag in row["tags"]))


@st.composite
def references(draw: st.DrawFn) -> Asked:
    """Names of either owner, to tasks of either owner."""
    field, collection, known_ids = draw(
        st.sampled_from([("project", "projects", PROJECTS), ("parent_task", "tasks", PARENTS)])
    )
    sign, place = draw(EQUAL), draw(st.integers(0, 1))
    named, column = draw(st.sampled_from(known_ids)), column_of(field)
    user = draw(st.sampled_from(["me", str(OWNERS[0])])) if place == 0 else str(OWNERS[1])
    return Asked(
        f"{field} {sign} users/{user}/{collection}/{named}",
        lambda row: known((row["owner_id"], row[column]) if row[column] else None, ORDER[sign], (OWNERS[place], named)),
    )


@st.composite
def authors(draw: st.DrawFn) -> Asked:
    field, sign, person = draw(st.sampled_from(["creator", "updater"])), draw(EQUAL), draw(st.sampled_from(PEOPLE))
    return Asked(f"{field} {sign} users/{person}", lambda row: ORDER[sign](row[column_of(field)], person))


PLAIN: st.SearchStrategy[Asked] = st.one_of(
    *(texts(), patterns(), contained(), present(), states(), priorities(), times(), tagged(), references(), authors())
)
