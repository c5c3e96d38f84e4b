"""What to import and how: what the user said, and what the company says where the user didn't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from guanxi.gateway.v1.company_pb2 import Company, GetCompanyRequest
from guanxi.gateway.v1.company_pb2_grpc import CompanyServiceStub

from cli.connection import CommandError, Connection
from cli.imports.columns import Chosen, Columns, Field, Located, parse_assignments
from cli.imports.directory import People, people
from cli.imports.numbers import Decimals, Numbers
from cli.imports.reading import ANY_SECONDS, Style, looks_like_row
from cli.imports.sources import Form, Source, open_source
from cli.imports.values import Times

_ASK_SECONDS = 10
# Fields that name somebody who works here.
_OF_PEOPLE = frozenset({"owner", "seller", "actor"})


@dataclass(frozen=True, slots=True)
class Options:
    """The user's words about one import; empty where they said nothing."""

    file: Path
    form: Form
    columns: Sequence[str]
    mapping: Path | None
    time_zone: str
    date_format: str
    decimals: Decimals | None
    thousands: bool
    keys_with_case: bool
    currency: str
    dry_run: bool
    wait: bool
    repeated_rows: bool = False
    names_may_differ: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A file that is open, where its fields are (by the user's word those that are `chosen`), and
    how its cells are read."""

    source: Source
    columns: Located
    chosen: Chosen
    style: Style
    dry_run: bool
    wait: bool

    @property
    def refused_path(self) -> Path:
        """Where refused rows go: a file in the current folder, as that of the source may be
        read-only."""
        return Path.cwd() / f"{self._name}.refused.csv"

    @property
    def cells_path(self) -> Path:
        """Where values go that their rows went in without."""
        return Path.cwd() / f"{self._name}.cells.csv"

    @property
    def _name(self) -> str:
        # A dry run leaves the files of a real one, which may be being mended.
        name = self.source.path.name.removesuffix(".gz")
        return f"{name}.dry-run" if self.dry_run else name


async def prepare(options: Options, fields: Sequence[Field], connection: Connection) -> Job:
    """Opens the file and finds its columns.

    Raises:
        CommandError: the file can't be read so, or an option makes no sense.
    """
    columns = Columns(fields, parse_assignments(options.columns, options.mapping))
    source = open_source(options.file, options.form, columns.known)
    located = columns.locate(source.header)
    company = await _company(connection)
    style = Style(
        Times(_zone(options.time_zone or company.time_zone), options.date_format),
        Numbers(options.decimals, options.thousands, mostly_point=source.delimiter == ","),
        (options.currency or company.base_currency_code).upper(),
        options.keys_with_case,
        _possible_seconds(company, datetime.now(UTC)),
        await people(connection) if _OF_PEOPLE & located.keys() else People(),
    )
    source = replace(source, is_row=partial(looks_like_row, located, style))
    return Job(source, located, columns.chosen, style, options.dry_run, options.wait)


async def _company(connection: Connection) -> Company:
    company: Company = await CompanyServiceStub(connection.channel).GetCompany(
        GetCompanyRequest(), metadata=connection.metadata, timeout=_ASK_SECONDS
    )
    return company


def _possible_seconds(company: Company, now: datetime) -> range:
    """From the company's earliest date to a day ahead, as the services take them."""
    latest = int((now + timedelta(days=1)).timestamp())
    if not company.HasField("earliest_date"):  # of a gateway that is older than this program
        return range(ANY_SECONDS.start, latest + 1)
    day = company.earliest_date
    zone = ZoneInfo(company.time_zone)
    earliest = datetime(day.year, day.month, day.day, tzinfo=zone) - datetime.fromtimestamp(0, UTC)
    return range(86_400 * earliest.days + earliest.seconds, latest + 1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(f"--time-zone {name}: no such zone; try Europe/London or UTC.") from None
