"""From reply bytes to JSON, errors to their HTTP form, and there and back again."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote, urlencode

import pytest
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.status_pb2 import Status
from guanxi.customer.v1 import contact_points_pb2, customers_pb2
from guanxi.sales.v1 import orders_pb2
from hypothesis import given
from hypothesis import strategies as st

from gateway.transcode.errors import HTTP_STATUS, ErrorCodec
from gateway.transcode.response import PIECE_BYTES, ResponseCodec
from gateway.transcode.wire import cut
from services.chassis.errors import DomainError, Kind
from services.chassis.status import to_status
from tests.support import probes
from tests.support.http_rules import public_error_statuses
from tests.support.transcoding import CONTRACT, encode


class TestAnswers:
    def test_json_is_as_the_reference_library_writes_it(self) -> None:
        order = orders_pb2.Order(name="orders/1", state=orders_pb2.Order.CONFIRMED, line_count=2)
        order.lines.add(product="products/p", quantity=2**40)
        order.order_time.FromJsonString("2024-02-29T12:30:00.5Z")
        order.net_amount.currency_code = "EUR"
        text, _ = ResponseCodec("guanxi.sales.v1.Order", CONTRACT.types).decode(
            order.SerializeToString()
        )
        assert json.loads(text) == json_format.MessageToDict(order)
        assert json.loads(text)["lines"][0]["quantity"] == str(2**40)

    def test_the_etag_comes_beside_the_json(self) -> None:
        customer = customers_pb2.Customer(etag='W/"abc"')
        _, etag = ResponseCodec("guanxi.customer.v1.Customer", CONTRACT.types).decode(
            customer.SerializeToString()
        )
        assert etag == 'W/"abc"'

    def test_errors_inside_a_reply_name_their_types(self) -> None:
        reply = customers_pb2.BatchCreateCustomersResponse()
        error = DomainError(Kind.ALREADY_EXISTS, "ALREADY_EXISTS", "there", domain="x.guanxi")
        reply.failed_requests[3].CopyFrom(to_status(error, "customer"))
        codec = ResponseCodec(reply.DESCRIPTOR.full_name, CONTRACT.types)
        failed = json.loads(codec.decode(reply.SerializeToString())[0])["failedRequests"]["3"]
        assert failed["details"][0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
        assert failed["details"][0]["reason"] == "ALREADY_EXISTS"


class TestLongReplies:
    CODEC = ResponseCodec("guanxi.sales.v1.ListOrdersResponse", CONTRACT.types)

    async def test_they_are_written_in_pieces_as_if_in_one_and_others_get_their_turn(self) -> None:
        reply = orders_pb2.ListOrdersResponse(next_page_token="t")
        for number in range(4_000):
            reply.orders.add(name=f"orders/{number}", customer="customers/ann", line_count=number)
        data = reply.SerializeToString()
        assert len(data) > 3 * PIECE_BYTES
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(count())
        text, _ = await self.CODEC.decode_in_turns(data)
        counting.cancel()
        assert json.loads(text) == json_format.MessageToDict(reply)
        assert turns > 3

    @pytest.mark.parametrize(
        "reply",
        [
            orders_pb2.ListOrdersResponse(),
            orders_pb2.ListOrdersResponse(next_page_token="t"),
            orders_pb2.ListOrdersResponse(orders=[orders_pb2.Order()]),
            orders_pb2.ListOrdersResponse(orders=[orders_pb2.Order(name="orders/1")] * 2),
        ],
    )
    async def test_few_and_none_are_written_like_any(
        self, reply: orders_pb2.ListOrdersResponse
    ) -> None:
        text, _ = await self.CODEC.decode_in_turns(reply.SerializeToString())
        assert json.loads(text) == json_format.MessageToDict(reply)

    async def test_lists_and_maps_beside_each_other_keep_their_places(self) -> None:
        reply = customers_pb2.BatchCreateCustomersResponse()
        reply.customers.add(name="customers/a")
        reply.failed_requests[3].CopyFrom(Status(code=5, message="gone"))
        codec = ResponseCodec(reply.DESCRIPTOR.full_name, CONTRACT.types)
        text, _ = await codec.decode_in_turns(reply.SerializeToString())
        assert json.loads(text) == json_format.MessageToDict(reply)

    @pytest.mark.parametrize(
        "data", [b"\x0a\x05a", b"\x0a", b"\x80" * 11, b"\x0b\x0c", b"\x0d\x00"]
    )
    async def test_what_is_no_message_is_an_error(self, data: bytes) -> None:
        with pytest.raises(ValueError, match=r"goes on past|not supported"):
            await self.CODEC.decode_in_turns(data)


@pytest.mark.parametrize("levels", [200, 10_000])
def test_a_reply_deeper_than_any_reader_goes_is_an_error_and_no_more(levels: int) -> None:
    inner = b""
    for _ in range(levels):
        inner = b"\x42" + _varint(len(inner)) + inner
    with pytest.raises(RecursionError):
        probes.response_codec("Probe").decode(inner)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


class TestErrors:
    def test_an_error_has_the_body_of_aip_193(self) -> None:
        error = DomainError(
            Kind.RESOURCE_EXHAUSTED,
            "RATE_LIMITED",
            "slow down",
            metadata={"caller": "users/ann"},
            retry_after_seconds=1.2,
        )
        made = ErrorCodec(CONTRACT.types).of(error)
        assert made.status == 429
        assert (b"retry-after", b"2") in made.headers
        body = json.loads(made.body)["error"]
        assert (body["code"], body["status"], body["message"]) == (
            429,
            "RESOURCE_EXHAUSTED",
            "slow down",
        )
        assert body["details"][0] == {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "RATE_LIMITED",
            "domain": "gateway.guanxi",
            "metadata": {"caller": "users/ann"},
        }

    @pytest.mark.parametrize("kind", list(Kind))
    def test_every_code_has_its_http_status(self, kind: Kind) -> None:
        made = ErrorCodec(CONTRACT.types).of(DomainError(kind, "REASON", "text"))
        assert made.status == HTTP_STATUS[kind.value]
        assert json.loads(made.body)["error"]["status"] == kind.value

    def test_the_statuses_are_those_of_the_public_table(self) -> None:
        assert {**HTTP_STATUS, **public_error_statuses()} == HTTP_STATUS

    @pytest.mark.parametrize(
        ("code", "status", "name"),
        [
            (1, 499, "CANCELLED"),
            (16, 401, "UNAUTHENTICATED"),
            (0, 500, "UNKNOWN"),
            (17, 500, "UNKNOWN"),
            (-1, 500, "UNKNOWN"),
        ],
    )
    def test_a_code_that_is_none_is_unknown(self, code: int, status: int, name: str) -> None:
        made = ErrorCodec(CONTRACT.types).of_status(Status(code=code).SerializeToString())
        assert (made.status, made.code) == (status, name)
        assert made.headers == ()

    @pytest.mark.parametrize(
        ("reason", "status"),
        [
            ("METHOD_NOT_ALLOWED", 405),
            ("BODY_TIMEOUT", 408),
            ("BODY_TOO_LARGE", 413),
            ("URL_TOO_LONG", 414),
            ("HEAD_TOO_LARGE", 431),
        ],
    )
    def test_refusals_that_http_has_a_status_for_have_it_if_they_are_the_gateways_own(
        self, reason: str, status: int
    ) -> None:
        told = {"allowed": "GET, POST"}
        codec = ErrorCodec(CONTRACT.types)
        made = codec.of(DomainError(Kind.INVALID_ARGUMENT, reason, "text", metadata=told))
        assert (made.status, made.code) == (status, "INVALID_ARGUMENT")
        assert json.loads(made.body)["error"]["code"] == status
        assert made.headers == (((b"allow", b"GET, POST"),) if status == 405 else ())
        theirs = DomainError(
            Kind.INVALID_ARGUMENT, reason, "text", metadata=told, domain="sales.guanxi"
        )
        assert codec.of(theirs).status == 400

    def test_whoever_is_a_stranger_is_told_how_to_sign_in(self) -> None:
        made = ErrorCodec(CONTRACT.types).of(DomainError(Kind.UNAUTHENTICATED, "NO_KEY", "text"))
        assert made.headers == ((b"www-authenticate", b'Bearer realm="guanxi"'),)

    def test_a_detail_of_an_unknown_type_is_left_out(self) -> None:
        status = Status(code=5, message="gone", details=[AnyMessage(type_url="x/unknown.Type")])
        made = ErrorCodec(CONTRACT.types).of_status(status.SerializeToString())
        assert (made.status, json.loads(made.body)["error"]["details"]) == (404, [])


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
customers = st.builds(
    customers_pb2.Customer,
    name=texts,
    display_name=texts,
    phones=st.lists(
        st.builds(contact_points_pb2.PhoneNumber, number=texts, kind=st.sampled_from([0, 1, 5])),
        max_size=3,
    ),
    labels=st.dictionaries(texts, texts, max_size=3),
    kind=st.sampled_from([0, 1, 2]),
)


@given(
    names=st.lists(texts, max_size=5), token=texts, piece=st.integers(1, 200), listed=st.booleans()
)
def test_the_pieces_of_a_message_are_the_message(
    names: list[str], token: str, piece: int, listed: bool
) -> None:
    reply = orders_pb2.ListOrdersResponse(next_page_token=token)
    for name in names:
        reply.orders.add(name=name, net_amount={"units": -1, "nanos": len(name)})
    pieces = list(cut(reply.SerializeToString(), [1] if listed else [], piece))
    assert orders_pb2.ListOrdersResponse.FromString(b"".join(p for _, p in pieces)) == reply
    assert pieces[-1][0] == 0


@given(customer=customers)
def test_a_resource_survives_the_way_out_and_in(customer: customers_pb2.Customer) -> None:
    out = ResponseCodec("guanxi.customer.v1.Customer", CONTRACT.types)
    text, _ = out.decode(customer.SerializeToString())
    request = encode("CreateCustomer", customers_pb2.CreateCustomerRequest, body=text)
    assert request.customer == customer


@given(size=st.integers(-(2**31), 2**31 - 1), token=texts, show=st.booleans(), order=texts)
def test_a_query_survives_being_written_and_read(
    size: int, token: str, show: bool, order: str
) -> None:
    pairs = {"pageSize": size, "page_token": token, "showDeleted": str(show).lower()}
    query = urlencode({**pairs, "orderBy": order})
    request = encode("ListCustomers", customers_pb2.ListCustomersRequest, query=query)
    assert request == customers_pb2.ListCustomersRequest(
        page_size=size, page_token=token, show_deleted=show, order_by=order
    )


@given(segments=st.lists(texts.filter(bool), min_size=1, max_size=3))
def test_a_name_survives_percent_encoding(segments: list[str]) -> None:
    raw = "/".join(quote(segment, safe="") for segment in segments)
    request = encode("GetCustomer", customers_pb2.GetCustomerRequest, raw)
    assert request.name == "/".join(segment.replace("/", "%2F") for segment in segments)
