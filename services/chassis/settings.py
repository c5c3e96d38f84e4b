"""Settings by environment: `GUANXI_<NAME>` for all processes, `GUANXI_<PROCESS>_<NAME>` for one.

Strict: whatever is unknown, missing or malformed stops the start, all of it named at once. Each
process derives its own class in its settings.py; nothing else reads the environment.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

__all__ = [
    "ServiceSettings",
    "SettingsError",
    "SharedSettings",
    "SigningSettings",
    "settings_table",
]

_PREFIX = "GUANXI_"
_FILE = "_FILE"
# Whose settings one environment may hold besides one's own: `make run` gives all to all.
_PROCESSES = ("CUSTOMER", "SALES", "INSIGHT", "GATEWAY", "CLI")


class SettingsError(Exception):
    """The environment does not make a start possible; one problem per line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _zone_name(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone such as Europe/Berlin") from None
    return name


class SharedSettings(BaseSettings):
    """What every process understands."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    process: ClassVar[str] = ""

    environment: Literal["development", "production"] = Field(
        "development", description="`production` switches reflection off."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line that is written."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`auto`: for people on a terminal, JSON elsewhere."
    )
    data_dir: Path = Field(Path(".guanxi"), description="Folder of the SQLite files.")
    token_public_keys: str = Field(
        "",
        repr=False,
        description="Whose tokens are believed: `process = ` and its public key (PEM, Ed25519) for "
        "each; two keys, one after the other, while they rotate. Required to serve.",
    )
    redis_url: str | None = Field(
        None, repr=False, description="Redis or Valkey; without it everything stays in-process."
    )
    base_currency: str = Field(
        "USD",
        pattern="^[A-Z]{3}$",
        description="Currency (ISO 4217) in which amounts are compared.",
    )
    time_zone: Annotated[str, AfterValidator(_zone_name)] = Field(
        "UTC", description="Time zone in which business days are counted."
    )
    country: str = Field(
        "",
        pattern="^([A-Z]{2})?$",
        description="Country of the company (ISO 3166-1 alpha-2: `CN`): a phone number without a "
        "country code is one of it. Without it such a number can't be read.",
    )
    business_date: date | None = Field(
        None, description="Holds today still at this date (ISO 8601), for replays."
    )
    earliest_date: date = Field(
        date(1970, 1, 1),
        description="Orders, touchpoints and first meetings of an earlier day are refused: one "
        "slip of a digit must not move everybody's windows.",
    )
    customer_target: str = Field("127.0.0.1:50051", description="Where the customer service is.")
    sales_target: str = Field("127.0.0.1:50052", description="Where the sales service is.")
    insight_target: str = Field("127.0.0.1:50053", description="Where the insight service is.")
    default_deadline_seconds: float = Field(
        10.0, gt=0, description="Deadline of a unary call whose caller gives none."
    )
    drain_wait_seconds: float = Field(
        0.5,
        ge=0,
        le=2,
        description="How long a stopping process answers NOT_SERVING before it refuses calls.",
    )
    drain_grace_seconds: float = Field(
        4.0, ge=0, le=4, description="How long running calls may take to finish after that."
    )
    max_connection_age_seconds: float = Field(
        300.0, ge=1, description="Age at which a connection is renewed, so that replicas are found."
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Reads the environment; raises SettingsError with every problem there is."""
        source = _Environment(cls, os.environ if environ is None else environ)
        try:
            settings = cls.model_validate(source())
        except ValidationError as error:
            source.problems.extend(_problems(cls, error))
        else:
            if not source.problems:
                return settings
        raise SettingsError(source.problems)

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable of a field: `GUANXI_LOG_LEVEL`, `GUANXI_SALES_LISTEN`."""
        own = "" if field in SharedSettings.model_fields else f"{cls.process.upper()}_"
        return f"{_PREFIX}{own}{field.upper()}"

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: Any, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` read; the library's own sources would not name what is unknown."""
        return (init_settings,)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of business days."""
        return ZoneInfo(self.time_zone)


class SigningSettings(SharedSettings):
    """What a process understands that signs tokens: a key of its own, which no other has."""

    token_private_key: str = Field(
        "",
        repr=False,
        description="The process's own private key (PEM, Ed25519), with which it signs internal "
        "tokens.",
    )


class ServiceSettings(SigningSettings):
    """What a service with a store understands; `process` and the two addresses come from it."""

    listen: str = Field(description="Address of the gRPC server: host:port, or unix:/path.")
    admin_listen: str = Field(description="Address of /metrics, /livez and /readyz.")
    database_url: str = Field(
        "",
        repr=False,
        description="`sqlite:///<path>` or `postgresql+asyncpg://…`; "
        "by default a file named after the service in the data folder.",
    )
    event_retention_days: int | None = Field(
        None,
        ge=1,
        description="Events that are older and superseded by a newer one of the same record and "
        "type leave the log; all are kept where it is not set.",
    )

    @model_validator(mode="before")
    @classmethod
    def _database_in_data_dir(cls, values: dict[str, Any]) -> dict[str, Any]:
        folder = values.get("data_dir", cls.model_fields["data_dir"].default)
        return {"database_url": f"sqlite:///{folder}/{cls.process}.db", **values}


def settings_table(settings: type[SharedSettings]) -> str:
    """All variables of a process as a Markdown table, for its README."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in settings.model_fields.items():
        derived = field.is_required() or field.default in ("", None, Path())
        default = "" if derived else f"`{field.default}`"
        meaning = field.description or _inherited_meaning(settings, name)
        lines.append(f"| `{settings.variable(name)}` | {default} | {meaning} |")
    lines.append("")
    lines.append(f"Any of them can be read from a file instead: `<VARIABLE>{_FILE}=/path`.")
    return "\n".join(lines)


def _inherited_meaning(settings: type[SharedSettings], name: str) -> str:
    """A process that only gives a field its default keeps the meaning said above it."""
    above = (cls for cls in settings.__mro__ if issubclass(cls, SharedSettings))
    fields = (cls.model_fields[name] for cls in above if name in cls.model_fields)
    return next((field.description for field in fields if field.description), "")


class _Environment(PydanticBaseSettingsSource):
    """The environment as field values; keeps a list of what it could not make sense of."""

    def __init__(self, settings: type[SharedSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._variables = {settings.variable(field): field for field in settings.model_fields}
        self._environ = environ
        others = set(_PROCESSES) - {settings.process.upper()}
        self._foreign = tuple(f"{_PREFIX}{process}_" for process in others)
        self.problems: list[str] = []

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not used: all values are read in one go."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self._values())

    def _values(self) -> Iterator[tuple[str, str]]:
        for variable in sorted(self._environ):
            if not variable.startswith(_PREFIX):
                continue
            stem = variable.removesuffix(_FILE)
            if variable in self._variables:
                yield self._variables[variable], self._environ[variable]
            elif stem in self._variables:
                yield from self._from_file(variable, stem)
            elif not variable.startswith(self._foreign):
                self.problems.append(f"{variable}: there is no such setting")

    def _from_file(self, variable: str, stem: str) -> Iterator[tuple[str, str]]:
        if stem in self._environ:
            self.problems.append(f"{variable}: {stem} is set as well; give one of them")
            return
        try:
            value = Path(self._environ[variable]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            self.problems.append(f"{variable}: cannot read {self._environ[variable]}: {reason}")
            return
        yield self._variables[stem], value.rstrip("\r\n")


def _problems(settings: type[SharedSettings], error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        field = str(problem["loc"][0]) if problem["loc"] else ""
        text = problem["msg"].removeprefix("Value error, ")
        variable = settings.variable(field) if field in settings.model_fields else _PREFIX + "…"
        yield f"{variable}: {text[:1].lower()}{text[1:]}"
