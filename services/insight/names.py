"""Names of this service's records, which are kept one for a customer."""

__all__ = ["customer_of"]


def customer_of(name: str) -> str:
    """`customers/ann` of `customers/ann/facts`."""
    return name.rpartition("/")[0]
