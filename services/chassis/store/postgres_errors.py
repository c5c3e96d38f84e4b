"""What PostgreSQL's errors mean to the store: try again, or unavailable."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.chassis.errors import DomainError, unavailable
from services.chassis.store.retry import Conflict, ConflictOnce

__all__ = ["busy", "connecting", "is_duplicate", "is_lost", "schema_differs", "translated"]

_SERIALIZATION_FAILURE = "40001"
_DEADLOCK = "40P01"
_UNIQUE_VIOLATION = "23505"
# After a failover the server of old still answers, and only reads: its connections lead nowhere.
_READ_ONLY = "25006"
# It has no room for connections, memory or disk (class 53), or is going, gone or coming (57P).
_NOT_NOW = ("53", "57P")
# A table or column that isn't there, or is of another type; a plan made before a migration.
_OTHER_SCHEMA = frozenset({"42P01", "42703", "42804", "0A000"})
# Where PostgreSQL quotes the row it finds fault with, and asyncpg the value it can't send.
_QUOTED = re.compile(r"\nDETAIL:.*|(?P<argument>query argument \$\d+): .*", re.DOTALL)

_log = structlog.get_logger("store")


def is_duplicate(error: DBAPIError) -> bool:
    """Whether a row of this key was there already."""
    return _state(error) == _UNIQUE_VIOLATION


def schema_differs(error: DBAPIError) -> bool:
    """Whether the statement and the tables are of two versions, as while one is rolled out: no
    fault of the rows."""
    return _state(error) in _OTHER_SCHEMA


def is_lost(error: BaseException | None) -> bool:
    """Whether the connection must not be used again, although it may still be open."""
    state = str(getattr(error, "sqlstate", None) or "")
    return state == _READ_ONLY or state.startswith("57P")


def busy() -> DomainError:
    """Every connection was in use for too long."""
    return unavailable("STORE_BUSY", "all database connections are in use")


@contextmanager
def translated(*, uncommitted: bool = False) -> Iterator[None]:
    """Turns conflicts into Conflict, and a lost or missing connection into UNAVAILABLE.

    Where nothing is committed yet, the work may be run again after a loss: the server was restarted
    while the connection lay in the pool, which has now let go of all connections of that time.
    """
    try:
        yield
    except DBAPIError as error:
        _stop_quoting(error)
        meaning = _meaning(error)
        if meaning is None:
            raise
        if uncommitted and error.connection_invalidated and _state(error) != _READ_ONLY:
            raise ConflictOnce from meaning
        raise meaning from error
    except PoolTimeout as error:
        raise busy() from error
    except OSError as error:
        raise unavailable("STORE_UNAVAILABLE", "the database is not reachable") from error


@contextmanager
def connecting() -> Iterator[None]:
    """As `translated`, around what opens a connection: whatever the server says instead of giving
    one (a password that was changed, a database that is closed or gone), it is UNAVAILABLE. Callers
    can only come back; why, the log says."""
    with translated():
        try:
            yield
        except (DBAPIError, asyncpg.PostgresError) as error:
            told = error.orig if isinstance(error, DBAPIError) else error
            _log.warning("the database takes no connection", error=str(told))
            raise unavailable("STORE_UNAVAILABLE", "the database takes no connection") from error


def _meaning(error: DBAPIError) -> Exception | None:
    """What the error is to the store; None for a fault of the statement or its rows."""
    state = _state(error) or ""
    if state in (_SERIALIZATION_FAILURE, _DEADLOCK):
        return Conflict()
    if state == _READ_ONLY:
        return unavailable("STORE_READ_ONLY", "the database only reads for now")
    if error.connection_invalidated:
        return unavailable("STORE_UNAVAILABLE", "the connection to the database was lost")
    if state.startswith(_NOT_NOW):
        return unavailable("STORE_UNAVAILABLE", "the database has no room for more")
    return None


def _stop_quoting(error: DBAPIError) -> None:
    """Leaves what was wrong and takes the values away: they may be personal, and errors are logged.

    In place, because callers tell errors apart by their types.
    """
    told: BaseException | None = error
    while told is not None:
        told.args = tuple(
            _QUOTED.sub(r"\g<argument>", each) if isinstance(each, str) else each
            for each in told.args
        )
        if not isinstance(told, DBAPIError):  # whose `detail` is SQLAlchemy's own
            vars(told).pop("detail", None)
        told = told.__cause__


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
