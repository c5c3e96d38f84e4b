"""What the four processes are told: the user's settings, and what follows from them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.keys import DevelopmentKeys
from deploy.local.problems import CannotStart
from gateway.settings import GatewaySettings
from services.chassis.settings import ServiceSettings, SettingsError, SharedSettings
from services.customer.settings import CustomerSettings
from services.insight.settings import InsightSettings
from services.sales.settings import SalesSettings

SERVICES: tuple[type[ServiceSettings], ...] = (CustomerSettings, SalesSettings, InsightSettings)


@dataclass(frozen=True, slots=True)
class Suite:
    """The settings of all four processes."""

    services: tuple[ServiceSettings, ...]
    gateway: GatewaySettings

    def listeners(self) -> list[tuple[str, str]]:
        """Every `(setting, host:port)` that a process listens on."""
        listeners = [
            (type(service).variable(field), getattr(service, field))
            for service in self.services
            for field in ("listen", "admin_listen")
        ]
        listeners += [
            (GatewaySettings.variable(field), getattr(self.gateway, field))
            for field in ("listen", "grpc_listen", "admin_listen")
        ]
        return listeners

    def admin_addresses(self) -> dict[str, str]:
        """Process name to its admin address."""
        addresses = {service.process: service.admin_listen for service in self.services}
        return {**addresses, self.gateway.process: self.gateway.admin_listen}


def load_suite() -> Suite:
    """Reads all settings as the processes will.

    Raises:
        CannotStart: names every setting that is unknown or malformed.
    """
    problems: list[str] = []
    try:
        services = tuple(settings.load() for settings in SERVICES)
        return Suite(services, GatewaySettings.load())
    except SettingsError as error:
        problems.extend(error.problems)
    raise CannotStart("\n".join(problems))


def child_environment(suite: Suite, keys: DevelopmentKeys) -> dict[str, str]:
    """The user's environment with keys and targets added where the user said nothing."""
    additions = {
        f"GUANXI_{service.process.upper()}_TARGET": service.listen for service in suite.services
    }
    files = {SharedSettings.variable("token_public_keys"): keys.public_keys_file}
    for settings in (*suite.services, suite.gateway):
        files[settings.variable("token_private_key")] = keys.private_key_files[settings.process]
    for variable, path in files.items():
        if not {variable, f"{variable}_FILE"} & os.environ.keys():
            additions[f"{variable}_FILE"] = os.fspath(path)
    return {**additions, **os.environ}


def with_console_logs(environment: Mapping[str, str], *, terminal: bool) -> dict[str, str]:
    """The processes write to a pipe: whether a person reads it is known only here."""
    if not terminal:
        return dict(environment)
    return {"GUANXI_LOG_FORMAT": "console", **environment}
