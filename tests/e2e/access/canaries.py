"""Secrets that pass through the service, and the forms in which one would be found again where it must not be."""

import base64
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from service.credentials import opaque_tokens
from service.credentials.opaque_tokens import Prefix
from tests.e2e.rows import select

SHORTEST = 12  # characters; fewer would be found by chance


@dataclass
class Canaries:
    """Name of a secret -> texts by which it is known."""

    known: dict[str, set[str]] = field(default_factory=dict)

    def add(self, name: str, text: str) -> str:
        """The text itself, to be used. Of a token its parts too: each would let somebody in, or help to."""
        forms = set(_forms(text.encode()))
        if text.count(".") == 2:
            forms |= {form for part in text.split(".")[1:] for form in _forms(part.encode())}
        prefixes: tuple[Prefix, ...] = ("twk_", "twr_", "twp_")
        for prefix in prefixes:
            opaque = opaque_tokens.parse(prefix, text)
            if opaque is not None:
                forms |= set(_forms(opaque.secret[:32]))
        self.known.setdefault(name, set()).update(form for form in forms if len(form) >= SHORTEST)
        return text

    def found_in(self, text: str, but: Collection[str] = ()) -> list[str]:
        """The names of those that stand in the text."""
        return [name for name, forms in self.known.items() if name not in but and any(form in text for form in forms)]


def _forms(data: bytes) -> Iterator[str]:
    """As it is, in hexadecimal, and inside of base64, wherever it begins there."""
    yield data.decode(errors="replace")
    yield data.hex()
    for offset in range(3):
        coded = base64.b64encode(bytes(offset) + data).decode()
        inner = coded[4 if offset else 0 : len(coded) // 4 * 4 - 4]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


async def dumped(database_url: str) -> dict[str, str]:
    """Every table as text, bytes in hexadecimal."""
    names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    tables = [name for (name,) in await select(database_url, names)]
    rows = {table: await select(database_url, f"SELECT t::text FROM {table} t") for table in tables}
    return {table: "\n".join(text for (text,) in found) for table, found in rows.items()}
