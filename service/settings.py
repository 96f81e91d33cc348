"""What the operator can set: `TAXIWAY_...` variables, read once, frozen, passed down as a value."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from service import address, environment
from service.address import Address, Network
from service.errors import StartupError


def _address(value: object) -> object:
    return address.parse(value) if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _networks(value: object) -> object:
    return address.networks(value) if isinstance(value, str) else value


Listen = Annotated[Address, NoDecode, BeforeValidator(_address)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
File = Annotated[Path, AfterValidator(Path.absolute)]
Name = Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
AnyCase = BeforeValidator(_lower)


class Settings(BaseSettings):
    """All settings. Each description completes the sentence "TAXIWAY_... must be"; errors and `--help` print it."""

    model_config = SettingsConfigDict(
        env_prefix=environment.PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    listen: Listen = Field(
        Address("127.0.0.1", 50051),
        description="HOST:PORT to serve gRPC on, off loopback with TLS; port 0 takes a free one",
    )
    tls_cert_file: File | None = Field(
        None, description="the PEM file of the certificate and its chain, read again when it changes; without it no TLS"
    )
    tls_key_file: File | None = Field(None, description="the PEM file of the certificate's key, not encrypted")
    tls_client_ca_file: File | None = Field(
        None,
        description="the PEM file of the authorities for the certificates of callers, each of whom then needs one",
    )
    mtls_listen: Listen | None = Field(
        None, description="HOST:PORT for callers with certificates, so that TAXIWAY_LISTEN needs none"
    )
    allow_plaintext: bool = Field(False, description="true or false: whether tokens may cross a network in the clear")
    trusted_proxies: Networks = Field(
        (), description="networks joined by commas: the proxies whose x-forwarded-for is believed; without it none is"
    )
    database_url: SecretStr | None = Field(
        None, description="postgresql://USER:PASSWORD@HOST/DATABASE; without it an embedded PostgreSQL is started"
    )
    data_dir: File = Field(Path(".taxiway"), description="the directory of the embedded database and its secret key")
    mode: Annotated[Literal["development", "production"], AnyCase] = Field(
        "development", description="development or production, which refuses what is unfit for it"
    )
    secret_key: SecretStr | None = Field(
        None, description="32 bytes in base64url, or two such keys joined by a comma, the newest first"
    )
    issuer: Name = Field("taxiway", description="1 to 200 ASCII characters: who signs access tokens (`iss`)")
    audience: Name = Field("taxiway", description="1 to 200 ASCII characters: whom access tokens are for (`aud`)")
    sign_in_limit: int = Field(
        10,
        ge=1,
        le=1000,
        description="1 to 1000 failed sign-ins of an account, ten times as many of an address, before a wait",
    )
    argon2_memory: int = Field(65536, ge=8, le=1 << 20, description="8 to 1048576 KiB that hashing a password takes")
    argon2_time: int = Field(3, ge=1, le=100, description="1 to 100 passes over that memory")
    argon2_parallelism: int = Field(1, ge=1, le=64, description="1 to 64 lanes of that memory")
    hashing_threads: int | None = Field(
        None, ge=1, le=256, description="1 to 256 threads that hash passwords; without it one less than there are cores"
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
