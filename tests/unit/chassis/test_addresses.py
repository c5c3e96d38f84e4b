"""An address that cannot be listened on is explained in one sentence."""

from __future__ import annotations

import socket

import pytest

from services.chassis.errors import StartRefused
from services.chassis.process.addresses import bind, refuse_taken


@pytest.mark.parametrize(
    "address", ["50051", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:99999", ""]
)
def test_an_address_of_another_form_is_refused_naming_its_setting(address: str) -> None:
    with pytest.raises(StartRefused, match=r"GUANXI_SALES_LISTEN: .* host:port"):
        bind(address, "GUANXI_SALES_LISTEN")


@pytest.mark.parametrize("address", ["192.0.2.1:0", "nowhere.invalid:1"])
def test_an_address_that_is_not_this_machines_is_refused(address: str) -> None:
    with pytest.raises(StartRefused, match=r"cannot be listened on .* set GUANXI_SALES_LISTEN"):
        bind(address, "GUANXI_SALES_LISTEN")


def test_a_taken_address_is_refused_and_a_freed_one_is_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StartRefused, match="Address already in use"):
            refuse_taken(address, "GUANXI_SALES_LISTEN")
    refuse_taken(address, "GUANXI_SALES_LISTEN")


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0", "localhost:0"])
def test_a_free_address_is_bound(address: str) -> None:
    with bind(address, "GUANXI_SALES_LISTEN") as bound:
        assert bound.getsockname()[1] > 0
