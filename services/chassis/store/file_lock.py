"""Keeps a second process away from an SQLite file: an advisory lock beside it, held while open."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from services.chassis.store.connections import StartRefused

__all__ = ["FileLock"]


class FileLock:
    """The lock on one database file. The kernel lets go of it when the process ends, however."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, database: Path) -> Self:
        """Takes the lock, or raises StartRefused naming the file and the process that holds it."""
        path = database.with_name(database.name + ".lock")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StartRefused(f"{database} can't be opened: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise StartRefused(
                f"{database} is in use by process {holder}: an SQLite file serves one process per "
                "service; stop that process, or use PostgreSQL to run several"
            ) from None
        _create_private(database)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        os.close(self._descriptor)


def _create_private(database: Path) -> None:
    """The rows are people's, and SQLite would let everybody on the machine read them. What it puts
    beside the file, it makes as private as the file is."""
    with suppress(OSError):  # it is there, or it can't be made, which opening it will say
        os.close(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
