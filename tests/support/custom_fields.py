"""Custom fields of customers as they are declared, and their values."""

from __future__ import annotations

from typing import Any

from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from guanxi.customer.v1.fields_pb2 import CreateCustomFieldRequest, CustomField
from guanxi.fields.v1.values_pb2 import Choices, FieldValue

from tests.support.office import Desk


def option(value: str) -> CustomField.Option:
    return CustomField.Option(value=value, display_name=value.title())


TIER = [option("gold"), option("silver")]

# One of each type, with what it needs; and a value of it.
EVERY_TYPE: dict[str, tuple[dict[str, Any], FieldValue]] = {
    "motto": ({"type": CustomField.TEXT}, FieldValue(text="Ever onward 向前")),
    "seats": ({"type": CustomField.NUMBER, "decimals": 1}, FieldValue(number="12.5")),
    "budget": (
        {"type": CustomField.MONEY, "currency_code": "EUR"},
        FieldValue(money=Money(currency_code="EUR", units=5000, nanos=500_000_000)),
    ),
    "founded": (
        {"type": CustomField.DATE},
        FieldValue(date=Date(year=1998, month=2, day=28)),
    ),
    "tier": ({"type": CustomField.CHOICE, "options": TIER}, FieldValue(choice="silver")),
    "badges": (
        {"type": CustomField.CHOICES, "options": TIER},
        FieldValue(choices=Choices(values=["gold", "silver"])),
    ),
    "agent": (
        {"type": CustomField.REFERENCE, "refers_to": "users"},
        FieldValue(reference="users/kim"),
    ),
    "vip": ({"type": CustomField.FLAG}, FieldValue(flag=True)),
}


async def declare(
    desk: Desk, key: str, type: CustomField.Type.ValueType, **fields: Any
) -> CustomField:
    declared = CustomField(
        **{"resource": CustomField.CUSTOMER, "display_name": key or "none", **fields},
        key=key,
        type=type,
    )
    return await desk.fields.CreateCustomField(CreateCustomFieldRequest(custom_field=declared))


async def declare_every_type(desk: Desk, **also: Any) -> None:
    for key, (declared, _) in EVERY_TYPE.items():
        fields = {**declared, **also}
        await declare(desk, key, fields.pop("type"), **fields)
