"""The HTTP side of the gateway: one ASGI application over the route table."""
