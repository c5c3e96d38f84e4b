"""Contact points as they are written, for requests."""

from __future__ import annotations

from guanxi.customer.v1.contact_points_pb2 import EmailAddress, PhoneNumber


def phones(*numbers: str) -> list[PhoneNumber]:
    return [PhoneNumber(number=each) for each in numbers]


def emails(*addresses: str) -> list[EmailAddress]:
    return [EmailAddress(address=each) for each in addresses]
