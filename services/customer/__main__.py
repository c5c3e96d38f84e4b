"""python -m services.customer [serve|migrate|check|renew-epoch|replay]"""

import sys

from services.chassis.server import run
from services.customer.main import check, migrate_database, renew_epoch, replay, serve

COMMANDS = {
    "serve": serve,
    "migrate": migrate_database,
    "check": check,
    "renew-epoch": renew_epoch,
    "replay": replay,
}


def main(arguments: list[str]) -> int:
    """Runs one command, `serve` if none is given; returns the exit code."""
    command = COMMANDS.get(" ".join(arguments) or "serve")
    if command is None:
        sys.stderr.write(f"usage: python -m services.customer [{'|'.join(COMMANDS)}]\n")
        return 2
    return run(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
