"""The reasons for errors that a module spells: in place, or by the name of a constant, its own or
another module's; and those that are made of a field's name (`chassis.people`)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["REASON", "reasons_of", "trees"]

_ROOT = Path(__file__).parents[2]
REASON = re.compile(r"[A-Z]+(_[A-Z]+)+")
# What is asked of `People` about a field, and how the reasons end.
_MADE = {"expect": ("_UNKNOWN", "_INACTIVE"), "expect_team": ("_UNKNOWN",)}
# An answer that was written beforehand, as bytes.
_WRITTEN = re.compile(rb'"reason":"([A-Z_]+)"')


def reasons_of(tree: ast.Module) -> Iterator[str]:
    """What is given to a call in capitals, or is the default of what may be given."""
    names = _named_in(tree)
    for node in ast.walk(tree):
        given: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            given = [*node.args, *(each.value for each in node.keywords if each.arg == "reason")]
            yield from _made(node)
        elif isinstance(node, ast.arguments):
            given = [*node.defaults, *node.kw_defaults]
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            yield from (each.decode() for each in _WRITTEN.findall(node.value))
        texts = (text for each in given for text in _texts(each, names))
        yield from (text for text in texts if REASON.fullmatch(text))


@cache
def trees(folder: str, files: str = "*.py") -> list[ast.Module]:
    """The modules of a folder, but for migrations."""
    return [
        ast.parse(path.read_text("utf-8"))
        for path in sorted((_ROOT / folder).rglob(files))
        if "migrations" not in path.parts
    ]


def _made(call: ast.Call) -> Iterator[str]:
    match call:
        case ast.Call(
            func=ast.Attribute(attr=asked), args=[ast.Constant(value=str(field)), _], keywords=[]
        ):
            yield from (field.upper() + end for end in _MADE.get(asked, ()))


def _texts(given: ast.expr | None, names: _Names) -> Iterator[str]:
    """The texts that an expression may be."""
    match given:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name() | ast.Attribute():
            yield from names.text(ast.unparse(given))
        case ast.IfExp():
            yield from _texts(given.body, names)
            yield from _texts(given.orelse, names)


@dataclass(frozen=True, slots=True)
class _Names:
    """What a module gives names to: texts of its own, and what it imports, by module and name."""

    own: Mapping[str, str]
    imported: Mapping[str, tuple[str, str]]

    def text(self, name: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """The text of a constant as the module says it: `NOT_ALLOWED`, `model.TAKEN`."""
        if name in self.own:
            yield self.own[name]
        first, _, rest = name.partition(".")
        module, original = self.imported.get(first, ("", ""))
        if module and rest:
            module, original = f"{module}.{original}", rest
        if module and module not in seen:
            yield from _names_of(module).text(original, seen | {module})


def _named_in(tree: ast.Module) -> _Names:
    own, imported = {}, {}
    for node in tree.body:
        match node:
            case ast.ImportFrom(module=str(module), level=0):
                imported.update({one.asname or one.name: (module, one.name) for one in node.names})
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                own[name] = text
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text))):
                own[name] = text
    return _Names(own, imported)


@cache
def _names_of(module: str) -> _Names:
    """Those of a module of the suite; none of another's."""
    path = _ROOT.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.exists():
            return _named_in(ast.parse(file.read_text("utf-8")))
    return _Names({}, {})
