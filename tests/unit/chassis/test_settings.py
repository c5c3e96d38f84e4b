"""A wrong environment stops the start and says everything that is wrong with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.chassis.settings import SettingsError, settings_table
from tests.support.chassis import EchoSettings


def _problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        EchoSettings.load(environ)
    return refused.value.problems


def test_an_empty_environment_is_a_development_setup() -> None:
    settings = EchoSettings.load({})
    assert settings.environment == "development"
    assert settings.database_url == "sqlite:///.guanxi/sales.db"
    assert settings.business_date is None


def test_settings_are_read_by_name() -> None:
    settings = EchoSettings.load(
        {
            "GUANXI_LOG_LEVEL": "debug",
            "GUANXI_BUSINESS_DATE": "2011-12-10",
            "GUANXI_DATA_DIR": "/var/lib/guanxi",
            "GUANXI_SALES_LISTEN": "0.0.0.0:7",
            "GUANXI_SALES_TARGET": "dns:///sales:50052",
            "PATH": "/bin",
        }
    )
    assert settings.log_level == "debug"
    assert settings.business_date == date(2011, 12, 10)
    assert settings.database_url == "sqlite:////var/lib/guanxi/sales.db"
    assert settings.listen == "0.0.0.0:7"
    assert settings.sales_target == "dns:///sales:50052"


def test_every_problem_is_named_at_once() -> None:
    problems = _problems(
        {
            "GUANXI_LOG_LEVEL": "loud",
            "GUANXI_DATABASE_URL": "sqlite:///x",
            "GUANXI_SALES_LISTN": "x",
            "GUANXI_TIME_ZONE": "Mars/Olympus",
            "GUANXI_BUSINESS_DATE": "yesterday",
            "GUANXI_REDIS_URL_FILE": "/nowhere/redis",
        }
    )
    assert [problem.split(":")[0] for problem in problems] == [
        "GUANXI_DATABASE_URL",
        "GUANXI_REDIS_URL_FILE",
        "GUANXI_SALES_LISTN",
        "GUANXI_LOG_LEVEL",
        "GUANXI_TIME_ZONE",
        "GUANXI_BUSINESS_DATE",
    ]
    assert all("\n" not in problem for problem in problems)


def test_another_processs_settings_are_none_of_ours() -> None:
    EchoSettings.load({"GUANXI_INSIGHT_WHATEVER": "1", "GUANXI_CLI_URL": "http://x"})


def test_a_secret_is_read_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql+asyncpg://u:p@db/sales\n", "utf-8")
    settings = EchoSettings.load({"GUANXI_SALES_DATABASE_URL_FILE": str(secret)})
    assert settings.database_url == "postgresql+asyncpg://u:p@db/sales"
    assert "u:p" not in repr(settings)


def test_a_setting_given_directly_and_as_a_file_is_a_problem(tmp_path: Path) -> None:
    environ = {"GUANXI_REDIS_URL": "redis://x", "GUANXI_REDIS_URL_FILE": str(tmp_path)}
    assert _problems(environ) == [
        "GUANXI_REDIS_URL_FILE: GUANXI_REDIS_URL is set as well; give one of them"
    ]


def test_settings_cannot_be_changed() -> None:
    settings = EchoSettings.load({})
    with pytest.raises(Exception, match="frozen"):
        settings.log_level = "debug"


def test_the_table_for_a_readme_names_every_variable_with_its_meaning() -> None:
    rows = settings_table(EchoSettings).splitlines()[2:-2]
    assert len(rows) == len(EchoSettings.model_fields)
    for row in rows:
        variable, _, meaning = (cell.strip() for cell in row.strip("|").split(" | "))
        assert variable.startswith("`GUANXI_")
        assert meaning
