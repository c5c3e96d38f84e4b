"""The directory of people as insight keeps it, and asks it."""

from services.chassis.people.directory import Directory
from services.chassis.people.told import PeopleStub
from services.chassis.store import Store
from services.insight.people import store
from services.insight.people.messages import USERS

__all__ = ["directory"]


def directory(database: Store, people: PeopleStub | None) -> Directory:
    """Without a stub there is nobody to ask."""
    if people is None:
        return Directory(database, store.users)
    return Directory(database, store.users, USERS.asked_of(people))
