"""Rows of touchpoints → touchpoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.touchpoints_pb2 import LogTouchpointRequest, Touchpoint

from cli.imports.cells import BadValue
from cli.imports.columns import Cells, Field, Located
from cli.imports.keys import Doubles, Spellings
from cli.imports.placeholders import REASON
from cli.imports.reading import Style, customer_ids, ids
from cli.imports.refusals import Refusals
from cli.imports.sources import Row
from cli.imports.values import content_id, listed, parse_choice

FIELDS = (
    Field(
        "customer", ("customer_id", "customer_number", "customer_no"), required=True, is_key=True
    ),
    Field("type", ("activity", "kind"), required=True),
    Field("touch_time", ("time", "date", "happened"), required=True),
    Field("touchpoint", ("touchpoint_id", "id"), is_key=True),
    Field("channel", ()),
    Field("channel_detail", ("campaign",)),
    Field("direction", ()),
    Field("subject", ("title",)),
    Field("content", ("text", "notes")),
    Field("topics", ("topic",), is_list=True),
    Field("products_of_concern", ("products", "product"), is_list=True),
    Field("duration_minutes", ("minutes", "duration")),
    Field("outcome", ("result",)),
    Field("actor", ("user", "colleague")),
)

_TYPES = dict(Touchpoint.Type.items())
_CHANNELS = dict(Touchpoint.Channel.items())
_DIRECTIONS = dict(Touchpoint.Direction.items())
_TOPICS = dict(Touchpoint.Topic.items())


class Collector:
    """Collects touchpoints. A row without a key of its own gets an id made from what is read of it
    and from how often the file has had that before."""

    def __init__(self, columns: Located, style: Style, *, refusals: Refusals) -> None:
        self._columns = columns
        self._style = style
        self._refusals = refusals
        self._customer_ids = customer_ids(style)
        self._spellings = Spellings()
        self._product_ids = ids("product")
        self._touchpoint_ids = ids("touchpoint")
        self._seen: Counter[str] = Counter()

    def collect(self, rows: Iterable[Row]) -> list[tuple[int, LogTouchpointRequest]]:
        """Line number and request of every row that can be read and whose customer's key is one
        customer's for certain."""
        collected: list[tuple[int, LogTouchpointRequest]] = []
        for line, values in rows:
            try:
                request = self._request(Cells(self._columns, values))
            except BadValue as bad:
                self._refusals.add((line,), str(bad))
            else:
                collected.append((line, request))
        doubtful = {f"customers/{key}": why for key, why in self._spellings.doubtful.items()}
        doubles = Doubles()
        for line, request in collected:
            name = f"{request.parent}/touchpoints/{request.touchpoint_id}"
            reason = doubtful.get(request.parent)
            if reason := reason or doubles.why_not(name, line, request):
                self._refusals.add((line,), reason)
        return [each for each in collected if each[0] not in self._refusals.reasons]

    def _request(self, cell: Cells) -> LogTouchpointRequest:
        customer = self._customer_ids[cell["customer"]]
        if not customer:
            key = cell["customer"]
            raise BadValue(f"customer {key!r} {REASON}" if key else "customer is empty")
        self._spellings.meet(customer, cell["customer"])
        if not cell["touch_time"]:
            raise BadValue("touch_time is empty")
        request = LogTouchpointRequest(parent=f"customers/{customer}")
        touchpoint = request.touchpoint
        touchpoint.type = parse_choice(cell["type"], _TYPES, "type")
        touchpoint.touch_time.CopyFrom(self._style.times.read(cell["touch_time"]))
        if channel := cell["channel"]:
            touchpoint.channel = parse_choice(channel, _CHANNELS, "channel")
        if direction := cell["direction"]:
            touchpoint.direction = parse_choice(direction, _DIRECTIONS, "direction")
        touchpoint.channel_detail = cell["channel_detail"]
        touchpoint.subject = cell["subject"]
        touchpoint.content = cell["content"]
        touchpoint.outcome = cell["outcome"]
        touchpoint.actor = self._style.people.named(cell["actor"], "actor")
        if minutes := cell["duration_minutes"]:
            touchpoint.duration_minutes = self._style.numbers.whole(minutes, "minutes")
        touchpoint.topics.extend(
            parse_choice(topic, _TOPICS, "topic") for topic in listed(cell["topics"])
        )
        touchpoint.products_of_concern.extend(
            f"products/{self._product_ids[product]}"
            for product in listed(cell["products_of_concern"])
        )
        request.touchpoint_id = self._id(cell["touchpoint"], request)
        return request

    def _id(self, key: str, request: LogTouchpointRequest) -> str:
        if key:
            return self._touchpoint_ids[key]
        content = content_id("t", request.parent, *_stated(request.touchpoint))
        self._seen[content] += 1
        return content if self._seen[content] == 1 else f"{content}-{self._seen[content]}"


def _stated(touchpoint: Touchpoint) -> list[str]:
    """What was read, however it was written. Fields that say nothing make no difference, and so
    none that later versions read."""
    return sorted(f"{field.name}={_as_text(value)}" for field, value in touchpoint.ListFields())


def _as_text(value: Any) -> str:
    if isinstance(value, Timestamp):
        return str(value.ToNanoseconds())
    return str(value) if isinstance(value, str | int) else "\x1e".join(map(str, value))
