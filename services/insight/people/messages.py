"""The directory's messages about users."""

from typing import Final

from guanxi.sales.v1 import people_pb2

from services.chassis.people.told import UserMessages

__all__ = ["USERS"]

USERS: Final = UserMessages(
    people_pb2.BatchGetUsersRequest,
    people_pb2.UserCreated,
    people_pb2.UserUpdated,
    people_pb2.UserDeactivated,
    people_pb2.UserReactivated,
)
