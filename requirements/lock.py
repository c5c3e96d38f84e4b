"""Resolves requirements/*.in into *.lock: `make locks`. One lock for every platform and Python.

Locks hold versions and hashes and nothing of the machine they were made on: no index, no link.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
UV = sysconfig.get_path("scripts") + "/uv"
UNIVERSAL = ("--universal", "--python-version=3.11")
ONE_WHEEL = ("--no-deps", "--python-version=3.12", "--only-binary=:all:")
# In this order: each later file is constrained by the lock before it.
LOCKS = {
    "run": UNIVERSAL,
    "dev": UNIVERSAL,
    "bench": UNIVERSAL,
    "clients": UNIVERSAL,
    "mutants": UNIVERSAL,
    "redis-server": ONE_WHEEL,
}


def main(arguments: list[str]) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PIP_FIND_LINKS", "UV_FIND_LINKS"}
    }
    for name, options in LOCKS.items():
        command = [UV, "pip", "compile", "--no-config", "--quiet", "--generate-hashes", *options]
        command += ["--no-emit-index-url", "--no-emit-find-links", *arguments]
        command += [
            "--custom-compile-command=make locks",
            f"{name}.in",
            f"--output-file={name}.lock",
        ]
        subprocess.run(command, cwd=HERE, env=environment, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
