"""`python -m deploy.local`, which `make run` runs: see `deploy.local.run`."""

import signal

if __name__ == "__main__":
    # Until the first thing is begun, Ctrl-C has nothing to end but this process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from deploy.local.run import command

    command()
