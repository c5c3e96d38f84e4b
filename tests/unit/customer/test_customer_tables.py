"""Rows are models: the tables of customers and touchpoints have the models' fields, in order."""

from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import Table

from services.customer.customers.model import Customer
from services.customer.customers.store import customers
from services.customer.touchpoints.model import Touchpoint
from services.customer.touchpoints.store import touchpoints


@pytest.mark.parametrize(("table", "model"), [(customers, Customer), (touchpoints, Touchpoint)])
def test_a_table_has_the_fields_of_its_model_in_order(table: Table, model: Any) -> None:
    assert list(table.columns.keys()) == [field.name for field in fields(model)]
