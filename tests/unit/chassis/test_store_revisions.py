"""Which version may run on which database, and what makes a folder of scripts a history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from services.chassis.errors import StartRefused
from services.chassis.store.migrate import check_revision, migrate
from services.chassis.store.revisions import History
from tests.support.revisions import FIRST, revision, written_package

Written = Callable[[Mapping[str, str]], str]

A = {"20260301_a_0001.py": revision("a_0001", after="0001", oldest="0001")}
B_EXPANDS = {"20260302_b_0001.py": revision("b_0001", after="a_0001", oldest="0001")}
B_CONTRACTS = {"20260302_b_0001.py": revision("b_0001", after="a_0001", oldest="a_0001")}
C_EXPANDS = {"20260303_c_0001.py": revision("c_0001", after="b_0001", oldest="0001")}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    return partial(written_package, tmp_path, monkeypatch)


async def test_an_older_version_starts_on_a_newer_database_that_allows_it(
    written: Written, database_url: str
) -> None:
    await migrate(database_url, written(FIRST | A | B_EXPANDS))
    for older in (written(FIRST), written(FIRST | A)):
        await check_revision(database_url, older)


async def test_an_older_version_is_refused_by_a_newer_database_that_does_not_allow_it(
    written: Written, database_url: str
) -> None:
    await migrate(database_url, written(FIRST | A | B_CONTRACTS))
    await check_revision(database_url, written(FIRST | A))
    too_old = written(FIRST)
    for refused in (check_revision, migrate):
        with pytest.raises(
            StartRefused,
            match=rf"{too_old} is at revision b_0001, which this version does not know \(its newest"
            r" is 0001\); what may run on it are the versions of a_0001, b_0001: start one",
        ):
            await refused(database_url, too_old)


async def test_what_one_revision_has_closed_a_later_one_does_not_open_again(
    written: Written, database_url: str
) -> None:
    await migrate(database_url, written(FIRST | A | B_CONTRACTS | C_EXPANDS))
    await check_revision(database_url, written(FIRST | A))
    with pytest.raises(StartRefused, match="does not know"):
        await check_revision(database_url, written(FIRST))


async def test_rolling_back_a_version_leaves_the_newer_tables_as_they_are(
    written: Written, database_url: str
) -> None:
    newer, older = written(FIRST | A | B_EXPANDS), written(FIRST | A)
    await migrate(database_url, newer)
    assert await migrate(database_url, older) == "b_0001"
    await check_revision(database_url, older)
    await check_revision(database_url, newer)


async def test_a_newer_version_needs_its_migration_first(
    written: Written, database_url: str
) -> None:
    newer, older = written(FIRST | A), written(FIRST)
    await migrate(database_url, older)
    with pytest.raises(StartRefused, match=f"needs a_0001: run `python -m {newer} migrate`"):
        await check_revision(database_url, newer)
    assert await migrate(database_url, newer) == "a_0001"
    await check_revision(database_url, newer)
    await check_revision(database_url, older)


async def test_another_services_database_is_refused(written: Written, database_url: str) -> None:
    await migrate(database_url, written(FIRST | A))
    stranger = written(
        FIRST | {"20260301_z_0001.py": revision("z_0001", after="0001", oldest="0001")}
    )
    with pytest.raises(StartRefused, match="a_0001, which this version does not know"):
        await check_revision(database_url, stranger)


@pytest.mark.parametrize(
    ("revisions", "sentence"),
    [
        (
            A | {"20260302_b_0001.py": revision("b_0001", after="0001", oldest="0001")},
            r"a_0001 \(20260301_a_0001.py\) and b_0001 \(20260302_b_0001.py\) both follow 0001. "
            "Let the one that is merged last come after the other: set its down_revision",
        ),
        (
            A | {"20260302_a_0001.py": revision("a_0001", after="0001", oldest="0001")},
            "20260301_a_0001.py has a revision that another file has, too: give it the next number",
        ),
        (
            {"20260301_0002.py": revision("0002", after="0001", oldest="0001")},
            r"0002 \(20260301_0002.py\) is named by its slice and a number, like quotes_0001",
        ),
        (
            {"quotes.py": revision("quotes_0001", after="0001", oldest="0001")},
            "the file of quotes_0001 is versions/<yyyymmdd>_quotes_0001.py, not quotes.py",
        ),
        (
            {"20260301_a_0001.py": revision("a_0001", after="0001", oldest=None)},
            r"a_0001 .* has oldest_code = None; .* one of 0001, a_0001",
        ),
        (
            {"20260301_a_0001.py": revision("a_0001", after="0001", oldest="b_0001")},
            "a_0001 .* has oldest_code = 'b_0001'",
        ),
        (
            {"20260301_a_0001.py": revision("a_0001", after="z_0001", oldest="0001")},
            "'z_0001' is a down_revision, and no file is that one",
        ),
        (
            A
            | {"20260302_b_0001.py": revision("b_0001", after="0001", oldest="0001")}
            | {
                "20260303_c_0001.py": revision("c_0001", after="a_0001", oldest="0001").replace(
                    "'a_0001'", "('a_0001', 'b_0001')"
                )
            },
            "c_0001 .* follows several revisions; each follows one",
        ),
    ],
)
async def test_scripts_that_are_no_history_are_refused_with_what_to_do(
    written: Written, sqlite_url: str, revisions: dict[str, str], sentence: str
) -> None:
    package = written(FIRST | revisions)
    with pytest.raises(StartRefused, match=f"^the migrations of {package}: .*{sentence}"):
        await migrate(sqlite_url, package)


@pytest.mark.parametrize("name", ["nowhere", "services.chassis.store.revisions"])
def test_what_is_no_package_has_no_history(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is not a package"):
        History.of(name)
