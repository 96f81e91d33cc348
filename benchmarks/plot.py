"""A plot of the ratios as SVG: a bar for each call, a mark for its goal."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.figures import Figure

_ROW, _LEFT, _WIDTH = 26, 190, 420  # pixels
_COLOURS = {True: "#2e7d32", False: "#c62828", None: "#546e7a"}


def bars(figures: Sequence[Figure], title: str) -> str:
    """The figures that have a ratio and a goal of it; raises ValueError where none has."""
    drawn = [(figure, figure.ratio, figure.goal.bound) for figure in figures if figure.ratio and figure.goal]
    if not drawn:
        raise ValueError("no figure has a ratio to draw")
    scale = _WIDTH / max(max(ratio, bound) for _, ratio, bound in drawn)
    rows = [
        _row(40 + _ROW * number, figure, ratio * scale, bound * scale)
        for number, (figure, ratio, bound) in enumerate(drawn)
    ]
    height, width = 50 + _ROW * len(drawn), _LEFT + _WIDTH + 120
    font = 'font-family="sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {font}>'
    paper = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    heading = f'<text x="10" y="22" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, paper, heading, *rows, "</svg>\n"])


def _row(top: int, figure: Figure, length: float, goal: float) -> str:
    label = f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(figure.name)}</text>'
    bar = f'<rect x="{_LEFT}" y="{top}" width="{length:.1f}" height="18" fill="{_COLOURS[figure.met]}"/>'
    place = _LEFT + goal
    mark = f'<path d="M{place:.1f} {top - 3}v24" stroke="#000" stroke-width="2"/>'
    number = f'<text x="{_LEFT + max(length, goal) + 8:.1f}" y="{top + 14}">{figure.ratio:.2f} x</text>'
    return label + bar + mark + number
