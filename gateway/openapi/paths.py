"""Paths of the description: a template becomes a path with one parameter per wildcard."""

from dataclasses import dataclass

from gateway.templates import Template, Variable

__all__ = ["PathParameter", "openapi_path"]


@dataclass(frozen=True, slots=True)
class PathParameter:
    """One wildcard of a template: its name in the path, and the field it is part of."""

    name: str
    field_path: str
    several_segments: bool


def openapi_path(template: Template) -> tuple[str, list[PathParameter]]:
    """`/v1/{name=orders/*}:cancel` gives `/v1/orders/{order}:cancel` with the parameter `order`."""
    pieces: list[str] = []
    parameters: list[PathParameter] = []
    for index, segment in enumerate(template.segments):
        if segment not in ("*", "**"):
            pieces.append(segment)
            continue
        variable = next((v for v in template.variables if v.start <= index < v.end), None)
        name = _name(template, index, variable)
        field_path = variable.field_path if variable is not None else ""
        parameters.append(PathParameter(name, field_path, segment == "**"))
        pieces.append("{" + name + "}")
    verb = f":{template.verb}" if template.verb else ""
    return "/" + "/".join(pieces) + verb, parameters


def _name(template: Template, index: int, variable: Variable | None) -> str:
    if variable is not None and variable.end - variable.start == 1:
        return variable.field_path
    before = template.segments[index - 1] if index else ""
    return _singular(before) if before.isidentifier() else f"segment{index + 1}"


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
