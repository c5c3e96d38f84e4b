"""Rows of customers → customers."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from guanxi.customer.v1.customers_pb2 import CreateCustomerRequest, Customer

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
    Field("name", ("display_name", "customer_name", "account", "company"), required=True),
    Field("customer", ("customer_id", "id", "customer_number")),
    Field("kind", ("type",)),
    Field("phones", ("phone", "mobile", "tel")),
    Field("emails", ("email", "mail")),
    Field("industry", ("sector",)),
    Field("region", ("country", "office_location")),
    Field("source", ("channel",)),
    Field("owner", ("sales_agent", "seller")),
    Field("team", ()),
    Field("lifecycle_stage", ("stage",)),
    Field("first_seen_time", ("first_seen", "since")),
)

_KINDS = dict(Customer.Kind.items())
_STAGES = dict(Customer.LifecycleStage.items())


class Collector:
    """Collects customers. A row without a key of its own gets an id made from its name, phones
    and emails, so that importing the file again finds it again."""

    def __init__(self, columns: dict[str, int], *, zone: ZoneInfo, refusals: Refusals) -> None:
        self._columns = columns
        self._zone = zone
        self._refusals = refusals
        self._ids = Identifiers("customer")

    def collect(self, rows: Iterable[Row]) -> list[tuple[int, CreateCustomerRequest]]:
        """Line number and request of every row that can be read."""
        collected = []
        for line, values in rows:
            try:
                request = self._request(Cells(self._columns, values))
            except BadValue as bad:
                self._refusals.add((line,), str(bad))
            else:
                collected.append((line, request))
        return collected

    def _request(self, cell: Cells) -> CreateCustomerRequest:
        if not cell["name"]:
            raise BadValue("name is empty")
        key = cell["customer"]
        request = CreateCustomerRequest(
            customer_id=self._ids.id_of(key)
            if key
            else content_id("c", cell["name"], cell["phones"], cell["emails"])
        )
        customer = request.customer
        customer.display_name = cell["name"]
        customer.phones.extend(listed(cell["phones"]))
        customer.emails.extend(listed(cell["emails"]))
        customer.industry = cell["industry"]
        customer.region = cell["region"]
        customer.source = cell["source"]
        customer.owner = in_collection("users", cell["owner"])
        customer.team = in_collection("teams", cell["team"])
        if kind := cell["kind"]:
            customer.kind = parse_choice(kind, _KINDS, "kind")
        if stage := cell["lifecycle_stage"]:
            customer.lifecycle_stage = parse_choice(stage, _STAGES, "lifecycle stage")
        if first_seen := cell["first_seen_time"]:
            customer.first_seen_time.CopyFrom(parse_time(first_seen, self._zone))
        return request
