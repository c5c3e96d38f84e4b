"""Whoever makes a client of their own needs one file."""

from __future__ import annotations

from pathlib import Path

from grpc_tools import protoc

from protos.build import GEN


def test_a_client_can_be_made_from_the_descriptor_set_alone(tmp_path: Path) -> None:
    options = (
        f"--descriptor_set_in={GEN / 'guanxi.binpb'}",
        f"--python_out={tmp_path}",
        f"--grpc_python_out={tmp_path}",
    )
    files = ("guanxi/customer/v1/customers.proto", "guanxi/options/v1/options.proto")
    assert protoc.main(["protoc", *options, *files]) == 0
    assert "class CustomerServiceStub" in (
        tmp_path / "guanxi/customer/v1/customers_pb2_grpc.py"
    ).read_text("utf-8")
