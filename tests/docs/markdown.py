"""What the documents hold: fenced blocks, commands, tables, links and code spans."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# docs/performance.md comes of the benchmarks, decisions are history: both may name what is no more.
DOCUMENTS = [ROOT / "README.md", *sorted(path for path in ROOT.glob("docs/*.md") if path.name != "performance.md")]

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*) ?(?P<source>\S*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it quotes ("" for none), and its text."""

    language: str
    source: str
    text: str


def blocks(text: str) -> list[Block]:
    found = _BLOCK.finditer(text)
    return [Block(match["language"], match["source"], textwrap.dedent(match["text"])) for match in found]


def commands(text: str) -> list[str]:
    """Each command of the `sh` blocks, its continued lines joined."""
    shell = [block.text.replace("\\\n", " ") for block in blocks(text) if block.language == "sh"]
    return [re.sub(r"\s+", " ", line).strip() for lines in shell for line in lines.splitlines() if line.strip()]


def spans(text: str) -> list[str]:
    """The inline code, blocks left out."""
    return _SPAN.findall(_BLOCK.sub("", text))


def links(text: str) -> list[str]:
    """Where the links lead inside the repository."""
    return [link for link in _LINK.findall(_BLOCK.sub("", text)) if "://" not in link]


def table(text: str, first: str) -> list[list[str]]:
    """The rows below the header that begins with `first`, cell by cell, code marks taken off."""
    return list(_rows(text.split(f"\n| {first} |", 1)[1].split("\n\n", 1)[0]))


def _rows(lines: str) -> Iterator[list[str]]:
    for line in lines.splitlines()[2:]:
        yield [cell.strip().replace("`", "") for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
