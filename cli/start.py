"""Where the program starts: interrupted while it is still loaded, it ends without a trace of it."""

from __future__ import annotations

import signal


def main() -> None:
    """Loads the commands, which takes a moment, and runs the one that was asked for."""
    usual = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cli.main import main as run

    signal.signal(signal.SIGINT, usual)
    run()
