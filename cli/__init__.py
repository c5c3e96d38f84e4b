"""The `guanxi` command: a client of the gateway like any other app. It knows only the contracts."""
