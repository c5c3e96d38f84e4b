"""The life of a process: its commands, its server, its ports, its health, its end."""
