"""Which tests a mutant is shown to, and in which order."""

from __future__ import annotations

import pytest

from tests.mutants.reach import AT_IMPORT, Noted, Reach, portions

SOURCE = """\
LIMIT = 3

def least(
    one, other
):
    if one < other:
        return (
            one
        )
    return other
"""
NOTED = {
    AT_IMPORT: Noted(0, {"m.py": [1, 3]}, False),
    "a.py::dear_and_whole": Noted(9, {"m.py": [6, 8]}, False),
    "b.py::cheap": Noted(1, {"m.py": [6, 8]}, False),
    "c.py::the_other_way": Noted(2, {"m.py": [6, 10]}, False),
    "d.py::elsewhere": Noted(3, {"n.py": [1]}, False),
    "e.py::broken_anyway": Noted(1, {"m.py": [6, 8]}, True),
}
ONE_WAY = ["b.py::cheap", "a.py::dear_and_whole"]


@pytest.mark.parametrize("line", [7, 8, 9])
def test_tests_of_the_statement_come_first_then_those_of_its_module(line: int) -> None:
    asked = Reach(NOTED).tests("m.py", SOURCE, line)
    assert asked == [*ONE_WAY, "c.py::the_other_way"]


def test_the_head_of_a_statement_is_not_its_body() -> None:
    assert Reach(NOTED).tests("m.py", SOURCE, 10)[0] == "c.py::the_other_way"
    assert Reach(NOTED).tests("m.py", SOURCE, 6) == [
        "b.py::cheap",
        "c.py::the_other_way",
        "a.py::dear_and_whole",
    ]


@pytest.mark.parametrize("line", [1, 4])
def test_what_runs_at_import_is_shown_to_all(line: int) -> None:
    asked = Reach(NOTED).tests("m.py", SOURCE, line)
    assert asked[-1] == "d.py::elsewhere"
    assert len(asked) == 4


def test_what_was_noted_apart_is_of_one_area() -> None:
    more = {AT_IMPORT: Noted(0, {"n.py": [1]}, False), "f.py::far": Noted(9, {}, False)}
    reach = Reach(NOTED, more)
    assert reach.tests("m.py", SOURCE, 1)[-2:] == ["d.py::elsewhere", "f.py::far"]
    assert reach.tests("n.py", "ONE = 1", 1)[0] == "d.py::elsewhere"
    assert len(reach.tests("n.py", "ONE = 1", 1)) == 5


def test_a_test_that_fails_with_nothing_broken_is_told_and_never_asked() -> None:
    reach = Reach(NOTED)
    assert reach.failed == ["e.py::broken_anyway"]
    assert "e.py::broken_anyway" not in reach.tests("m.py", SOURCE, 1)


def test_a_test_that_turns_out_to_fail_with_nothing_broken_is_not_asked_again() -> None:
    reach = Reach(NOTED)
    reach.leave_out("b.py::cheap")
    assert reach.failed == ["e.py::broken_anyway", "b.py::cheap"]
    assert "b.py::cheap" not in reach.tests("m.py", SOURCE, 8)


PRIVATE = """\
_LIMIT = 3

def least(one):
    return min(
        one, _LIMIT
    )

def other(one):
    return one
"""


def test_a_private_name_is_shown_where_it_is_used_then_to_its_module_and_nowhere_else() -> None:
    noted = {
        AT_IMPORT: Noted(0, {"m.py": [1, 3, 8]}, False),
        "a.py::uses_it": Noted(9, {"m.py": [4]}, False),
        "b.py::is_near": Noted(1, {"m.py": [9]}, False),
        "c.py::is_elsewhere": Noted(1, {"n.py": [1]}, False),
    }
    near = ["a.py::uses_it", "b.py::is_near"]
    assert Reach(noted).tests("m.py", PRIVATE, 1) == near
    public = PRIVATE.replace("_LIMIT", "LIMIT")
    assert sorted(Reach(noted).tests("m.py", public, 1)) == [*near, "c.py::is_elsewhere"]


def test_the_first_files_are_asked_before_the_others_are_loaded() -> None:
    tests = ["a.py::1", "b.py::1", "b.py::2", "c.py::1", "a.py::2", "d.py::1", "b.py::3"]
    assert list(portions(tests)) == [tests[:5], tests[5:]]
    assert list(portions(tests[:5])) == [tests[:5]]
    assert list(portions([])) == [[]]
