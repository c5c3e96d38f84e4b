"""What is said on the command line of an import is what the import is told, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.connection import CommandError
from cli.imports import command, run
from cli.imports.job import Options
from cli.imports.numbers import Decimals
from cli.imports.sources import Form
from cli.main import app

PLAIN = Options(
    file=Path("f.csv"),
    form=Form(),
    columns=(),
    mapping=None,
    time_zone="",
    date_format="",
    decimals=None,
    thousands=False,
    keys_with_case=False,
    currency="",
    dry_run=False,
    wait=True,
)
WORK = {
    "orders": run.import_orders,
    "customers": run.import_customers,
    "touchpoints": run.import_touchpoints,
}

Said = Callable[..., Options]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """Gives a command its options; returns what its import is told."""
    told: list[tuple[Options, Any]] = []
    monkeypatch.setattr(command, "_run", lambda options, work: told.append((options, work)))

    def say(kind: str, *options: str) -> Options:
        result = CliRunner().invoke(app, ["import", kind, "f.csv", *options])
        if result.exception is not None:
            raise result.exception
        ((options_told, work),) = told
        assert work is WORK[kind]
        return options_told

    return say


@pytest.mark.parametrize("kind", sorted(WORK))
def test_where_nothing_is_said_nothing_is_assumed(said: Said, kind: str) -> None:
    assert said(kind) == PLAIN


@pytest.mark.parametrize("kind", sorted(WORK))
def test_what_is_said_is_told(said: Said, kind: str) -> None:
    options = (
        *("--map", "name=Nr", "--map", "phones=Tel", "--mapping", "m.toml"),
        *("--encoding", "gb18030", "--delimiter", "tab", "--header-line", "4"),
        *("--time-zone", "Asia/Shanghai", "--date-format", "%d.%m.%Y", "--decimal", "comma"),
        *("--thousands", "--keys-with-case", "--dry-run", "--no-wait"),
    )
    assert said(kind, *options) == replace(
        PLAIN,
        form=Form("gb18030", "\t", 4),
        columns=["name=Nr", "phones=Tel"],
        mapping=Path("m.toml"),
        time_zone="Asia/Shanghai",
        date_format="%d.%m.%Y",
        decimals=Decimals.COMMA,
        thousands=True,
        keys_with_case=True,
        dry_run=True,
        wait=False,
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--currency", "EUR"), {"currency": "EUR"}),
        (("--repeated-rows",), {"repeated_rows": True}),
        (("--names-may-differ",), {"names_may_differ": True}),
    ],
)
def test_of_orders_there_is_more_to_say(
    said: Said, options: tuple[str, ...], told: dict[str, Any]
) -> None:
    assert said("orders", *options) == replace(PLAIN, **told)


@pytest.mark.parametrize(
    ("text", "delimiter"), [(";", ";"), ("tab", "\t"), ("TAB", "\t"), ("\\t", "\t"), ("~", "~")]
)
def test_a_delimiter_is_one_character_or_a_tab(said: Said, text: str, delimiter: str) -> None:
    assert said("orders", "--delimiter", text).form.delimiter == delimiter


@pytest.mark.parametrize("text", [";;", "tabs", '"', "\n", "\r"])
def test_any_other_delimiter_is_one_sentence(said: Said, text: str) -> None:
    with pytest.raises(CommandError, match="give one character, or tab"):
        said("orders", "--delimiter", text)


@pytest.mark.parametrize(
    ("form", "told"), [("%d.%d.%Y", "%d is there twice"), ("%Y %Z UTC", "%z is there twice")]
)
def test_a_form_of_times_that_says_a_part_twice_is_one_sentence(
    said: Said, form: str, told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        said("orders", "--date-format", form)
    assert said("orders", "--date-format", "%d%% %Y%%").date_format == "%d%% %Y%%"


def test_lines_are_counted_from_one(said: Said) -> None:
    assert said("orders", "--header-line", "0") == PLAIN
    with pytest.raises(SystemExit):
        said("orders", "--header-line", "-1")
