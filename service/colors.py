"""Colours, as projects and tags have them."""

import re
from typing import Annotated

from pydantic import AfterValidator

DEFAULT_COLOR = "#3B82F6"
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}", re.ASCII)


def _color(value: str) -> str:
    if not _COLOR.fullmatch(value):
        raise ValueError("must be a colour of the form #RRGGBB, in hexadecimal digits")
    return value.upper()


Color = Annotated[str, AfterValidator(_color)]
