"""REST through a real gateway to a real server: reads, writes, headers, and every refusal."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from guanxi.customer.v1 import customers_pb2

from gateway.signin.keys import create_key, read_keys, revoke_key
from tests.support.gateway import RunningGateway, eventually, reason_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN = customers_pb2.Customer(
    name="customers/ann", display_name="Ann", kind=customers_pb2.Customer.PERSON, etag='W/"1"'
)

TWICE = b'{"displayName": "a", "display_name": "b"}'
NESTED = b'{"emails": ' + b"[" * 20_000
MANY = b'{"requests": [' + b"{}, " * 3_000_000 + b"1]}"


class TestReadsAndWrites:
    async def test_a_read_is_answered_with_the_services_reply(
        self, gateway: RunningGateway
    ) -> None:
        gateway.customers.answers["GetCustomer"] = ANN
        answer = await gateway.http.get("/v1/customers/ann")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["etag"] == 'W/"1"'
        assert answer.json() == {
            "name": "customers/ann",
            "displayName": "Ann",
            "kind": "PERSON",
            "etag": 'W/"1"',
        }
        assert gateway.customers.last.request.name == "customers/ann"

    async def test_head_is_a_read_without_its_body(self, gateway: RunningGateway) -> None:
        gateway.customers.answers["GetCustomer"] = ANN
        answer = await gateway.http.head("/v1/customers/ann")
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["etag"] == 'W/"1"'

    async def test_a_list_takes_its_arguments_from_the_query(self, gateway: RunningGateway) -> None:
        params = {"pageSize": "2", "filter": 'region = "DE"', "orderBy": "create_time desc"}
        assert (await gateway.http.get("/v1/customers", params=params)).status_code == 200
        request = gateway.customers.last.request
        assert (request.page_size, request.filter) == (2, 'region = "DE"')
        assert request.order_by == "create_time desc"

    async def test_a_change_carries_mask_etag_and_key(self, gateway: RunningGateway) -> None:
        gateway.customers.answers["UpdateCustomer"] = ANN
        answer = await gateway.http.patch(
            "/v1/customers/ann",
            json={"displayName": "Anna", "region": ""},
            headers={"if-match": 'W/"1"', "idempotency-key": "k-1"},
        )
        assert answer.status_code == 200
        request = gateway.customers.last.request
        assert (request.customer.name, request.customer.display_name) == ("customers/ann", "Anna")
        assert list(request.update_mask.paths) == ["display_name", "region"]
        assert (request.customer.etag, request.request_id) == ('W/"1"', "k-1")

    async def test_a_verb_is_reached(self, gateway: RunningGateway) -> None:
        assert (await gateway.http.post("/v1/customers/ann:undelete")).status_code == 200
        assert gateway.customers.last.method == "UndeleteCustomer"

    async def test_options_tells_what_a_path_takes(self, gateway: RunningGateway) -> None:
        answer = await gateway.http.options("/v1/customers/ann")
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["allow"] == "DELETE, GET, PATCH, HEAD, OPTIONS"


class TestIdentity:
    async def test_the_service_sees_the_request_id_that_the_caller_gave(
        self, gateway: RunningGateway
    ) -> None:
        answer = await gateway.http.get("/v1/customers/ann", headers={"x-request-id": "r-1"})
        assert answer.headers["x-request-id"] == "r-1"
        assert gateway.customers.last.metadata["x-request-id"] == "r-1"

    async def test_every_answer_has_a_request_id_errors_too(self, gateway: RunningGateway) -> None:
        answer = await gateway.http.get("/nowhere", headers={"x-request-id": "two words"})
        assert len(answer.headers["x-request-id"]) == 36

    async def test_identity_headers_from_outside_are_dropped(self, gateway: RunningGateway) -> None:
        claims = {"x-guanxi-subject": "users/boss", "x-roles": "admin", "x-forwarded-user": "boss"}
        await gateway.http.get("/v1/customers/ann", headers=claims)
        assert not set(claims) & set(gateway.customers.last.metadata)

    async def test_one_token_serves_many_requests(self, gateway: RunningGateway) -> None:
        for _ in range(3):
            await gateway.http.get("/v1/customers/ann")
        tokens = {seen.metadata["authorization"] for seen in gateway.customers.seen}
        assert len(tokens) == 1

    async def test_x_api_key_signs_in_as_well(self, gateway: RunningGateway) -> None:
        async with httpx.AsyncClient(base_url=gateway.url) as plain:
            answer = await plain.get("/v1/customers/ann", headers={"x-api-key": gateway.key})
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({}, "CREDENTIALS_MISSING"),
            ({"authorization": "Basic YTpi"}, "CREDENTIALS_UNSUPPORTED"),
            ({"authorization": "Bearer secret"}, "API_KEY_MALFORMED"),
            ({"authorization": "Bearer gx_nobody_secret"}, "API_KEY_INVALID"),
        ],
    )
    async def test_who_has_no_good_key_stays_outside(
        self, gateway: RunningGateway, headers: dict[str, str], expected: str
    ) -> None:
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as stranger:
            answer = await stranger.get("/v1/customers/ann")
        assert (answer.status_code, reason_of(answer)) == (401, expected)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert gateway.customers.seen == []

    async def test_an_expired_key_says_so(self, gateway: RunningGateway) -> None:
        now = datetime.now(UTC)
        past = now - timedelta(seconds=1)
        key = create_key(gateway.keys_file, "users/late", roles=["rep"], now=now, expire_time=past)
        answer = await eventually(gateway, key, "API_KEY_EXPIRED")
        assert answer.status_code == 401

    async def test_a_key_made_while_the_gateway_runs_works_and_a_revoked_one_stops(
        self, gateway: RunningGateway
    ) -> None:
        now = datetime.now(UTC)
        key = create_key(gateway.keys_file, "users/bob", roles=["admin"], now=now)
        assert (await eventually(gateway, key, "")).status_code == 200
        made = next(k for k in read_keys(gateway.keys_file) if k.subject == "users/bob")
        revoke_key(gateway.keys_file, made.id, now)
        assert (await eventually(gateway, key, "API_KEY_INVALID")).status_code == 401

    async def test_the_scopes_of_a_key_narrow_its_roles(self, gateway: RunningGateway) -> None:
        key = create_key(
            gateway.keys_file,
            "users/seller",
            roles=["admin"],
            scopes=["sales.*.*"],
            now=datetime.now(UTC),
        )
        answer = await eventually(gateway, key, "PERMISSION_DENIED")
        assert answer.status_code == 403


class TestRefusals:
    @pytest.mark.parametrize(
        ("method", "path", "request_parts", "status", "expected"),
        [
            ("GET", "/v1/nothing", {}, 404, "PATH_NOT_FOUND"),
            ("GET", "/v1/customers/", {}, 404, "PATH_NOT_FOUND"),
            ("POST", "/v1/customers/ann:melt", {}, 404, "PATH_NOT_FOUND"),
            ("PUT", "/v1/customers/ann", {}, 405, "METHOD_NOT_ALLOWED"),
            ("POST", "/openapi.json", {}, 405, "METHOD_NOT_ALLOWED"),
            ("GET", "/v1/customers?colour=red", {}, 400, "UNKNOWN_FIELD"),
            ("GET", "/v1/customers?pageSize=x", {}, 400, "INVALID_VALUE"),
            ("GET", "/v1/customers?pageSize=1&pageSize=2", {}, 400, "DUPLICATE_FIELD"),
            ("POST", "/v1/customers", {"json": {"colour": 1}}, 400, "UNKNOWN_FIELD"),
            ("POST", "/v1/customers", {"json": ["Ann"]}, 400, "MALFORMED_BODY"),
            ("POST", "/v1/customers", {"content": b"Ann"}, 400, "MALFORMED_BODY"),
            (
                "POST",
                "/v1/customers",
                {"content": b"{}", "headers": {"content-encoding": "gzip"}},
                400,
                "INVALID_HEADER",
            ),
            ("GET", "/v1/customers", {"headers": {"x-timeout": "soon"}}, 400, "INVALID_HEADER"),
            ("GET", "/v1/customers", {"headers": {"grpc-timeout": "1"}}, 400, "INVALID_HEADER"),
            ("GET", "/v1/customers", {"headers": {"x-consistency": "so"}}, 400, "INVALID_HEADER"),
            ("GET", "/v1/customers", {"headers": {"x-timeout": "0.06"}}, 504, "DEADLINE_TOO_SHORT"),
            ("GET", "/v1/customers", {"headers": {"x-big": "x" * 70_000}}, 431, "HEAD_TOO_LARGE"),
            ("POST", "/v1/customers", {"content": b"{" * 5_000_000}, 413, "BODY_TOO_LARGE"),
            ("GET", "/v1/customers/ann:", {}, 404, "PATH_NOT_FOUND"),
            ("POST", "/v1/customers", {"json": {"kind": 99999999999}}, 400, "INVALID_VALUE"),
            ("POST", "/v1/customers", {"content": TWICE}, 400, "DUPLICATE_FIELD"),
            ("POST", "/v1/customers", {"content": NESTED}, 400, "INVALID_VALUE"),
            ("POST", "/v1/customers:batchCreate", {"content": MANY}, 400, "VALIDATION_FAILED"),
            ("GET", "/v1/customers/ann/prediction?asOf=2024-02-30", {}, 400, "INVALID_VALUE"),
        ],
    )
    async def test_what_the_gateway_refuses_has_status_and_reason(
        self,
        gateway: RunningGateway,
        method: str,
        path: str,
        request_parts: dict[str, Any],
        status: int,
        expected: str,
    ) -> None:
        answer = await gateway.http.request(method, path, **request_parts)
        assert (answer.status_code, reason_of(answer)) == (status, expected)
        assert answer.json()["error"]["code"] == status
        assert gateway.customers.seen == []

    async def test_a_read_may_ask_for_an_answer_that_has_caught_up(
        self, gateway: RunningGateway
    ) -> None:
        await gateway.http.get("/v1/customers", headers={"x-consistency": "caught-up"})
        await gateway.http.get("/v1/customers")
        asked = [seen.metadata.get("guanxi-consistency") for seen in gateway.customers.seen]
        assert asked == ["caught-up", None]

    async def test_a_batch_may_be_larger_than_other_bodies(self, gateway: RunningGateway) -> None:
        body = {"requests": [{"customer": {"displayName": "x" * 190}}] * 1000, "pad": "x"}
        text = json.dumps(body).ljust(5_000_000).encode()
        answer = await gateway.http.post("/v1/customers:batchCreate", content=text)
        assert reason_of(answer) == "UNKNOWN_FIELD"

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/v1/customers", b'{"displayName": "a\\u0000b"}'),
            ("/v1/customers/ann:undelete", b'{"etag": "\\u0000"}'),
            ("/v1/customers?requestId=%00", b'{"displayName": "a"}'),
        ],
    )
    async def test_the_character_nul_is_refused_by_name_for_whoever_is_asked(
        self, gateway: RunningGateway, path: str, body: bytes
    ) -> None:
        answer = await gateway.http.post(path, content=body)
        assert (answer.status_code, reason_of(answer)) == (400, "TEXT_CONTROL_CHARACTER")
        assert gateway.customers.seen == []

    async def test_who_sends_much_keeps_nobody_waiting(self, gateway: RunningGateway) -> None:
        lines = {"customer": {"displayName": "x" * 190, "labels": {"a": "b" * 40}}}
        text = json.dumps({"requests": [lines] * 999 + [{"customer": {"displayName": 1}}]})
        padded = text.replace("}}, ", "}}, " + " " * 10_000).encode()
        sending = asyncio.ensure_future(
            gateway.http.post("/v1/customers:batchCreate", content=padded)
        )
        answered = 0
        while not sending.done():
            assert (await gateway.http.get("/v1/customers/ann")).status_code == 200
            answered += 1
        answer = sending.result()
        assert reason_of(answer) == "INVALID_VALUE"
        assert "requests[999].customer.displayName" in answer.text
        assert answered > 3

    async def test_a_body_without_length_is_capped_as_it_comes(
        self, gateway: RunningGateway
    ) -> None:
        async def endless() -> Any:
            for _ in range(80):
                yield b" " * 65_536

        answer = await gateway.http.post("/v1/customers", content=endless())
        assert (answer.status_code, reason_of(answer)) == (413, "BODY_TOO_LARGE")

    async def test_a_head_without_end_is_cut_off(self, gateway: RunningGateway) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.http_port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nx-endless: ")
        for _ in range(10):
            writer.write(b"x" * 16_384)
        await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 431")
        writer.close()

    async def test_method_override_is_not_a_thing(self, gateway: RunningGateway) -> None:
        headers = {"x-http-method-override": "DELETE"}
        await gateway.http.get("/v1/customers/ann", headers=headers)
        assert gateway.customers.last.method == "GetCustomer"

    async def test_the_allow_header_says_what_is_possible(self, gateway: RunningGateway) -> None:
        answer = await gateway.http.put("/v1/customers/ann", json={})
        assert answer.headers["allow"] == "DELETE, GET, PATCH, HEAD"
