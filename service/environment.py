"""The variables of the environment: their names, secrets in files, and what to say of a name that is none of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from service.errors import StartupError

PREFIX = "TAXIWAY_"

Fields = Mapping[str, FieldInfo]


class SecretFiles(PydanticBaseSettingsSource):
    """`TAXIWAY_<NAME>_FILE` names the file that holds a secret, so that the secret stands in no environment."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The text of the file, white space at its end cut off; None where no file is named. Raises StartupError."""
        name = f"{variable(field_name)}_FILE"
        path = os.environ.get(name)
        return (_read(name, Path(path)) if path and is_secret(field) else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        found = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in found.items() if value is not None}


def variable(field_name: str) -> str:
    """The name in the environment, as in `TAXIWAY_LISTEN`."""
    return PREFIX + field_name.upper()


def is_secret(field: FieldInfo) -> bool:
    """Whether the value is never shown and may come from a file."""
    return field.annotation == SecretStr | None


def origin(field_name: str) -> str:
    """Where the value comes from: the name of a variable, or `default`."""
    given = {name.upper() for name, value in os.environ.items() if value}
    name = variable(field_name)
    return next((source for source in (name, f"{name}_FILE") if source in given), "default")


def written(value: object) -> str:
    """The text of a variable that means this value; empty for none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def faults(fields: Fields) -> list[str]:
    """A sentence for each variable with our prefix that is no setting, and for each secret that is given twice."""
    return [*_unknown(fields), *_given_twice(fields)]


def _unknown(fields: Fields) -> list[str]:
    known = [variable(name) for name in fields] + [f"{name}_FILE" for name in _secrets(fields)]
    given = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    return [_hint(name, known) for name in given if name.upper() not in known and not _is_read_elsewhere(name)]


def _is_read_elsewhere(name: str) -> bool:
    """The launcher of the embedded database reads the first, `taxiway tasks` the second, the tests read the others."""
    return name in ("TAXIWAY_PG_BINDIR", "TAXIWAY_TOKEN") or name.startswith("TAXIWAY_TEST_")


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name.upper(), known, n=1, cutoff=0.75)
    return f"{name} is not a setting: " + (
        f"did you mean {close[0]}?" if close else "`taxiway serve --help` lists them all."
    )


def _given_twice(fields: Fields) -> list[str]:
    twice = [name for name in _secrets(fields) if os.environ.get(name) and os.environ.get(f"{name}_FILE")]
    return [f"{name} and {name}_FILE are both set: give one of them." for name in twice]


def _secrets(fields: Fields) -> list[str]:
    return [variable(name) for name, field in fields.items() if is_secret(field)]


def _read(name: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").rstrip()
    except OSError as error:
        raise StartupError(f"{name} names a file that cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise StartupError(f"{name} names a file that is not UTF-8 text.") from None
    if not text:
        raise StartupError(f"{name} names an empty file.")
    return text
