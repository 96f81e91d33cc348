"""What the operator can set: `TAXIWAY_...` variables, read once, frozen, passed down as a value."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from service import address, environment
from service.address import Address
from service.errors import StartupError


def _address(value: object) -> object:
    return address.parse(value) if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Listen = Annotated[Address, NoDecode, BeforeValidator(_address)]
AnyCase = BeforeValidator(_lower)


class Settings(BaseSettings):
    """All settings. Each description completes the sentence "TAXIWAY_... must be"; errors and `--help` print it."""

    model_config = SettingsConfigDict(
        env_prefix=environment.PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    listen: Listen = Field(
        Address("127.0.0.1", 50051), description="HOST:PORT to serve gRPC on, a loopback host; port 0 takes a free one"
    )
    database_url: SecretStr | None = Field(
        None, description="postgresql://USER:PASSWORD@HOST/DATABASE; without it an embedded PostgreSQL is started"
    )
    data_dir: Annotated[Path, AfterValidator(Path.absolute)] = Field(
        Path(".taxiway"), description="the directory of the embedded database and its secret key"
    )
    mode: Annotated[Literal["development", "production"], AnyCase] = Field(
        "development", description="development or production, which refuses what is unfit for it"
    )
    secret_key: SecretStr | None = Field(
        None, description="32 bytes in base64url, or two such keys joined by a comma, the newest first"
    )
    reuse_port: bool = Field(False, description="true or false: whether several servers may share the port")
    pooler: Annotated[Literal["none", "transaction"], AnyCase] = Field(
        "none", description="none or transaction: how a pooler before the database hands out connections"
    )
    purge: Annotated[Literal["on", "off"], AnyCase] = Field(
        "on", description="on or off: whether this process removes what was deleted long ago"
    )
    metrics_listen: Listen | None = Field(
        None, description="HOST:PORT to serve Prometheus metrics on; without it none are served"
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        "info", description="debug, info, warning or error"
    )
    log_format: Annotated[Literal["auto", "json", "console"], AnyCase] = Field(
        "auto", description="auto, json or console; auto is console on a terminal and json elsewhere"
    )
    drain_delay: float = Field(
        0.25, ge=0, le=60, description="0 to 60 seconds between NOT_SERVING and the end of accepting calls"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it by name.
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - As above.
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, the environment, `*_FILE`: no `.env` file and no directory of secrets is read unasked."""
        return init_settings, env_settings, environment.SecretFiles(settings_cls)


def load() -> Settings:
    """Reads the environment. Raises StartupError with a line for each fault; no line repeats a value."""
    faults = environment.faults(Settings.model_fields)
    try:
        settings = Settings()
    except StartupError as error:
        raise StartupError("\n".join([*faults, str(error)])) from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise StartupError("\n".join([*faults, *map(_sentence, found)])) from None
    if faults:
        raise StartupError("\n".join(faults))
    return settings


def _sentence(fault: ErrorDetails) -> str:
    name = str(fault["loc"][0])
    detail = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else "has a value that is not allowed"
    return f"{environment.variable(name)} {detail}: it must be {Settings.model_fields[name].description}."
