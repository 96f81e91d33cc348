"""Update masks (AIP-134, AIP-161): an explicit table of what may be written, never a mass assignment."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from google.protobuf.message import Message

from service.errors import Violation, invalid

MOST_PATHS = 256  # every field, and every key that a map may have
_PATH = re.compile(r"(?P<field>[a-z_]+)(?:\.(?:`(?P<quoted>[^`\x00]+)`|(?P<key>[^.`\x00]+)))?")


@dataclass(frozen=True, slots=True)
class Editable:
    """What a mask may name of one resource: its fields, and which of them are maps."""

    fields: frozenset[str]
    maps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Selection:
    """What an update writes: whole fields, and single keys of maps."""

    fields: frozenset[str]
    keys: dict[str, frozenset[str]]


def select(message: Message, paths: Collection[str], editable: Editable) -> Selection:
    """The part of `message` that an update writes: no mask stands for every populated field, `*` for all of them.

    Raises InvalidArgument for each path that is unknown, immutable or output only.
    """
    if not paths:
        populated = {field.name for field, _ in message.ListFields()}
        return Selection(frozenset(populated & editable.fields), {})
    if len(paths) > MOST_PATHS:  # to name half a million faults would hold the loop for seconds
        raise invalid([Violation("update_mask", f"must have at most {MOST_PATHS} paths, not {len(paths)}")])
    if list(paths) == ["*"]:
        return Selection(editable.fields, {})
    faults = [Violation("update_mask", fault) for path in paths if (fault := _fault(path, message, editable))]
    if faults:
        raise invalid(faults)
    return _selection(paths)


def _fault(path: str, message: Message, editable: Editable) -> str | None:
    match = _PATH.fullmatch(path)
    field = match["field"] if match else ""
    shown = path[:64].encode("ascii", "replace").decode()
    if match is None or field not in message.DESCRIPTOR.fields_by_name:
        deeper = path.partition(".")[0] in editable.maps
        hint = "must stand alone" if path == "*" else "names no whole key" if deeper else "is no field of the resource"
        return f"path `{shown}` {hint}"
    if field not in editable.fields:
        return f"path `{shown}` cannot be written: the field is immutable or output only"
    if field != path and field not in editable.maps:
        return f"path `{shown}` goes into a field that has no parts; name the whole field"
    return None


def _selection(paths: Iterable[str]) -> Selection:
    fields: set[str] = set()
    keys: dict[str, set[str]] = {}
    for path in paths:
        field, _, key = path.partition(".")
        if key:
            keys.setdefault(field, set()).add(key.strip("`"))
        else:
            fields.add(field)
    return Selection(frozenset(fields), {f: frozenset(k) for f, k in keys.items() if f not in fields})
