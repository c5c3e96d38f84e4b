"""What `make lint` refuses in the rooms of a slice, shown on a line that does it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from grimp import ImportGraph

from tests.support.own_rooms import OwnRooms

ROOT = Path(__file__).parents[2]
READS_THE_CLOCK = '''\
"""A module."""

from datetime import UTC, datetime

NOW = datetime.now(UTC)
'''


DRAWS_AN_ID = '''\
"""A module."""

from uuid import uuid4

NAME = f"quotes/{uuid4()}"
'''
ROLLS_DICE = '''\
"""A module."""

import secrets

NAME = f"quotes/{secrets.token_hex(8)}"
'''


@pytest.mark.parametrize("source", [READS_THE_CLOCK, DRAWS_AN_ID, ROLLS_DICE])
@pytest.mark.parametrize(
    ("file", "refused"),
    [
        ("services/sales/quotes/model.py", True),
        ("services/sales/quotes/actions.py", True),
        ("services/sales/quotes/store/quotes.py", True),
        ("services/chassis/clock.py", False),
        ("gateway/__main__.py", False),
    ],
)
def test_no_slice_reads_the_clock_or_takes_ids_from_chance(
    file: str, source: str, *, refused: bool
) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--quiet", "--stdin-filename", file, "-"]
    checked = subprocess.run(
        ruff, cwd=ROOT, input=source, capture_output=True, text=True, check=False
    )
    assert ("TID251" in checked.stdout) is refused, checked.stdout


@pytest.mark.parametrize(
    ("importer", "imported", "kept"),
    [
        ("sales.quotes.servicer", "sales.quotes.messages", True),
        ("sales.quotes.servicer", "sales.orders.actions", True),
        ("sales.quotes.servicer.lists", "sales.quotes.messages.lines", True),
        ("sales.main", "sales.orders.servicer", True),
        ("sales.quotes.messages", "sales.addresses.messages", True),
        ("sales.quotes.servicer", "sales.orders.messages", False),
        ("sales.quotes.actions", "sales.orders.messages.lines", False),
        ("sales.quotes.messages", "sales.orders.messages", False),
        ("sales.quotes.servicer", "sales.orders.servicer", False),
    ],
)
def test_a_slice_leaves_another_ones_messages_and_servicer_alone(
    importer: str, imported: str, *, kept: bool
) -> None:
    graph = ImportGraph()
    for served in ("orders", "quotes"):
        graph.add_module(f"services.sales.{served}.servicer")
    graph.add_import(importer=f"services.{importer}", imported=f"services.{imported}")
    rule = {"services": ["services.sales"], "rooms": ["messages", "servicer"]}
    assert OwnRooms("rule", {}, {**rule, "name": "rule"}).check(graph, verbose=False).kept is kept
