"""The language of `filter` (AIP-160), one for all resources: docs/filtering.md is its description for callers."""

from service.filtering.fields import Fields
from service.filtering.parser import parse_filter

__all__ = ["Fields", "parse_filter"]
