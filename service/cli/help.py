"""The part of the help that lists the settings, made from the settings themselves."""

from __future__ import annotations

import textwrap


def environment() -> str:
    """Every variable with what it must be and what it is by default."""
    from service import environment as env
    from service.settings import Settings

    lines = ["environment (a secret also as a file, named by the variable with _FILE behind it):"]
    for name, field in Settings.model_fields.items():
        also = "[_FILE]" if env.is_secret(field) else ""
        text = env.written(field.default)
        default = f" (default: {text})" if text else ""
        lines += [f"  {env.variable(name)}{also}", *_wrapped(f"{field.description}{default}")]
    return "\n".join(
        [*lines, "  TAXIWAY_PG_BINDIR", *_wrapped("the programs of the embedded PostgreSQL, if not the wheel's")]
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, width=96, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)
