"""python -m services.insight [serve|migrate|check]"""

import sys

from services.chassis.server import run
from services.insight.main import check, migrate_database, serve

COMMANDS = {"serve": serve, "migrate": migrate_database, "check": check}


def main(arguments: list[str]) -> int:
    """Runs one command, `serve` if none is given; returns the exit code."""
    command = COMMANDS.get(" ".join(arguments) or "serve")
    if command is None:
        sys.stderr.write(f"usage: python -m services.insight [{'|'.join(COMMANDS)}]\n")
        return 2
    return run(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
