"""A DomainError is the same error after any number of hops."""

from __future__ import annotations

import grpc
import pytest
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st

from services.chassis import errors
from services.chassis.errors import DomainError, FieldViolation, Kind
from services.chassis.status import from_rpc_error, from_status, to_status
from services.chassis.wire import DETAILS_KEY

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
violations = st.builds(FieldViolation, texts, texts, texts)
domain_errors = st.builds(
    DomainError,
    st.sampled_from(Kind),
    texts,
    texts,
    metadata=st.dictionaries(texts, texts, max_size=5),
    violations=st.lists(violations, max_size=5),
    retry_after_seconds=st.none() | st.floats(0, 1e6),
    domain=texts.filter(bool),
)


def _received(status: Status, code: grpc.StatusCode) -> grpc.aio.AioRpcError:
    details = (DETAILS_KEY, status.SerializeToString())
    return grpc.aio.AioRpcError(
        code, grpc.aio.Metadata(), grpc.aio.Metadata(details), details=status.message
    )


@given(domain_errors)
def test_any_error_is_rebuilt_as_it_was_raised(error: DomainError) -> None:
    received = _received(to_status(error, "sales"), grpc.StatusCode[error.kind.value])
    assert from_rpc_error(received) == error


@given(domain_errors)
def test_an_error_is_unchanged_by_a_second_hop(error: DomainError) -> None:
    once = from_status(to_status(error, "sales"))
    assert from_status(to_status(once, "insight")) == error


def test_an_error_is_stamped_with_the_service_it_was_raised_in() -> None:
    rebuilt = from_status(to_status(errors.not_found("orders/1042"), "sales"))
    assert rebuilt.domain == "sales.guanxi"
    assert rebuilt.metadata == {"resource": "orders/1042"}


def test_a_batch_with_a_thousand_wrong_fields_still_fits_into_a_response() -> None:
    wrong = [FieldViolation(f"requests[{i}].name", "must be set", "required") for i in range(1000)]
    error = DomainError(Kind.INVALID_ARGUMENT, "VALIDATION_FAILED", "wrong", violations=wrong)
    status = to_status(error, "sales")
    rebuilt = from_status(status)
    assert status.ByteSize() <= 4000
    assert rebuilt.violations == tuple(wrong[: len(rebuilt.violations)])
    assert int(rebuilt.metadata["violations_omitted"]) == 1000 - len(rebuilt.violations) < 1000


def test_an_overlong_text_is_cut() -> None:
    error = DomainError(Kind.ABORTED, "LONG", "x" * 50_000, metadata={"why": "y" * 50_000})
    rebuilt = from_status(to_status(error, "sales"))
    assert rebuilt.reason == "LONG"
    assert rebuilt.message == "x" * 500


def test_an_answer_that_never_came_has_the_transports_code_and_text() -> None:
    failed = grpc.aio.AioRpcError(
        grpc.StatusCode.UNAVAILABLE,
        grpc.aio.Metadata(),
        grpc.aio.Metadata(),
        details="connection refused",
    )
    error = from_rpc_error(failed)
    assert (error.kind, error.reason, error.message) == (
        Kind.UNAVAILABLE,
        "UNAVAILABLE",
        "connection refused",
    )


def test_details_that_are_not_a_status_do_not_hide_the_error() -> None:
    failed = grpc.aio.AioRpcError(
        grpc.StatusCode.NOT_FOUND,
        grpc.aio.Metadata(),
        grpc.aio.Metadata((DETAILS_KEY, b"\xff\xff\xff")),
        details="gone",
    )
    assert from_rpc_error(failed).kind is Kind.NOT_FOUND


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (errors.not_found("orders/1"), Kind.NOT_FOUND, "NOT_FOUND"),
        (errors.invalid("filter", "FILTER_SYNTAX", "no"), Kind.INVALID_ARGUMENT, "FILTER_SYNTAX"),
        (errors.already_exists("orders/1"), Kind.ALREADY_EXISTS, "ALREADY_EXISTS"),
        (errors.etag_mismatch("orders/1"), Kind.ABORTED, "ETAG_MISMATCH"),
        (
            errors.failed_precondition("ORDER_CANCELLED", "it is cancelled", state="CANCELLED"),
            Kind.FAILED_PRECONDITION,
            "ORDER_CANCELLED",
        ),
        (errors.permission_denied("a.b.c"), Kind.PERMISSION_DENIED, "PERMISSION_DENIED"),
        (errors.unauthenticated("TOKEN_MISSING", "who?"), Kind.UNAUTHENTICATED, "TOKEN_MISSING"),
    ],
)
def test_each_constructor_says_its_kind_and_reason(
    error: DomainError, kind: Kind, reason: str
) -> None:
    assert (error.kind, error.reason) == (kind, reason)


def test_a_wrong_field_is_named_in_the_message_and_as_a_violation() -> None:
    error = errors.invalid("order_by", "UNKNOWN_FIELD", "there is no field size")
    assert str(error) == "order_by: there is no field size"
    assert error.violations == (
        FieldViolation("order_by", "there is no field size", "UNKNOWN_FIELD"),
    )
