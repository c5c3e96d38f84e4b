"""Runs the four processes under supervisord: it restarts what dies and says so."""

from __future__ import annotations

import getpass
import http.client
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local.problems import CannotStart

_READY_SECONDS = 60.0
_STOP_SECONDS = 9

_HEADER = """\
[supervisord]
nodaemon=true
user={user}
identifier=guanxi
logfile=/dev/null
logfile_maxbytes=0
pidfile={folder}/supervisord.pid
childlogdir={folder}

[group:guanxi]
programs={programs}
"""

_PROGRAM = """
[program:{name}]
command={python} -m {module} serve
autorestart=true
startsecs=1
startretries=30
stopsignal=TERM
stopwaitsecs={stop_seconds}
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
redirect_stderr=true
"""

MODULES = {
    "customer": "services.customer",
    "sales": "services.sales",
    "insight": "services.insight",
    "gateway": "gateway",
}


def start(folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts supervisord with the four processes; Ctrl-C reaches it only through us."""
    configuration = folder / "supervisord.conf"
    configuration.write_text(_configuration(folder.absolute()), "utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)],
        env=dict(environment),
        start_new_session=True,
    )


def wait_until_ready(supervisord: subprocess.Popen[bytes], addresses: Mapping[str, str]) -> None:
    """Returns when every process says it is ready.

    Raises:
        CannotStart: names those that are not after a minute.
    """
    give_up_at = time.monotonic() + _READY_SECONDS
    waiting = dict(addresses)
    while waiting:
        if supervisord.poll() is not None:
            raise CannotStart("The supervisor ended; the lines above say why.")
        if time.monotonic() > give_up_at:
            names = ", ".join(waiting)
            raise CannotStart(f"Not ready after a minute: {names}; the lines above say why.")
        waiting = {name: address for name, address in waiting.items() if not _ready(address)}
        time.sleep(0.1)


def _ready(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _configuration(folder: Path) -> str:
    header = _HEADER.format(user=getpass.getuser(), folder=folder, programs=",".join(MODULES))
    programs = (
        _PROGRAM.format(name=name, module=module, python=sys.executable, stop_seconds=_STOP_SECONDS)
        for name, module in MODULES.items()
    )
    # supervisord expands %: a folder or interpreter may have one in its name
    return header.replace("%", "%%") + "".join(programs).replace("%", "%%")
