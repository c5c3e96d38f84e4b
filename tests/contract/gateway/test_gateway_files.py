"""Bodies that are no JSON: `google.api.HttpBody` in requests, in replies and in streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from google.api import httpbody_pb2  # type: ignore[attr-defined]  # its wheel says no types
from google.protobuf import any_pb2

from services.chassis.errors import not_found
from tests.support import probes
from tests.support.gateway import FakeService, RunningGateway, reason_of, running_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

CSV = httpbody_pb2.HttpBody(content_type="text/csv; charset=utf-8", data=b"a,b\n\xff\x00\n")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def files(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[RunningGateway, FakeService]]:
    service = FakeService(probes.service())
    folder = tmp_path_factory.mktemp("gateway")
    contract, beside = probes.probe_contract(), (probes.serving(service),)
    async with running_gateway(folder, contract=contract, beside=beside) as running:
        yield running, service


async def test_a_body_of_a_field_arrives_as_it_was_sent(
    files: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = files
    answer = await gateway.http.post(
        "/v1/files/a:upload?comment=hello",
        content=b'{"not": json\x00',
        headers={"content-type": "application/x-thing"},
    )
    assert answer.status_code == 200
    request = service.last.request
    assert (request.name, request.comment) == ("files/a", "hello")
    assert request.content.content_type == "application/x-thing"
    assert request.content.data == b'{"not": json\x00'


async def test_a_request_may_be_nothing_but_a_body(
    files: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = files
    large = bytes(range(256)) * 4_000
    assert (await gateway.http.post("/v1/files:inspect", content=large)).status_code == 200
    assert service.last.request.data == large
    assert (await gateway.http.post("/v1/files:inspect")).status_code == 200
    assert service.last.request.data == b""


async def test_a_file_is_answered_as_what_it_is(
    files: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = files
    service.answers["Download"] = CSV
    answer = await gateway.http.get("/v1/files/a:download")
    assert answer.content == CSV.data
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["content-length"] == str(len(CSV.data))


@pytest.mark.parametrize("content_type", ["", "text", "text/html\r\nx-evil: 1", "text/ä"])
async def test_a_type_that_is_none_is_told_as_bytes(
    files: tuple[RunningGateway, FakeService], content_type: str
) -> None:
    gateway, service = files
    service.answers["Download"] = httpbody_pb2.HttpBody(content_type=content_type, data=b"x")
    answer = await gateway.http.get("/v1/files/a:download")
    assert (answer.headers["content-type"], answer.content) == ("application/octet-stream", b"x")
    assert "x-evil" not in answer.headers


async def test_a_file_that_is_not_there_is_an_error_in_json(
    files: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = files
    service.answers["Download"] = not_found("files/a")
    answer = await gateway.http.get("/v1/files/a:download")
    assert (answer.status_code, reason_of(answer)) == (404, "NOT_FOUND")


async def test_a_long_file_comes_part_by_part(
    files: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = files

    async def parts(_request: Any, _context: Any) -> AsyncIterator[httpbody_pb2.HttpBody]:
        yield httpbody_pb2.HttpBody(content_type="text/csv", data=b"first\n")
        for number in range(3):
            await asyncio.sleep(0.02)
            yield httpbody_pb2.HttpBody(data=b"%d\n" % number)

    service.streams["Export"] = parts
    answer = await gateway.http.get("/v1/files/a:export")
    assert answer.headers["content-type"] == "text/csv"
    assert answer.content == b"first\n0\n1\n2\n"


async def test_a_file_without_parts_is_an_empty_one(
    files: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = files

    async def nothing(_request: Any, _context: Any) -> AsyncIterator[httpbody_pb2.HttpBody]:
        parts: tuple[httpbody_pb2.HttpBody, ...] = ()
        for part in parts:
            yield part

    service.streams["Export"] = nothing
    answer = await gateway.http.get("/v1/files/a:export")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_a_stream_refused_before_its_first_part_has_its_status(
    files: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = files

    async def refuse(request: Any, _context: Any) -> AsyncIterator[httpbody_pb2.HttpBody]:
        if request.name:
            raise not_found(request.name)
        yield CSV

    service.streams["Export"] = refuse
    answer = await gateway.http.get("/v1/files/a:export")
    assert (answer.status_code, reason_of(answer)) == (404, "NOT_FOUND")


async def test_a_file_that_breaks_off_is_never_taken_for_whole(
    files: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = files

    async def breaks(_request: Any, _context: Any) -> AsyncIterator[httpbody_pb2.HttpBody]:
        yield httpbody_pb2.HttpBody(content_type="text/csv", data=b"first\n")
        await asyncio.sleep(0.05)
        raise not_found("files/a")

    service.streams["Export"] = breaks
    with pytest.raises(httpx.RemoteProtocolError):
        await gateway.http.get("/v1/files/a:export")


async def test_a_reply_with_something_unknown_in_it_is_answered_all_the_same(
    files: tuple[RunningGateway, FakeService],
) -> None:
    gateway, service = files
    unknown = any_pb2.Any(type_url="type.googleapis.com/newer.Type", value=b"abc")
    service.answers["Echo"] = probes.message("Probe")(plain_text="a", detail=unknown)
    answer = await gateway.http.post("/v1/probes:echo", json={"plainText": "a"})
    assert answer.json() == {
        "plainText": "a",
        "detail": {"@type": "type.googleapis.com/newer.Type", "value": "YWJj"},
    }
