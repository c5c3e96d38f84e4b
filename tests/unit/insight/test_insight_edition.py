"""The edition: one for replicas of one image, another where facts may be computed otherwise."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.insight.engine import edition as editions
from services.insight.engine.edition import edition

UTC = ZoneInfo("UTC")


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code of a service, with a formula in a folder of its own."""
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "model.py").write_text("late = 2")
    (tmp_path / "main.py").write_text("")
    monkeypatch.setattr(editions, "files", lambda _: tmp_path)
    return tmp_path


def test_processes_of_the_same_code_and_zone_are_of_one_edition() -> None:
    assert edition(UTC) == edition(ZoneInfo("UTC"))


def test_a_changed_formula_is_another_edition_and_back_again_the_first(code: Path) -> None:
    formula = code / "facts" / "model.py"
    before = edition(UTC)
    formula.write_text("late = 3")
    assert edition(UTC) != before
    formula.write_text("late = 2")
    assert edition(UTC) == before


def test_a_formula_that_moves_to_another_file_is_another_edition(code: Path) -> None:
    before = edition(UTC)
    (code / "facts" / "model.py").rename(code / "facts" / "formulas.py")
    assert edition(UTC) != before


def test_days_of_another_zone_are_another_edition(code: Path) -> None:
    assert edition(UTC) != edition(ZoneInfo("Asia/Shanghai"))


def test_what_is_no_code_makes_no_edition(code: Path) -> None:
    before = edition(UTC)
    (code / "README.md").write_text("Facts, explained.")
    assert edition(UTC) == before
