"""`order_by` (AIP-132): one or two fields, each with a direction, as an order of columns."""

from collections.abc import Sequence
from difflib import get_close_matches

from persistence.ordering import Order, SortKey
from service.errors import Violation, invalid
from service.fields import column_of

LONGEST = 200  # characters
MOST = 2  # fields
_DIRECTIONS = {"": False, "asc": False, "desc": True}


def parse_order(text: str, fields: Sequence[str]) -> Order:
    """Spaces count for nothing; empty is the default order. Raises InvalidArgument, naming `order_by`."""
    if not text.strip():
        return Order()
    if len(text) > LONGEST:
        raise _fault(f"must have at most {LONGEST} characters, not {len(text)}")
    parts = [part.split() for part in text.split(",")]
    if len(parts) > MOST:
        raise _fault(f"must have at most {MOST} fields, not {len(parts)}")
    keys = [_key(part, fields) for part in parts]
    if len({key.column for key in keys}) < len(keys):
        raise _fault("must have each field once")
    return Order(tuple(keys))


def _key(words: Sequence[str], fields: Sequence[str]) -> SortKey:
    if not 1 <= len(words) <= 2:
        raise _fault("must be fields separated by commas, each with `asc` or `desc` behind it or nothing")
    name, direction = words[0], words[1] if len(words) == 2 else ""
    if name not in fields:
        raise _fault(f"cannot sort by `{_shown(name)}`{_near(name, fields)}; it takes {', '.join(fields)}")
    if direction not in _DIRECTIONS:
        raise _fault(f"has the direction `{_shown(direction)}` for `{name}`; it takes `asc` and `desc`")
    return SortKey(column_of(name), _DIRECTIONS[direction])


def _near(name: str, fields: Sequence[str]) -> str:
    near = get_close_matches(name[:64], fields, 1)
    return f" (did you mean `{near[0]}`?)" if near else ""


def _shown(text: str) -> str:
    return text[:64].encode("ascii", "replace").decode()


def _fault(rule: str) -> Exception:
    return invalid([Violation("order_by", rule)])
