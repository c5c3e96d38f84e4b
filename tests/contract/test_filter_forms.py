"""What a field's contract says of its values, filters hold to: a value that it can never have is
refused, in every list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module

import pytest
from buf.validate import validate_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.chassis.descriptors import load_catalogue
from services.chassis.errors import DomainError
from services.chassis.lists import filters
from services.chassis.lists.filters import Field, ListType, StringType
from services.customer.customers.store import customers
from services.customer.touchpoints.store import touchpoints
from services.insight.alerts.store import alerts
from services.insight.facts.store.filtering import fields as facts
from services.insight.rules.store import rules
from services.insight.runs.store import runs
from services.sales.orders.store import orders
from services.sales.products.store import products

LISTS: Mapping[str, Mapping[str, Field]] = {
    "guanxi.customer.v1.Customer": customers.query.fields,
    "guanxi.customer.v1.Touchpoint": touchpoints.query.fields,
    "guanxi.sales.v1.Order": orders.query.fields,
    "guanxi.sales.v1.Product": products.query.fields,
    "guanxi.insight.v1.Alert": alerts.query.fields,
    "guanxi.insight.v1.Rule": rules.query.fields,
    "guanxi.insight.v1.Run": runs.query.fields,
    "guanxi.insight.v1.CustomerFacts": facts(2),
}
CATALOGUE = load_catalogue()
# `users/{user}` in a comment says what the field names.
NAMES = re.compile(r"`[a-z]+/\{[a-z]+\}(/[a-z]+/\{[a-z]+\})?`")


def message(name: str) -> Descriptor:
    for file in CATALOGUE.files.file:
        if file.package.startswith("guanxi."):
            import_module(f"{file.name.removesuffix('.proto').replace('/', '.')}_pb2")
    return descriptor_pool.Default().FindMessageTypeByName(name)


def has_form(field: FieldDescriptor) -> bool:
    """Whether the contract says what the field's values look like."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    pattern = rules.string.pattern or rules.repeated.items.string.pattern
    is_text = field.type == FieldDescriptor.TYPE_STRING
    return is_text and bool(pattern or NAMES.search(CATALOGUE.comments[field.full_name]))


def formed() -> Iterator[tuple[str, str]]:
    """Every filterable field of a form, by its resource."""
    for resource, declared in LISTS.items():
        for field in message(resource).fields:
            kind = declared[field.name].type if field.name in declared else None
            # Phones and emails are compared in a normal form, which has a pattern of its own.
            if has_form(field) and not (isinstance(kind, ListType) and kind.normal) and kind:
                yield resource, field.name


def test_there_are_such_fields_in_all_lists() -> None:
    assert len(list(formed())) >= 18
    assert {resource for resource, _ in formed()} == set(LISTS)


@pytest.mark.parametrize(("resource", "name"), list(formed()))
def test_a_value_that_a_field_can_never_have_is_refused(resource: str, name: str) -> None:
    declared = LISTS[resource]
    comparator = ":" if isinstance(declared[name].type, ListType) else "="
    for text in (f"{name} {comparator} x_y", f"{name} {comparator} x_*", f"NOT {name}:x_*"):
        if text.startswith("NOT") and isinstance(declared[name].type, StringType):
            continue
        with pytest.raises(DomainError) as refused:
            filters.compile(text, declared)
        assert refused.value.reason == "FILTER_VALUE"
        assert f"{name} is compared with" in refused.value.message


@pytest.mark.parametrize(
    ("resource", "text", "told"),
    [
        ("Customer", "owner = ann", "names like users/{user}, not with 'ann'"),
        ("Customer", 'team = "users/ann"', "names like teams/{team}, not with 'users/ann'"),
        ("Order", "customer = lin-trading", "names like customers/{customer}, not with"),
        ("Order", "currency_code = usd", "codes of three capital letters such as EUR, not with"),
        ("Order", 'currency_code != "Dollar"', "codes of three capital letters such as EUR"),
        ("Alert", "rule = silent-vip", "names like rules/{rule}, not with 'silent-vip'"),
        ("CustomerFacts", 'owner = "ann"', "names like users/{user}, not with 'ann'"),
        ("CustomerFacts", "kind = Org", "one of PERSON, ORGANIZATION, not with 'Org'"),
        ("CustomerFacts", "lifecycle_stage = client", "one of SUBSCRIBER, LEAD"),
        ("CustomerFacts", "last_touch_channel = Fax", "one of"),
        ("Rule", "sight.author = ann", "names like users/{user}, not with 'ann'"),
        ("Rule", "assignee = ann", "owner or names like users/{user}, not with 'ann'"),
        ("Touchpoint", "products_of_concern:pump-s", "names like products/{product}, not with"),
    ],
)
def test_the_message_says_what_is_expected(resource: str, text: str, told: str) -> None:
    (declared,) = (each for name, each in LISTS.items() if name.endswith(f".{resource}"))
    with pytest.raises(DomainError) as refused:
        filters.compile(text, declared)
    assert told in refused.value.message
    assert [each.field for each in refused.value.violations] == ["filter"]


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        ("Customer", 'owner = "users/ann"'),
        ("Customer", 'owner = "users/*"'),
        ("Customer", 'owner = "use*"'),
        ("Customer", 'owner = ""'),
        ("Customer", "owner:*"),
        ("Customer", "owner:ann"),
        ("Customer", 'name > "customers/m"'),
        ("Order", "currency_code = US*"),
        ("Rule", 'assignee = owner OR assignee = "users/ann" OR assignee = ow* OR assignee = us*'),
        ("CustomerFacts", "kind = PERSON OR lifecycle_stage = LOST OR lifecycle_stage = 12"),
        ("Touchpoint", 'products_of_concern:"products/pump-*"'),
    ],
)
def test_what_a_field_can_have_or_begin_with_is_looked_for(resource: str, text: str) -> None:
    (declared,) = (each for name, each in LISTS.items() if name.endswith(f".{resource}"))
    filters.compile(text, declared)
