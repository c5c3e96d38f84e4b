"""Logs: structured, with the request's id, for people on a terminal and JSON elsewhere.

Messages never enter a log line, so that personal fields cannot; they are named by type. The
standard library's loggers (uvicorn, alembic, grpc) come out in the same form.
"""

import logging
import sys
from typing import TextIO

import structlog
from google.protobuf.message import Message
from structlog.typing import EventDict, Processor, WrappedLogger

from services.chassis.context import current_request_id

__all__ = ["configure_logging"]


def configure_logging(
    level: str, log_format: str, *, process: str, stream: TextIO | None = None
) -> None:
    """Sets up logging for the whole process; called once, by main."""
    stream = stream or sys.stderr
    for_people = log_format == "console" or (log_format == "auto" and stream.isatty())
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        _name_messages_by_type,
    ]
    rendering: list[Processor]
    if for_people:
        rendering = [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    else:
        common.append(_process_name(process))
        rendering = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    numeric_level = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*common, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(numeric_level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(numeric_level, logging.INFO))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def _process_name(process: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    return add


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    request_id = current_request_id()
    if request_id and "request_id" not in event:
        event["request_id"] = request_id
    return event


def _name_messages_by_type(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, Message):
            event[key] = f"<{value.DESCRIPTOR.full_name}>"
    return event
