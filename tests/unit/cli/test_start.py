"""The program may be interrupted from its first moment on."""

from __future__ import annotations

import signal
import subprocess
import sys

_INTERRUPTED_WHILE_LOADING = """
import signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "cli.imports.command":
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
from cli.start import main
main()
"""


def test_an_interruption_while_the_program_is_loaded_ends_it_without_a_traceback() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED_WHILE_LOADING],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


def test_once_loaded_it_runs_and_can_be_interrupted_as_before() -> None:
    told = "from cli.start import main; import signal; before = signal.getsignal(signal.SIGINT)\n"
    told += "try: main()\nfinally: assert signal.getsignal(signal.SIGINT) is before\n"
    ended = subprocess.run(
        [sys.executable, "-c", told, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "imports, briefs" in ended.stdout
