"""Bodies of a batch's length: read in pieces, as if in one, and in turns with others."""

from __future__ import annotations

import asyncio
import json
import time
import tracemalloc

import pytest
from guanxi.sales.v1 import orders_pb2

from gateway.transcode.bodies import PIECE_BYTES
from services.chassis.errors import DomainError
from tests.support.transcoding import CODECS

ORDER = {"order": {"customer": "customers/a", "lines": [{"quantity": "1"}]}}


class TestLongBodies:
    def test_they_are_read_in_pieces_as_if_in_one(self) -> None:
        items = [{**ORDER, "orderId": f"o-{number}"} for number in range(1000)]
        text = json.dumps({"validateOnly": True, "requests": items, "requestId": "k"})
        assert len(text) > PIECE_BYTES
        encoded = CODECS["BatchCreateOrders"].encode((), "", text.encode())
        decoded = orders_pb2.BatchCreateOrdersRequest.FromString(encoded)
        assert [each.order_id for each in decoded.requests] == [f"o-{n}" for n in range(1000)]
        assert (decoded.validate_only, decoded.request_id) == (True, "k")

    def test_a_mistake_is_told_with_the_index_it_has_in_the_whole(self) -> None:
        items = [ORDER] * 998 + [{"order": {"lines": [{"quantity": "x"}]}}]
        with pytest.raises(DomainError) as caught:
            CODECS["BatchCreateOrders"].encode((), "", json.dumps({"requests": items}).encode())
        assert caught.value.violations[0].field == "requests[998].order.lines[0].quantity"

    def test_what_is_no_utf_8_is_told_with_the_index_it_has_in_the_whole(self) -> None:
        items = json.dumps({"requests": [ORDER] * 990 + [{"orderId": "#"}]}).encode()
        with pytest.raises(DomainError) as caught:
            CODECS["BatchCreateOrders"].encode((), "", items.replace(b"#", b"\xff"))
        assert caught.value.violations[0].field == "requests[990].orderId"

    def test_fields_around_a_list_are_checked_too(self) -> None:
        text = json.dumps({"requests": [ORDER] * 990, "validateOnly": 3}).encode()
        with pytest.raises(DomainError) as caught:
            CODECS["BatchCreateOrders"].encode((), "", text)
        assert caught.value.violations[0].field == "validateOnly"

    @pytest.mark.parametrize(
        "body",
        [
            b'{"requests":[' + b"{}," * 400_000 + b"{}]}",
            b'{"requests":[' + b"{}," * 5_000_000 + b"1]}",
            b'{"requests":[{"order":{"lines":[' + b"{}," * 3_000_000 + b"{}]}}]}",
            b'{"requests":[{"order":{"customer":' + b"[" * 5_000_000,
            b'{"requests":[{' + b'"orderId":"",' * 1_000_000 + b'"a":1}]}',
            b'{"requestId":"' + b"x" * 15_000_000 + b'"}',
            b"{" + b" " * 15_000_000 + b"}",
            b"{}" + b" " * 15_000_000,
        ],
        ids=["400 k items", "5 M items", "lines", "brackets", "keys", "text", "space", "tail"],
    )
    def test_harm_takes_neither_time_nor_memory(self, body: bytes) -> None:
        tracemalloc.start()
        started = time.process_time()
        with pytest.raises(DomainError):
            CODECS["BatchCreateOrders"].encode((), "", body)
        assert time.process_time() - started < 0.5
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
        tracemalloc.stop()

    async def test_others_get_their_turn(self) -> None:
        lines = [{"description": "x" * 300}] * 20
        text = json.dumps({"requests": [{"order": {"lines": lines}}] * 1000}).encode()
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(count())
        encoded = await CODECS["BatchCreateOrders"].encode_in_turns((), "", text)
        counting.cancel()
        assert len(encoded) > 6_000_000
        assert turns > len(text) / PIECE_BYTES / 2
