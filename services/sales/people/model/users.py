"""A user: who works here, in which team, for whom, and until when."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from services.chassis.creation import New
from services.chassis.errors import failed_precondition, invalid
from services.chassis.etag import expect as expect_etag
from services.chassis.normal import folded

__all__ = ["Reach", "User", "UserDraft", "join"]


@dataclass(frozen=True, slots=True)
class UserDraft:
    """What a caller says about a user."""

    display_name: str
    email: str = ""
    team: str = ""
    manager: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works here, or did. `…_key` are normal forms, by which they are found."""

    name: str
    display_name: str
    display_name_key: str
    email: str
    email_key: str
    team: str
    manager: str
    active: bool
    deactivate_time: datetime | None
    create_time: datetime
    update_time: datetime
    etag: str
    fingerprint: bytes

    def expect(self, etag: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH unless the etag is empty or this version's."""
        expect_etag(etag, self.etag, self.name)

    def change(self, draft: UserDraft, fields: Collection[str], *, at: datetime, etag: str) -> Self:
        """The user with the named fields of the draft; itself where they say nothing new.

        Raises INVALID_ARGUMENT, DISPLAY_NAME_MISSING.
        """
        given = replace(self, **{field: getattr(draft, field) for field in fields})
        if given == self:
            return self
        _check_display_name(given.display_name)
        return replace(
            given,
            display_name_key=folded(given.display_name),
            email_key=folded(given.email),
            update_time=at,
            etag=etag,
        )

    def deactivate(self, *, at: datetime, etag: str) -> Self:
        """Raises FAILED_PRECONDITION, USER_INACTIVE."""
        if not self.active:
            raise failed_precondition(
                "USER_INACTIVE", f"{self.name} is inactive already", resource=self.name
            )
        return replace(self, active=False, deactivate_time=at, update_time=at, etag=etag)

    def reactivate(self, *, at: datetime, etag: str) -> Self:
        """Raises FAILED_PRECONDITION, USER_ACTIVE."""
        if self.active:
            raise failed_precondition(
                "USER_ACTIVE", f"{self.name} is active already", resource=self.name
            )
        return replace(self, active=True, deactivate_time=None, update_time=at, etag=etag)


@dataclass(frozen=True, slots=True)
class Reach:
    """Who somebody is to the directory: the user, None where it doesn't have them, the teams they
    work for, their own first, and whether anybody is in it."""

    user: User | None
    teams: tuple[str, ...]
    in_use: bool


def join(new: New[UserDraft], *, at: datetime, etag: str) -> User:
    """A new user, or one who is known to have left. Raises INVALID_ARGUMENT,
    DISPLAY_NAME_MISSING."""
    draft = new.draft
    _check_display_name(draft.display_name)
    return User(
        name=new.name,
        display_name=draft.display_name,
        display_name_key=folded(draft.display_name),
        email=draft.email,
        email_key=folded(draft.email),
        team=draft.team,
        manager=draft.manager,
        active=draft.active,
        deactivate_time=None if draft.active else at,
        create_time=at,
        update_time=at,
        etag=etag,
        fingerprint=new.fingerprint,
    )


def _check_display_name(display_name: str) -> None:
    if not display_name.strip():
        raise invalid("display_name", "DISPLAY_NAME_MISSING", "a user needs a name")
