"""Progress on the terminal, one bar per kind of item; without a terminal only the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

console = Console()
_errors = Console(stderr=True)


@contextmanager
def bars() -> Iterator[Progress]:
    """Shows progress on standard error while the block runs."""
    with Progress(
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=_errors,
        disable=not _errors.is_terminal,
    ) as progress:
        yield progress


def advancing(progress: Progress, description: str, total: int) -> Callable[[int], None]:
    """A bar, and the function that moves it."""
    task = progress.add_task(description, total=total)

    def advance(count: int) -> None:
        progress.advance(task, count)

    return advance
