"""What happens around every RPC, seen from its caller: on a real server, over a real connection."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from services.chassis import context
from services.chassis.caller import Caller, Scope, current_caller
from services.chassis.descriptors import ContractError, methods_of
from services.chassis.errors import DomainError, FieldViolation, Kind, not_found
from services.chassis.middleware import ORDER
from services.chassis.wire import REQUEST_ID_KEY
from tests.support import echo
from tests.support.chassis import ANN, Token, echo_server
from tests.support.echo_calls import call, refused, shout

SHAPES = list(echo.METHODS)


def test_the_middleware_stands_in_this_order() -> None:
    assert ORDER == (
        "request_id",
        "request_log",
        "metrics",
        "deadline",
        "authentication",
        "encoding",
        "access",
        "decoding",
        "validation",
        "consistency",
    )


@pytest.mark.parametrize("method", SHAPES)
async def test_a_call_of_any_shape_is_answered(method: str) -> None:
    async with echo_server(shout) as running:
        identity = Token(roles=("rep",))
        assert await call(running, method, "to whom", identity=identity) == ["TO", "WHOM"]


@pytest.mark.parametrize("method", SHAPES)
async def test_an_error_of_the_domain_reaches_the_caller_as_the_same_error(method: str) -> None:
    raised = DomainError(
        Kind.FAILED_PRECONDITION,
        "ORDER_CANCELLED",
        "orders/1 is cancelled",
        metadata={"state": "CANCELLED"},
        violations=(FieldViolation("name", "is cancelled", "STATE"),),
        retry_after_seconds=1.5,
        domain="sales.guanxi",
    )

    async def fail(_: str, __: Any) -> str:
        raise raised

    async with echo_server(fail) as running:
        assert await refused(running, method) == raised


@pytest.mark.parametrize("method", SHAPES)
async def test_an_unexpected_error_keeps_its_text_to_the_log(method: str) -> None:
    async def fail(_: str, __: Any) -> str:
        raise RuntimeError("password=hunter2")

    with capture_logs() as logs:
        async with echo_server(fail) as running:
            error = await refused(running, method)
    assert (error.kind, error.reason) == (Kind.INTERNAL, "INTERNAL")
    assert "hunter2" not in error.message + str(error.metadata)
    line = next(line for line in logs if line["event"] == "unexpected error")
    assert line["request_id"] == error.metadata["request_id"]
    assert line["request_id"] in error.message
    assert "hunter2" in repr(line["exc_info"])


async def test_a_handlers_own_abort_is_left_alone() -> None:
    async def abort(_: str, servicer_context: Any) -> str:
        await servicer_context.abort(grpc.StatusCode.DATA_LOSS, "as the handler said")
        return ""

    with capture_logs() as logs:
        async with echo_server(abort) as running, running.connect() as channel:
            with pytest.raises(DomainError) as refusal:
                await echo.echo_stub(channel).Say(echo.said("hi"))
            # The connection stays open until the line is written: to a server whose caller hangs up
            # at this moment the call was cancelled.
            async with asyncio.timeout(5):
                while not any(line["event"] == "rpc" for line in logs):  # noqa: ASYNC110 - a log has no event
                    await asyncio.sleep(0.005)
    error = refusal.value
    assert (error.kind, error.message) == (Kind.DATA_LOSS, "as the handler said")
    assert [line["code"] for line in logs if line["event"] == "rpc"] == ["DATA_LOSS"]


async def test_trailing_metadata_of_a_handler_is_kept_beside_the_error() -> None:
    async def fail(_: str, servicer_context: Any) -> str:
        servicer_context.set_trailing_metadata((("x-hint", "17"),))
        raise not_found("orders/1")

    async with echo_server(fail) as running:
        error = await refused(running)
        assert error.reason == "NOT_FOUND"
        assert isinstance(error.__cause__, grpc.aio.AioRpcError)
        assert ("x-hint", "17") in list(error.__cause__.trailing_metadata() or ())


@pytest.mark.parametrize("method", SHAPES)
async def test_a_caller_without_a_token_is_refused(method: str) -> None:
    async with echo_server(shout) as running:
        error = await refused(running, method, identity=None)
    assert (error.kind, error.reason) == (Kind.UNAUTHENTICATED, "TOKEN_MISSING")


async def test_a_token_for_another_service_is_refused() -> None:
    async with echo_server(shout) as running:
        error = await refused(running, identity=Token(audience="customer"))
    assert (error.kind, error.reason) == (Kind.UNAUTHENTICATED, "TOKEN_AUDIENCE")


async def test_a_token_made_for_one_request_does_not_serve_another() -> None:
    bound = Token(request_id="r-1")
    async with echo_server(shout) as running:
        mine = ((REQUEST_ID_KEY, "r-1"),)
        async with grpc.aio.insecure_channel(running.target) as channel:
            headers = (*mine, ("authorization", f"Bearer {bound.token()}"))
            reply = await echo.echo_stub(channel).Say(echo.said("hi"), metadata=headers)
            assert reply.text == "HI"
        error = await refused(running, identity=bound)
    assert (error.kind, error.reason) == (Kind.UNAUTHENTICATED, "TOKEN_REQUEST")


@pytest.mark.parametrize("method", SHAPES)
async def test_the_handler_runs_as_its_caller_within_the_scope_of_their_role(method: str) -> None:
    seen: list[Caller] = []

    async def remember(text: str, _: Any) -> str:
        seen.append(current_caller())
        return text

    ann = Token("users/ann", roles=("rep",), teams=("teams/north",))
    async with echo_server(remember) as running:
        await call(running, method, identity=ann)
    assert (seen[0].subject, seen[0].teams, seen[0].scope) == (
        "users/ann",
        ("teams/north",),
        Scope.OWN,
    )
    assert seen[0].request_id


async def test_a_manager_works_on_the_rows_of_their_team() -> None:
    async def tell_scope(_: str, __: Any) -> str:
        return current_caller().scope.name

    async with echo_server(tell_scope) as running:
        assert await call(running, "Say", identity=Token(roles=("manager",))) == ["TEAM"]


@pytest.mark.parametrize(
    "identity", [Token(roles=("marketer",)), Token(scopes=("customer.*.*",)), Token(roles=())]
)
async def test_a_caller_without_the_permission_is_told_which_and_it_is_audited(
    identity: Token,
) -> None:
    with capture_logs() as logs:
        async with echo_server(shout) as running:
            error = await refused(running, identity=identity)
    assert error.kind is Kind.PERMISSION_DENIED
    assert error.metadata == {"permission": "sales.orders.read"}
    audited = next(line for line in logs if line.get("audit"))
    assert (audited["caller"], audited["permission"]) == ("users/ann", "sales.orders.read")


@pytest.mark.parametrize("method", SHAPES)
async def test_a_request_that_breaks_its_contract_is_refused_naming_the_field(method: str) -> None:
    async with echo_server(shout) as running:
        error = await refused(running, method, text="x" * 21)
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "VALIDATION_FAILED")
    assert [(each.field, each.reason) for each in error.violations] == [("text", "string.max_len")]


async def test_who_may_not_call_does_not_learn_what_is_wrong_with_the_request() -> None:
    async with echo_server(shout) as running:
        error = await refused(running, text="x" * 21, identity=Token(roles=()))
    assert error.kind is Kind.PERMISSION_DENIED


async def test_the_callers_request_id_is_kept_and_an_unfit_one_replaced() -> None:
    seen: list[str] = []

    async def remember(text: str, _: Any) -> str:
        seen.append(context.current_request_id())
        return text

    async with echo_server(remember) as running:
        token = ("authorization", f"Bearer {ANN.token()}")
        async with grpc.aio.insecure_channel(running.target) as channel:
            stub = echo.echo_stub(channel)
            for given in ("abc-123", "no good", "x" * 129):
                await stub.Say(echo.said("hi"), metadata=(token, (REQUEST_ID_KEY, given)))
            await stub.Say(echo.said("hi"), metadata=(token,))
    assert seen[0] == "abc-123"
    for made in seen[1:]:
        assert re.fullmatch(r"[0-9a-f-]{36}", made)


@pytest.mark.parametrize("method", SHAPES)
async def test_each_call_leaves_one_line_in_the_log_and_nothing_of_its_messages(
    method: str,
) -> None:
    with capture_logs() as logs:
        async with echo_server(shout) as running:
            await call(running, method, "secret")
    (line,) = (line for line in logs if line["event"] == "rpc")
    assert line["method"] == f"/{echo.SERVICE}/{method}"
    assert (line["code"], line["caller"]) == ("OK", "users/ann")
    assert line["duration_ms"] > 0
    assert line["request_id"]
    assert "secret" not in str(logs).lower()


async def test_calls_are_counted_and_timed_by_method_and_code() -> None:
    async def fail_on_no(text: str, _: Any) -> str:
        if text == "no":
            raise not_found("orders/1")
        return text

    async with echo_server(fail_on_no) as running:
        await call(running, "Say")
        await call(running, "Say")
        await refused(running, "Say", text="no")
    method = f"/{echo.SERVICE}/Say"
    value = running.metrics.registry.get_sample_value
    assert value("guanxi_rpc_started_total", {"method": method}) == 3
    assert value("guanxi_rpc_handled_total", {"method": method, "code": "OK"}) == 2
    assert value("guanxi_rpc_handled_total", {"method": method, "code": "NOT_FOUND"}) == 1
    assert value("guanxi_rpc_handling_seconds_count", {"method": method, "code": "OK"}) == 2


def test_a_method_whose_contract_does_not_say_who_may_call_it_stops_the_start() -> None:
    echo.file()
    with pytest.raises(ContractError, match=r"guanxi\.test\.v1\.Bare\.Unmarked"):
        methods_of("guanxi.test.v1.Bare")
