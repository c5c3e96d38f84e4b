"""What stops the gateway's start, each in words that name what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.backends import Backends
from gateway.contract import ContractError, HttpRule
from gateway.http.endpoints import route_table
from gateway.main import Gateway
from gateway.settings import GatewaySettings
from services.chassis.errors import StartRefused
from services.chassis.process.addresses import bind
from services.chassis.settings import SettingsError
from tests.support.chassis import believed_keys, keys
from tests.support.transcoding import CONTRACT

TARGETS = dict.fromkeys(("customer", "sales", "insight", "gateway"), "127.0.0.1:1")
GET_ORDER = "/guanxi.sales.v1.OrderService/GetOrder"


async def start_with(rule: HttpRule) -> None:
    """Puts the route table together with one binding of GetOrder more."""
    rules = {**CONTRACT.rules, GET_ORDER: (*CONTRACT.rules[GET_ORDER], rule)}
    backends = Backends(TARGETS, CONTRACT.methods)
    try:
        route_table(replace(CONTRACT, rules=rules), backends)
    finally:
        await backends.close()


async def test_two_methods_at_one_path_are_both_named() -> None:
    with pytest.raises(ContractError) as refused:
        await start_with(HttpRule("GET", "/v1/{name=products/*}", ""))
    assert "guanxi.sales.v1.OrderService.GetOrder" in str(refused.value)
    assert "guanxi.sales.v1.ProductService.GetProduct" in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (HttpRule("GET", "/v1/orders/{name", ""), "expected"),
        (HttpRule("GET", "/v1/orders/{nom}", ""), "no field 'nom'"),
        (HttpRule("POST", "/v1/x", "nom"), "body 'nom' is not one message field"),
        (HttpRule("POST", "/v1/x", "name"), "body 'name' is not one message field"),
        (HttpRule("GET", "/v1/x", "*"), "GET takes no body"),
    ],
)
async def test_a_binding_the_gateway_can_not_serve_names_its_method(
    rule: HttpRule, why: str
) -> None:
    with pytest.raises(ContractError, match=why) as refused:
        await start_with(rule)
    assert "OrderService.GetOrder" in str(refused.value)


async def test_without_token_keys_it_says_which_settings_are_missing(tmp_path: Path) -> None:
    settings = GatewaySettings.load({"GUANXI_DATA_DIR": str(tmp_path)})
    with pytest.raises(StartRefused, match="TOKEN_PRIVATE_KEY"):
        Gateway.of(settings, ())


async def test_a_broken_keys_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "api-keys.json").write_text("{")
    with pytest.raises(StartRefused, match=r"api-keys\.json"):
        Gateway.of(settings_in(tmp_path), ())


@pytest.mark.parametrize("variable", ["LISTEN", "GRPC_LISTEN", "ADMIN_LISTEN"])
async def test_a_taken_port_is_one_sentence_with_the_setting(tmp_path: Path, variable: str) -> None:
    with taken_port() as address:
        gateway = Gateway.of(settings_in(tmp_path, **{variable: address}), ())
        with pytest.raises(StartRefused, match=f"{address}.*GUANXI_GATEWAY_{variable} to another"):
            await gateway.start()
        await gateway.stop()


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="GUANXI_GATEWAY_COLOUR"):
        GatewaySettings.load({"GUANXI_GATEWAY_COLOUR": "red"})


def settings_in(folder: Path, **own: str) -> GatewaySettings:
    addresses = {
        "LISTEN": "127.0.0.1:0",
        "GRPC_LISTEN": "127.0.0.1:0",
        "ADMIN_LISTEN": "127.0.0.1:0",
    }
    return GatewaySettings.load(
        {
            "GUANXI_DATA_DIR": str(folder),
            "GUANXI_GATEWAY_TOKEN_PRIVATE_KEY": keys().private,
            "GUANXI_TOKEN_PUBLIC_KEYS": believed_keys(),
            "GUANXI_DRAIN_WAIT_SECONDS": "0",
            "GUANXI_DRAIN_GRACE_SECONDS": "0",
            **{f"GUANXI_GATEWAY_{name}": text for name, text in {**addresses, **own}.items()},
        }
    )


@contextmanager
def taken_port() -> Iterator[str]:
    with bind("127.0.0.1:0", "") as socket:
        yield f"127.0.0.1:{socket.getsockname()[1]}"
