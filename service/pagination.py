"""Pages (AIP-158): sizes, keyset tokens that fit one list of one caller only, and answers that end before the limit."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator

from persistence.sealing import Sealer, SealError
from service import limits
from service.errors import InvalidPageToken, Violation

Item = TypeVar("Item")


def _effective(size: int) -> int:
    if size < 0:
        raise ValueError("must not be negative; 0 stands for the default")
    return min(size, limits.PAGE_MOST) or limits.PAGE_DEFAULT


PageSize = Annotated[int, AfterValidator(_effective)]


Part = UUID | datetime | str | int | float | None  # of a sort key
_READ: dict[str, Callable[[Any], Any]] = {"UUID": UUID, "datetime": datetime.fromisoformat}


def _written(part: Part) -> tuple[str, object]:
    kind = type(part).__name__
    return kind, str(part) if kind in _READ else part


def _read(kind: str, text: Any) -> Any:
    return _READ[kind](text) if kind in _READ else text


class PageTokens:
    """Tokens are sealed, so that nobody reads or makes one, for a scope: all arguments of the list but the size."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._sealer = Sealer(keys, "page_token")

    def make(self, scope: bytes, *last: Part) -> str:
        """`last`: the sort key of the last item, of one part or several."""
        return _text(self._sealer.seal(scope, json.dumps([_written(part) for part in last]).encode()))

    def read(self, scope: bytes, token: str) -> UUID | None:
        """Where the page begins: below this id; None for an empty token. Raises InvalidPageToken for all else."""
        position = self.read_position(scope, token)
        return None if position is None else position[0]

    def read_position(self, scope: bytes, token: str) -> tuple[Any, ...] | None:
        """As `read`, for a sort key of whatever parts: those that `make` was given for this scope."""
        if not token:
            return None
        try:
            opened = self._sealer.open(scope, _bytes(token))
            return tuple(_read(kind, text) for kind, text in json.loads(opened))
        except (SealError, ValueError):
            raise _invalid_token() from None


def _text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Raises ValueError for any but the one form: the decoder skips what is no base64."""
    sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(sealed) != text:
        raise ValueError("not in canonical form")
    return sealed


def _invalid_token() -> InvalidPageToken:
    rule = "is not a token that this list gave for these arguments; begin again with an empty one"
    return InvalidPageToken(f"page_token {rule}.", violations=[Violation("page_token", rule)])


def fill_page(field: Any, rows: Sequence[Item], size: int, write: Callable[[Item, Any], object]) -> Item | None:
    """Fills the repeated field with what fits of `rows` (one more than the page, where there is more).

    Answers the last item that the page holds, where another page follows, else None.
    """
    room = limits.ANSWER_BYTES - 1024  # for the token
    for count, item in enumerate(rows[:size]):
        message = field.add()  # written in place: to append a message is to copy it
        write(item, message)
        room -= message.ByteSize() + 8  # tag and length
        if room < 0:
            del field[-1]
            return rows[count - 1]
    return rows[size - 1] if len(rows) > size else None
