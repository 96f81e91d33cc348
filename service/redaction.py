"""Keeps secrets out of the log: by the names they stand under, and by their values where the process knows them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from structlog.typing import EventDict, Processor

HIDDEN = "[hidden]"
SHORTEST = 6  # characters; a shorter secret is a piece of ordinary words, and hiding it would tell more than it hides

_SECRET_WORDS = frozenset(
    ("password", "passwd", "secret", "token", "authorization", "cookie", "key", "dsn", "credential")
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def redact_keys(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Hides what stands under a name with a word such as `password` or `token` in it, at any depth."""
    return {name: _shown(name, value) for name, value in event.items()}


def redact_values(secrets: Sequence[str]) -> Processor:
    """A processor that hides these texts in the event and in the traceback, where a library may have quoted them."""
    known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, known))) if known else None

    def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
        if pattern is not None:
            for name in event.keys() & {"event", "exception"}:
                event[name] = pattern.sub(HIDDEN, str(event[name]))
        return event

    return redact


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a value of this name is hidden: `page_token`, `apiKeys` and `DATABASE_URL` are, `monkey` is not."""
    words = {word.lower().rstrip("s") for word in _WORDS.findall(name)}
    return not words.isdisjoint(_SECRET_WORDS) or {"database", "url"} <= words


def _shown(name: str, value: object) -> object:
    if is_secret_name(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _shown(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(name, inner) for inner in value]
    return value
