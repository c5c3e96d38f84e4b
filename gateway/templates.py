"""Parses the path templates of `google.api.http`; matching them is the business of `routes`.

Grammar: google/api/http.proto, section "Path template syntax".
"""

import re
from dataclasses import dataclass

__all__ = ["Template", "TemplateError", "Variable", "parse_template"]

# What a path may hold as it is (RFC 3986, pchar) and no wildcard, variable or verb is made of. An
# escape could be sent in several spellings, and is compared as it was sent.
_LITERAL = re.compile(r"[A-Za-z0-9._~!$&'()+,;@-]+")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class TemplateError(ValueError):
    """A path template breaks the grammar; says where and why."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A field taken from the path: the template segments from `start` up to before `end`."""

    field_path: str
    start: int
    end: int
    multi_segment: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed path: literals, `*` and `**`, with the variables that name stretches of them."""

    text: str
    segments: tuple[str, ...]
    verb: str
    variables: tuple[Variable, ...]


def parse_template(text: str) -> Template:
    """Parses one template; raises TemplateError."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.segments: list[str] = []
        self.variables: list[Variable] = []

    def parse(self) -> Template:
        self.expect("/")
        verb = ""
        if self.at < len(self.text):
            self.parse_segments(inside_variable=False)
            if self.peek() == ":":
                self.at += 1
                verb = self.read(_LITERAL, "a verb")
        if self.at != len(self.text):
            raise self.error("the end, '/' or ':'")
        self.check()
        return Template(self.text, tuple(self.segments), verb, tuple(self.variables))

    def parse_segments(self, *, inside_variable: bool) -> None:
        self.parse_segment(inside_variable)
        while self.peek() == "/":
            self.at += 1
            self.parse_segment(inside_variable)

    def parse_segment(self, inside_variable: bool) -> None:
        if self.text.startswith("**", self.at):
            self.at += 2
            self.segments.append("**")
        elif self.peek() == "*":
            self.at += 1
            self.segments.append("*")
        elif self.peek() == "{" and not inside_variable:
            self.parse_variable()
        else:
            self.segments.append(self.read(_LITERAL, "a segment"))

    def parse_variable(self) -> None:
        self.expect("{")
        names = [self.read(_IDENTIFIER, "a field name")]
        while self.peek() == ".":
            self.at += 1
            names.append(self.read(_IDENTIFIER, "a field name"))
        start = len(self.segments)
        if self.peek() == "=":
            self.at += 1
            self.parse_segments(inside_variable=True)
        else:
            self.segments.append("*")
        self.expect("}")
        end = len(self.segments)
        multi = end - start > 1 or self.segments[start] == "**"
        self.variables.append(Variable(".".join(names), start, end, multi))

    def check(self) -> None:
        if "**" in self.segments:
            rest = self.segments[self.segments.index("**") + 1 :]
            if any(segment in ("*", "**") for segment in rest):
                raise TemplateError(f"{self.text!r}: no wildcard may follow '**'")
        if "." in self.segments or ".." in self.segments:
            raise TemplateError(f"{self.text!r}: clients take '.' and '..' out of a path")
        paths = [variable.field_path for variable in self.variables]
        for path in paths:
            if paths.count(path) > 1:
                raise TemplateError(f"{self.text!r}: variable {path!r} is bound twice")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def expect(self, character: str) -> None:
        if self.peek() != character:
            raise self.error(f"'{character}'")
        self.at += 1

    def read(self, pattern: re.Pattern[str], what: str) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise self.error(what)
        self.at = found.end()
        return found.group()

    def error(self, expected: str) -> TemplateError:
        return TemplateError(f"{self.text!r}: expected {expected} at position {self.at}")
