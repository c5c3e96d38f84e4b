"""What the user reads when the suite is up."""

from __future__ import annotations

_TEXT = """
Guanxi is up.

  REST and docs   http://{http}/docs
  gRPC            {grpc}
  API key         {api_key}{demo}

Try, in another terminal:

  curl -H "Authorization: Bearer {api_key}" http://{http}/v1/segments
  {guanxi} brief {customer}
  {guanxi} alerts --watch

Stop with Ctrl-C. The data stays in {data_dir}.
"""

_DEMO = """
  demo            {count} customers, generated, each labelled demo=generated"""


def welcome(
    *, http: str, grpc: str, api_key: str, data_dir: str, guanxi: str, demo_customers: int
) -> str:
    """The text for a suite that listens there; `demo_customers` is 0 without demo data."""
    return _TEXT.format(
        http=http,
        grpc=grpc,
        api_key=api_key,
        data_dir=data_dir,
        guanxi=guanxi,
        customer="lin-trading" if demo_customers else "CUSTOMER",
        demo=_DEMO.format(count=demo_customers) if demo_customers else "",
    )
