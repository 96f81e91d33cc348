"""Comparisons by chance with the metadata of a task, each with the same question to a row in Python."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.service.filtering.generated_comparisons import EQUAL, ORDER, SIGNS, Asked, Row, matches, quoted, starred

SCALARS = st.sampled_from([1, 1.5, -2, 0, "1", "text", "x", "k", "", "é", True, False, None])
PATHS = st.sampled_from([("a",), ("b",), ("x.y",), ("a", "k"), ("a", "0"), ("0",), ("é",), ("a", "k", "z")])
CONSTANTS = {True: "true", False: "false", None: "null"}
MISSING = object()


@st.composite
def metadata(draw: st.DrawFn) -> Asked:
    path, sign, value = draw(PATHS), draw(SIGNS), draw(SCALARS)
    sign = sign if isinstance(value, str | int | float) and not isinstance(value, bool) else draw(EQUAL)
    return Asked(f"{named(path)}{sign}{written_json(value)}", lambda row: json_compares(at(row, path), sign, value))


@st.composite
def metadata_patterns(draw: st.DrawFn) -> Asked:
    path, sign = draw(PATHS), draw(EQUAL)
    pieces = draw(st.lists(st.sampled_from(["", "te", "t", "1", "é"]), min_size=2, max_size=3))
    return Asked(
        f"{named(path)} {sign} {starred(pieces)}",
        lambda row: is_there(at(row, path)) and matches(pieces, at(row, path)) == (sign == "="),
    )


@st.composite
def metadata_holds(draw: st.DrawFn) -> Asked:
    path, kind, value = draw(PATHS), draw(st.integers(0, 2)), draw(SCALARS)
    if kind == 0:
        return Asked(f"{named(path)}:{written_json(value)}", lambda row: json_has(at(row, path), value))
    written = f"{named(path)}:*" if kind == 1 else f"metadata:{quoted(path[0])}"
    asked = path if kind == 1 else path[:1]
    return Asked(written, lambda row: is_there(at(row, asked)))


def json_compares(found: object, sign: str, value: object) -> bool:
    if sign in ("=", "!="):
        return is_there(found) and json_equal(found, value) == (sign == "=")
    if isinstance(found, str) and isinstance(value, str):
        return bool(ORDER[sign](found, value))
    if isinstance(found, bool) or not isinstance(found, int | float) or not isinstance(value, int | float):
        return False
    return bool(ORDER[sign](found, value))


def named(path: tuple[str, ...]) -> str:
    return "metadata" + "".join(f".{key}" if key.isalnum() else f".`{key}`" for key in path)


def written_json(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return CONSTANTS[value]
    return quoted(value) if isinstance(value, str) else str(value)


METADATA: st.SearchStrategy[Asked] = st.one_of(metadata(), metadata_patterns(), metadata_holds())


def at(row: Row, path: Sequence[str]) -> object:
    """What stands below these keys of the row's metadata; use `is_there` on it first."""
    found: object = row["metadata"]
    for key in path:
        found = found.get(key, MISSING) if isinstance(found, dict) else MISSING
    return found


def is_there(found: object) -> bool:
    return found is not MISSING


def json_equal(found: object, value: object) -> bool:
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    return found == value and isinstance(found, str) == isinstance(value, str)


def json_has(found: object, value: object) -> bool:
    if isinstance(found, list):
        return any(json_equal(element, value) for element in found)
    return isinstance(value, str) and isinstance(found, dict | str) and value in found
