"""Transport room of orders: message ↔ model, one transaction per call. No rule, no SQL."""

from typing import Any

from guanxi.sales.v1 import orders_pb2, orders_pb2_grpc

from services.chassis.batches import failed_requests, read_items
from services.chassis.clock import BusinessCalendar
from services.chassis.errors import DomainError
from services.chassis.ids import Ids
from services.chassis.store import ReadTransaction, Store, WriteTransaction
from services.sales.orders import actions, messages, store, sums
from services.sales.orders.messages import NewOrder, to_message

__all__ = ["OrderServicer"]
