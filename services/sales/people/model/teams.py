"""A team, and the tree that teams make."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from services.chassis.creation import New
from services.chassis.errors import invalid
from services.chassis.etag import expect as expect_etag

__all__ = ["MOST_BENEATH", "MOST_LEVELS", "Team", "TeamDraft", "found"]

# A caller's token names their team and all beneath it, with every call.
MOST_BENEATH: Final = 200
MOST_LEVELS: Final = 10


@dataclass(frozen=True, slots=True)
class TeamDraft:
    """What a caller says about a team."""

    display_name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Team:
    """People who work together; `parent` is the team above."""

    name: str
    display_name: str
    parent: str
    create_time: datetime
    update_time: datetime
    etag: str
    fingerprint: bytes

    def expect(self, etag: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH unless the etag is empty or this version's."""
        expect_etag(etag, self.etag, self.name)

    def change(self, draft: TeamDraft, fields: Collection[str], *, at: datetime, etag: str) -> Self:
        """The team with the named fields of the draft; itself where they say nothing new.

        Raises INVALID_ARGUMENT, DISPLAY_NAME_MISSING.
        """
        changed = replace(self, **{field: getattr(draft, field) for field in fields})
        if changed == self:
            return self
        _check_display_name(changed.display_name)
        return replace(changed, update_time=at, etag=etag)


def found(new: New[TeamDraft], *, at: datetime, etag: str) -> Team:
    """A new team. Raises INVALID_ARGUMENT, DISPLAY_NAME_MISSING."""
    draft = new.draft
    _check_display_name(draft.display_name)
    return Team(
        name=new.name,
        display_name=draft.display_name,
        parent=draft.parent,
        create_time=at,
        update_time=at,
        etag=etag,
        fingerprint=new.fingerprint,
    )


def _check_display_name(display_name: str) -> None:
    if not display_name.strip():
        raise invalid("display_name", "DISPLAY_NAME_MISSING", "a team needs a name")
