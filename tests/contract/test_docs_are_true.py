"""What the pages say of settings, decisions, packages and other pages is so."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from guanxi.customer.v1 import customers_pb2, touchpoints_pb2
from guanxi.insight.v1 import alerts_pb2
from guanxi.sales.v1 import orders_pb2

from services.chassis.descriptors import load_catalogue
from services.chassis.process.commands import Program
from services.chassis.settings import SharedSettings, settings_table

ROOT = Path(__file__).parents[2]
PROCESSES = ("services/customer", "services/sales", "services/insight", "gateway")
SOURCES = ("services", "gateway", "cli", "deploy", "protos", "requirements", "tests")
PAGES = sorted(
    [*ROOT.glob("*.md"), *(p for d in ("docs", *SOURCES) for p in (ROOT / d).rglob("*.md"))]
)
SETTINGS = (ROOT / "docs/settings.md").read_text("utf-8")
VARIABLE = re.compile(r"\bGUANXI_[A-Z_]*[A-Z]\b(?!_)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)
CALL = re.compile(r"\b([A-Za-z_]\w*)\(")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def settings_of(process: str) -> type[SharedSettings]:
    name = process.rpartition("/")[2].capitalize()
    module = import_module(process.replace("/", ".") + ".settings")
    found: type[SharedSettings] = getattr(module, f"{name}Settings")
    return found


def own_variables(settings: type[SharedSettings]) -> list[str]:
    return [
        settings.variable(field)
        for field in settings.model_fields
        if field not in SharedSettings.model_fields
    ]


@pytest.mark.parametrize("process", PROCESSES)
def test_the_page_of_settings_has_every_row_of_a_process(process: str) -> None:
    settings = settings_of(process)
    variables = own_variables(settings)
    rows = settings_table(settings).splitlines()[2:-2]
    own = [row for row in rows if row.split("`")[1] in variables]
    assert len(own) == len(variables) > 2
    assert [row for row in own if row not in SETTINGS] == []


def test_the_page_of_settings_has_every_shared_row() -> None:
    rows = settings_table(SharedSettings).splitlines()[2:-2]
    assert [row for row in rows if row not in SETTINGS] == []


@pytest.mark.parametrize("process", PROCESSES)
def test_the_page_of_a_process_has_its_own_settings_and_their_true_defaults(process: str) -> None:
    page = (ROOT / process / "README.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `(GUANXI_\w+)` \|(?: `([^`]*)`)? *\|", page, re.M))
    settings = settings_of(process)
    assert [each for each in own_variables(settings) if each not in told] == []
    loaded = settings.load({})
    true = {
        settings.variable(field): _as_told(getattr(loaded, field))
        for field in settings.model_fields
        if settings.variable(field) in told
    }
    assert told == true


def _as_told(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_no_page_names_a_variable_that_nobody_reads() -> None:
    known = {
        settings.variable(field)
        for settings in map(settings_of, PROCESSES)
        for field in settings.model_fields
    }
    command_line = "".join(path.read_text("utf-8") for path in (ROOT / "cli").rglob("*.py"))
    known |= {each for each in VARIABLE.findall(command_line) if each.startswith("GUANXI_CLI_")}
    named = {
        variable.removesuffix("_FILE") if variable not in known else variable
        for page in PAGES
        for variable in VARIABLE.findall(page.read_text("utf-8"))
    }
    assert sorted(named - known) == []


@pytest.mark.parametrize("service", ["customer", "sales", "insight"])
def test_a_service_names_its_commands(service: str) -> None:
    program: Program[Any] = import_module(f"services.{service}.main").PROGRAM
    commands = f"python -m {program.package} [{'|'.join(program.commands)}]"
    assert import_module(f"services.{service}.__main__").__doc__ == commands


def test_the_page_of_architecture_shows_a_service_with_its_commands() -> None:
    shown = re.findall(r"__main__.py +(.*)", (ROOT / "docs/architecture.md").read_text("utf-8"))
    assert shown == [import_module("services.sales.__main__").__doc__]


def test_the_page_of_architecture_says_what_lint_lets_a_model_know() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    name = "A model knows of the chassis what values and errors are"
    (contract,) = (each for each in lint["contracts"] if each["name"] == name)
    *most, last = (each.rpartition(".")[2] for each in contract["ignore_imports"])
    architecture = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert f"| model | standard library, chassis.{', '.join(most)} and {last}," in architecture


def test_what_the_page_of_slices_calls_is_there_to_be_called() -> None:
    page = (ROOT / "docs/adding-a-slice.md").read_text("utf-8")
    called = {name for code in CODE.findall(page) for name in CALL.findall(code)}
    there = {
        node.name
        for folder in SOURCES
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    messages = {each.name for file in load_catalogue().files.file for each in file.message_type}
    messages |= set(dir(Message))
    of_its_example = {"expire_quotes"}
    assert len(called) > 30
    assert sorted(called - there - messages - of_its_example - set(dir(dict))) == []


def test_the_page_of_architecture_has_what_there_is_where_it_is_and_not_as_to_come() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    protos = list(ROOT.glob("protos/guanxi/*/v1/*.proto"))
    slices = {(each.parts[-3], each.stem) for each in protos}
    layout = {each: _line(page, f"services/{each}/ ") for each in ("customer", "sales", "insight")}
    assert [
        name for service, name in slices if service in layout and f" {name}/" not in layout[service]
    ] == []
    collections = {
        name for each in protos for name in re.findall(r"`([a-z]+)/\{", each.read_text("utf-8"))
    }
    assert {"teams", "orders"} <= collections
    to_come = set(re.findall(r"[a-z-]+", _line(page, "To come")))
    assert to_come & (collections | {name for _, name in slices}) == set()


def _line(page: str, beginning: str) -> str:
    return next(each for each in page.splitlines() if each.startswith(beginning))


@pytest.mark.parametrize(
    "named",
    [
        customers_pb2.Customer.LifecycleStage,
        orders_pb2.Order.State,
        touchpoints_pb2.Touchpoint.Channel,
        touchpoints_pb2.Touchpoint.Type,
        alerts_pb2.Alert.State,
        alerts_pb2.Alert.Outcome,
    ],
    ids=lambda named: named.DESCRIPTOR.full_name,
)
def test_the_page_of_the_domain_calls_things_as_the_contract_does(named: Any) -> None:
    words = set(re.findall(r"\b[A-Z_0-9]+\b", (ROOT / "docs/domain.md").read_text("utf-8")))
    names = {each.name for each in named.DESCRIPTOR.values if each.number}
    assert sorted(names - words) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    links = LINK.findall(CODE.sub("", page.read_text("utf-8")))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_decision_is_in_the_index_under_its_title() -> None:
    folder = ROOT / "docs/adr"
    index = (folder / "README.md").read_text("utf-8")
    decisions = sorted(folder.glob("[0-9]*.md"))
    assert decisions
    missing = [each.name for each in decisions if f"]({each.name})" not in index]
    assert missing == []
    numbers = [each.name[:4] for each in decisions]
    assert numbers == [f"{number:04}" for number in range(1, len(decisions) + 1)]


def test_the_changelog_tells_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert headings[0] in ("Unreleased", version)


def test_every_package_has_its_reason() -> None:
    reasons = (ROOT / "docs/dependencies.md").read_text("utf-8")
    reasons = re.sub(
        r"([\w-]+)\{([\w,-]+)\}",
        lambda found: ", ".join(found[1] + each for each in found[2].split(",")),
        reasons,
    )
    named = set(re.findall(r"[\w-]+(?:\[\w+\])?", reasons))
    packages = {
        line
        for path in (ROOT / "requirements").glob("*.in")
        for line in path.read_text("utf-8").splitlines()
        if line and not line.startswith(("#", "-"))
    }
    assert packages
    assert sorted(packages - named) == []


def test_a_file_of_more_than_300_lines_says_why() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines[:12]
        for folder in SOURCES
        for kind in ("*.py", "*.proto")
        for path in (ROOT / folder).rglob(kind)
        if len(lines := path.read_text("utf-8").splitlines()) > 300
    }
    assert [name for name, head in long.items() if "300 lines" not in " ".join(head)] == []
