"""A running chassis for tests: keys, tokens, settings, a server on a free port, a channel to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.chassis.access import Signer, Verifier, load_roles
from services.chassis.client import Channel, connect
from services.chassis.descriptors import methods_of
from services.chassis.metrics import Metrics
from services.chassis.middleware.consistency import CatchingUp
from services.chassis.process.grpc_server import GrpcServer
from services.chassis.process.health import Checked
from services.chassis.settings import ServiceSettings
from tests.support import echo


class EchoSettings(ServiceSettings):
    """Settings as a service has them; its log goes through structlog, where tests read it."""

    process = "sales"
    log_format: Literal["auto", "json", "console"] = "console"
    listen: str = "127.0.0.1:0"
    admin_listen: str = "127.0.0.1:0"


@dataclass(frozen=True, slots=True)
class Keys:
    """A key pair, PEM."""

    private: str
    public: str


def new_keys() -> Keys:
    key = Ed25519PrivateKey.generate()
    return Keys(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def keys(process: str = "gateway") -> Keys:
    """A process's own pair, the same in all tests that do not care which."""
    return _keys_of(process)


@cache
def _keys_of(_: str) -> Keys:
    return new_keys()


@cache
def believed_keys() -> str:
    """What every process is told of whose key is whose."""
    return named_keys(**{name: keys(name) for name in ("gateway", "customer", "sales", "insight")})


def named_keys(**owners: Keys) -> str:
    """GUANXI_TOKEN_PUBLIC_KEYS for these processes."""
    return "".join(f"{name} = {pair.public}" for name, pair in owners.items())


@dataclass(frozen=True, slots=True)
class Token:
    """A token for whoever a test wants to be."""

    subject: str = "users/ann"
    roles: Sequence[str] = ("rep",)
    teams: Sequence[str] = ("teams/north",)
    scopes: Sequence[str] | None = None
    audience: str = "sales"
    request_id: str = ""

    def token(self) -> str:
        """Signed by whoever may speak for the subject."""
        kind, _, name = self.subject.partition("/")
        signer = Signer(keys(name if kind == "services" else "gateway").private)
        return signer.sign(
            self.subject,
            roles=self.roles,
            teams=self.teams,
            scopes=self.scopes,
            audience=self.audience,
            request_id=self.request_id,
        )


ANN = Token()


@dataclass(frozen=True, slots=True)
class Running:
    """A server and what a test asks it about."""

    server: GrpcServer
    metrics: Metrics
    target: str

    def connect(self, identity: Token | None = ANN) -> Channel:
        return connect(self.target, identity=identity, methods=methods_of(echo.SERVICE))


@asynccontextmanager
async def echo_server(
    step: echo.Step,
    *,
    checked: Checked | None = None,
    caught_up: CatchingUp | None = None,
    **variables: Any,
) -> AsyncIterator[Running]:
    """The echo service behind the whole middleware, on a free port of this machine."""
    echo.file()
    metrics = Metrics()
    settings = EchoSettings.load(
        {f"GUANXI_{name.upper()}": str(value) for name, value in variables.items()}
    )
    server = GrpcServer(
        settings,
        domain="sales",
        servicers=[(echo.add_echo, echo.EchoServicer(step))],
        token_verifier=Verifier(believed_keys(), "sales"),
        roles=load_roles(),
        metrics=metrics,
        checked=checked,
        caught_up=caught_up,
    )
    port = await server.start("127.0.0.1:0", "GUANXI_SALES_LISTEN")
    try:
        yield Running(server, metrics, f"127.0.0.1:{port}")
    finally:
        await server.stop(0)
