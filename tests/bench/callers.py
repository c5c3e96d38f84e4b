"""Who calls in a benchmark: a developer with an API key, or with the gateway's own token."""

from __future__ import annotations

from services.chassis.access import Signer
from tests.support.suite import Suite


def api_key(suite: Suite) -> str:
    """The `authorization` that the gateway asks for."""
    return f"Bearer {suite.keys.api_key}"


def internal_token(suite: Suite, audience: str) -> str:
    """The `authorization` that a service asks for; good for a minute, longer than any round."""
    signer = Signer(suite.keys.private_key_files["gateway"].read_text("utf-8"))
    token = signer.sign("users/developer", roles=["admin"], audience=audience)
    return f"Bearer {token}"
