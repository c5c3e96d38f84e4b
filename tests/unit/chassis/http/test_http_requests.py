"""What reaches an application of a request on the wire, whole or broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.chassis.http.limits import HttpLimits
from tests.support.http_server import Serving, serving
from tests.support.running import eventually
from tests.support.wire import request

CHUNKED = "Transfer-Encoding: chunked"
GZIP = "Transfer-Encoding: gzip"


@pytest.fixture
async def http() -> AsyncIterator[Serving]:
    async with serving() as running:
        yield running


class TestABodyIsWholeOrItIsNone:
    @pytest.mark.parametrize(
        "sent",
        [
            request("POST", "/read", length=10),
            request("POST", "/read", body=b"half", length=10),
            request("POST", "/read", CHUNKED),
            request("POST", "/read", CHUNKED) + b"4\r\nha",
            request("POST", "/read", CHUNKED) + b"4\r\nhalf\r\n",
            request("POST", "/read", CHUNKED) + b"4\r\nhalf\r\n0\r\n",
            request("POST", "/read", CHUNKED) + b"4\r\nhalf\r\n0\r\nX-Trailer: 1\r\n",
            request("POST", "/read", "Connection: Upgrade", "Upgrade: h2c", length=10),
            request("POST", "/read", "Connection: Upgrade", "Upgrade: h2c", GZIP),
            request("GET", "/read", body=b"half", length=10),
        ],
    )
    async def test_who_stops_within_it_is_told(self, http: Serving, sent: bytes) -> None:
        async with http.wire() as caller:
            await caller.say(sent)
            caller.finish()
            answer = await caller.answer()
            assert await caller.rest() == b""
        assert (answer.status, answer.json()["whole"]) == (400, False)

    async def test_who_hangs_up_within_it_leaves_no_whole_one(self, http: Serving) -> None:
        async with http.wire() as caller:
            await caller.say(request("POST", "/read", body=b"half", length=10))
            await asyncio.sleep(0.02)
            caller.hang_up()
            await eventually(lambda: bool(http.teller.seen))
        assert [told["whole"] for told in http.teller.seen] == [False]

    @pytest.mark.parametrize("garbage", [b"zz\r\nhalf", b"4\r\nhalfX", b"-1\r\n"])
    async def test_chunks_that_are_none_end_it(self, http: Serving, garbage: bytes) -> None:
        async with http.wire() as caller:
            await caller.say(request("POST", "/read", CHUNKED), garbage)
            answer = await caller.answer()
            assert await caller.rest() == b""
        assert (answer.status, answer.json()["whole"]) == (400, False)

    async def test_one_that_comes_in_pieces_is_whole(self, http: Serving) -> None:
        async with http.wire() as caller:
            for byte in request("POST", "/read", body=b"all of it"):
                await caller.say(bytes((byte,)))
            assert (await caller.answer()).json() == {
                "body": "all of it",
                "dropped": 0,
                "whole": True,
            }

    async def test_a_large_one_in_many_chunks_costs_nothing_beside(self, http: Serving) -> None:
        chunk = b"%x\r\n%s\r\n" % (5_000, b"x" * 5_000)
        async with http.wire() as caller:
            await caller.say(request("POST", "/read", CHUNKED), chunk * 400, b"0\r\n\r\n")
            told = (await caller.answer()).json()
        assert (len(told["body"]), told["dropped"], told["whole"]) == (2_000_000, 0, True)

    async def test_it_is_read_although_another_protocol_was_offered(self, http: Serving) -> None:
        offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")
        async with http.wire() as caller:
            for sent in (
                request("POST", "/read", *offer, body=b"all of it"),
                request("POST", "/read", *offer, CHUNKED) + b"9\r\nall of it\r\n0\r\n\r\n",
                request("POST", "/read", *offer),
                request("POST", "/read", body=b"all of it"),
            ):
                await caller.say(sent)
                told = (await caller.answer()).json()
                assert told["whole"]
                assert told["body"] == ("all of it" if b"all" in sent else "")

    async def test_it_is_asked_for_where_the_caller_waits_to_be_asked(self, http: Serving) -> None:
        async with http.wire() as caller:
            await caller.say(request("POST", "/read", "Expect: 100-continue", length=4))
            assert (await caller.head())[0] == 100
            await caller.say(b"body")
            assert (await caller.answer()).json()["body"] == "body"

    async def test_an_old_client_is_not_asked_for_it(self, http: Serving) -> None:
        expecting = request("POST", "/read", "Expect: 100-continue", body=b"body")
        async with http.wire() as caller:
            await caller.say(expecting.replace(b"HTTP/1.1", b"HTTP/1.0"))
            answer = await caller.answer()
            assert (answer.status, answer.json()["body"]) == (200, "body")


class TestTrailers:
    async def test_they_are_no_headers(self, http: Serving) -> None:
        async with http.wire() as caller:
            await caller.say(
                request("POST", "/read", CHUNKED, "X-Api-Key: head"),
                b"4\r\nbody\r\n0\r\n",
                b"X-Api-Key: trailer\r\nX-Late: 1\r\n\r\n",
            )
            assert (await caller.answer()).json()["body"] == "body"
            names = [name for name, _ in http.teller.headers]
            assert names == [b"host", b"transfer-encoding", b"x-api-key"]
            assert (b"x-api-key", b"head") in http.teller.headers

    @pytest.mark.parametrize(
        "endless",
        [b"X-Late: 1234567\r\n" * 1_000, b"x" * 17_000],
        ids=["many lines", "one line"],
    )
    async def test_what_they_take_is_told(self, http: Serving, endless: bytes) -> None:
        async with http.wire() as caller:
            await caller.say(request("POST", "/read", CHUNKED), b"4\r\nbody\r\n0\r\nX-Long: ")
            for _ in range(100):
                await caller.say(endless)
            caller.finish()
            told = (await caller.answer()).json()
        assert (told["body"], told["whole"]) == ("body", False)
        # What came in one read with the head is not counted.
        assert 1_400_000 < told["dropped"] <= 1_700_100


class TestNoRequests:
    @pytest.mark.parametrize(
        "sent",
        [
            b"this is no request\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
            b"CONNECT there:443 HTTP/1.1\r\nHost: there:443\r\n\r\n",
            b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            request("POST", "/read", CHUNKED, length=1),
            b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
        ],
    )
    async def test_they_are_refused(self, http: Serving, sent: bytes) -> None:
        async with http.wire() as caller:
            await caller.say(sent)
            answer = await caller.answer()
            assert (answer.status, answer.reason) == (400, "MALFORMED_REQUEST")
            assert answer.headers["connection"] == "close"
            assert await caller.rest() == b""

    async def test_a_head_has_no_more_lines_than_it_may(self, http: Serving) -> None:
        most = HttpLimits().head_lines
        async with http.wire() as caller:
            await caller.say(request("GET", "/a", *["a: b"] * (most - 1)))
            assert (await caller.answer()).body == b"/a"
            await caller.say(request("GET", "/a", *["a: b"] * most))
            answer = await caller.answer()
            assert (answer.status, answer.reason) == (431, "HEAD_TOO_LARGE")
            assert await caller.rest() == b""

    @pytest.mark.parametrize("part", [b"x" * 8_000, b"X-Many: 1\r\n" * 700])
    async def test_a_head_without_end_is_cut_off(self, http: Serving, part: bytes) -> None:
        async with http.wire() as caller:
            await caller.say(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", *(part for _ in range(40)))
            answer = await caller.answer()
            assert (answer.status, answer.reason) == (431, "HEAD_TOO_LARGE")


class TestAnswers:
    async def test_one_can_be_read_though_the_body_was_not(self, http: Serving) -> None:
        for closes in ("Connection: close", "Connection: keep-alive"):
            async with http.wire() as caller:
                await caller.say(request("POST", "/ignore", closes, length=20_000_000))
                for _ in range(200):
                    await caller.say(b"x" * 100_000)
                answer = await caller.answer()
                assert (answer.status, answer.body) == (413, b"no")
                assert answer.headers["connection"] == "close"
                assert await caller.rest() == b""

    async def test_an_application_that_fails_is_spoken_for(self, http: Serving) -> None:
        async with http.wire() as caller:
            await caller.say(request("GET", "/fail"))
            answer = await caller.answer()
        assert (answer.status, answer.reason) == (500, "INTERNAL")

    async def test_head_and_204_have_no_body(self, http: Serving) -> None:
        async with http.wire() as caller:
            await caller.say(request("HEAD", "/a") + request("GET", "/nothing"))
            answer = await caller.answer(body=False)
            assert (answer.status, answer.headers["content-length"]) == (200, "2")
            nothing = await caller.answer()
            assert (nothing.status, "transfer-encoding" in nothing.headers) == (204, False)
            await caller.say(request("GET", "/b"))
            assert (await caller.answer()).body == b"/b"

    @pytest.mark.parametrize("path", ["/stream", "/beat"])
    async def test_head_of_a_stream_is_no_stream(self, http: Serving, path: str) -> None:
        async with http.wire() as caller:
            await caller.say(request("HEAD", path) + request("GET", "/b"))
            assert (await caller.answer(body=False)).status == 200
            assert (await caller.answer()).body == b"/b"
            async with asyncio.timeout(5):
                await http.teller.left.wait()

    async def test_an_old_client_is_answered_until_the_end(self, http: Serving) -> None:
        async with http.wire() as caller:
            await caller.say(b"GET /a HTTP/1.0\r\n\r\n")
            answer = await caller.answer()
            assert (answer.body, answer.headers["connection"]) == (b"/a", "close")
            assert await caller.rest() == b""

    async def test_who_says_no_more_can_still_read(self, http: Serving) -> None:
        async with http.wire() as caller:
            await caller.say(request("GET", "/wait") + request("POST", "/read", body=b"b"))
            caller.finish()
            await asyncio.sleep(0.05)
            http.teller.go_on.set()
            assert (await caller.answer()).body == b"done"
            assert (await caller.answer()).json()["body"] == "b"
            assert await caller.rest() == b""

    async def test_each_tells_the_time(self, http: Serving) -> None:
        async with http.wire() as caller:
            await caller.say(request("GET", "/a"))
            assert (await caller.answer()).headers["date"].endswith(" GMT")
