"""Strings in quotes, with their escapes and wildcards."""

from service.filtering.faults import fault

_ESCAPED = frozenset("*\"'\\")


def read_string(text: str, start: int) -> tuple[tuple[str, ...], int]:
    """The literal pieces between the wildcards of the string whose quote is at `start`, and the place behind it."""
    pieces: list[list[str]] = [[]]
    place = start + 1
    while place < len(text) and text[place] != text[start]:
        if text[place] == "*":
            pieces.append([])
        elif text[place] == "\\":
            place += 1
            pieces[-1].append(_escaped(text, place))
        else:
            pieces[-1].append(text[place])
        place += 1
    if place >= len(text):
        raise fault(start + 1, f"the string that begins here has no closing {text[start]}")
    return tuple("".join(piece) for piece in pieces), place + 1


def _escaped(text: str, place: int) -> str:
    character = text[place : place + 1]
    if character and character not in _ESCAPED:
        raise fault(place, r"a backslash may stand before `*`, `\`, `'` and `" + '"` alone; write `\\\\` for itself')
    return character
