"""The rules of `Task.metadata`: free values of the clients, bounded in bytes, in depth and in number."""

import json
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator

from service.errors import Violation, invalid
from service.fields import composed

BYTES = 16 << 10  # as JSON, in UTF-8
LEVELS = 16
VALUES = 1000
_EXACT = 1 << 53  # whole numbers below it are the same as a double and as an integer


def bounded(value: dict[str, Any]) -> dict[str, Any]:
    """The metadata with text in NFC and whole numbers as integers. Raises ValueError where it breaks a limit."""
    if _levels(value) > LEVELS:  # before anything recurses into it
        raise ValueError(f"must have at most {LEVELS} levels")
    if sum(1 for _ in _walk(value)) > VALUES:
        raise ValueError(f"must have at most {VALUES} values")
    if sum(map(len, _texts(value))) > 4 * BYTES:  # before any of it is normalised: four become one at the most
        raise ValueError(f"must have at most {BYTES} bytes as JSON")
    kept: dict[str, Any] = _kept(value)
    size = len(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()) + _written_out(kept)
    if size > BYTES:
        raise ValueError(f"must have at most {BYTES} bytes as JSON, its numbers without exponent, not {size}")
    return kept


def _written_out(value: object) -> int:
    """How many digits more the numbers have without exponent, as the database keeps them: 1e308 has 309."""
    numbers = [repr(inner) for inner in _walk(value) if isinstance(inner, float)]
    return sum(max(0, len(f"{Decimal(number):f}") - len(number)) for number in numbers)


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _levels(value: object) -> int:
    """How deep it is nested, looked at no further than one level below what is allowed."""
    level, found = [value], 0
    while level and found <= LEVELS:
        nested = [part for part in level if isinstance(part, (dict, list))]
        level = [inner for part in nested for inner in _inside(part)]
        found += bool(nested)
    return found


def _texts(value: dict[str, Any]) -> Iterator[str]:
    """Keys and strings, at whatever depth."""
    for inner in (value, *_walk(value)):
        if isinstance(inner, dict):
            yield from inner
        elif isinstance(inner, str):
            yield inner


def _walk(value: object) -> Iterator[object]:
    for inner in _inside(value):
        yield inner
        yield from _walk(inner)


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {_text(key): _kept(inner) for key, inner in value.items()}
        if len(kept) < len(value):
            raise ValueError("has two keys that are the same text in NFC")
        return kept
    if isinstance(value, list):
        return [_kept(inner) for inner in value]
    if isinstance(value, str):
        return _text(value)
    return value if value is None or isinstance(value, bool) else _number(float(value))


def _text(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain U+0000")
    return composed(value)


def _number(value: float) -> float | int:
    """One number has one form, so that writing it again changes nothing: the database answers 1e308 with 309 digits."""
    if not math.isfinite(value):
        raise ValueError("must not contain NaN or infinity")
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def require_bounded(value: dict[str, Any]) -> None:
    """For what single keys were merged into: the rules hold of the whole. Raises InvalidArgument."""
    try:
        bounded(value)
    except ValueError as fault:
        raise invalid([Violation("task.metadata", f"{fault}, together with what is there already")]) from None


Metadata = Annotated[dict[str, Any], AfterValidator(bounded)]
