"""Rows of touchpoints → touchpoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from guanxi.customer.v1.touchpoints_pb2 import LogTouchpointRequest, Touchpoint

from cli.imports.columns import Cells, Field
from cli.imports.refusals import Refusals
from cli.imports.sources import Row
from cli.imports.values import (
    BadValue,
    Identifiers,
    content_id,
    in_collection,
    listed,
    parse_choice,
    parse_time,
)

FIELDS = (
    Field("customer", ("customer_id", "customer_number"), required=True),
    Field("type", ("activity", "kind"), required=True),
    Field("touch_time", ("time", "date", "happened"), required=True),
    Field("touchpoint", ("touchpoint_id", "id")),
    Field("channel", ()),
    Field("channel_detail", ("campaign",)),
    Field("direction", ()),
    Field("subject", ("title",)),
    Field("content", ("text", "notes")),
    Field("topics", ("topic",)),
    Field("products_of_concern", ("products", "product")),
    Field("duration_minutes", ("minutes", "duration")),
    Field("outcome", ("result",)),
    Field("actor", ("user", "colleague")),
)

_TYPES = dict(Touchpoint.Type.items())
_CHANNELS = dict(Touchpoint.Channel.items())
_DIRECTIONS = dict(Touchpoint.Direction.items())
_TOPICS = dict(Touchpoint.Topic.items())


class Collector:
    """Collects touchpoints. A row without a key of its own gets an id made from its content and
    from how often the file has had that content before."""

    def __init__(self, columns: dict[str, int], *, zone: ZoneInfo, refusals: Refusals) -> None:
        self._columns = columns
        self._zone = zone
        self._refusals = refusals
        self._customer_ids = Identifiers("customer")
        self._product_ids = Identifiers("product")
        self._touchpoint_ids = Identifiers("touchpoint")
        self._seen: Counter[tuple[str, ...]] = Counter()

    def collect(self, rows: Iterable[Row]) -> list[tuple[int, LogTouchpointRequest]]:
        """Line number and request of every row that can be read."""
        collected = []
        for line, values in rows:
            try:
                request = self._request(Cells(self._columns, values), tuple(values))
            except BadValue as bad:
                self._refusals.add((line,), str(bad))
            else:
                collected.append((line, request))
        return collected

    def _request(self, cell: Cells, content: tuple[str, ...]) -> LogTouchpointRequest:
        if not cell["customer"]:
            raise BadValue("customer is empty")
        request = LogTouchpointRequest(
            parent=f"customers/{self._customer_ids.id_of(cell['customer'])}",
            touchpoint_id=self._id(cell["touchpoint"], content),
        )
        touchpoint = request.touchpoint
        touchpoint.type = parse_choice(cell["type"], _TYPES, "type")
        touchpoint.touch_time.CopyFrom(parse_time(cell["touch_time"], self._zone))
        if channel := cell["channel"]:
            touchpoint.channel = parse_choice(channel, _CHANNELS, "channel")
        if direction := cell["direction"]:
            touchpoint.direction = parse_choice(direction, _DIRECTIONS, "direction")
        touchpoint.channel_detail = cell["channel_detail"]
        touchpoint.subject = cell["subject"]
        touchpoint.content = cell["content"]
        touchpoint.outcome = cell["outcome"]
        touchpoint.actor = in_collection("users", cell["actor"])
        touchpoint.duration_minutes = _minutes(cell["duration_minutes"])
        touchpoint.topics.extend(
            parse_choice(topic, _TOPICS, "topic") for topic in listed(cell["topics"])
        )
        touchpoint.products_of_concern.extend(
            f"products/{self._product_ids.id_of(product)}"
            for product in listed(cell["products_of_concern"])
        )
        return request

    def _id(self, key: str, content: tuple[str, ...]) -> str:
        if key:
            return self._touchpoint_ids.id_of(key)
        self._seen[content] += 1
        return content_id("t", *content, str(self._seen[content]))


def _minutes(text: str) -> int:
    if not text:
        return 0
    try:
        return int(text)
    except ValueError:
        raise BadValue(f"minutes {text!r} is not a whole number") from None
