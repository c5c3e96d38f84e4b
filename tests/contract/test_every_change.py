"""Whatever changes something needs what its contract requires, does it once for a request id, gives
what it changed another etag, and tells of each once by an event: what was done, and what has become
of it. To check a batch changes nothing.

The methods are those of the contracts: a new one fails until tests/support/worlds says how it is
asked, and is held to this from then on.
"""

from __future__ import annotations

import pytest

from services.chassis.descriptors import load_catalogue
from tests.support.changes import Changes, changes_of
from tests.support.databases import Databases
from tests.support.told import Telling
from tests.support.worlds import WORLDS

OF_READING = (
    "what is derived, and how far it has been read, is what events come to: they give it again"
)
UNTOLD = {
    "StartRebuild": OF_READING,
    "ReplayParkedEvent": OF_READING,
}
TELLING = Telling(
    spoken={
        "RunSegmentation": "SegmentationRan",
        # Told as what it came to: that somebody was created, or changed.
        "UpsertCustomer": "CustomerUpdated",
        "BatchUpsertCustomers": "CustomerUpdated",
        # Of the customer who gave it.
        "RecordConsent": "ConsentRecorded",
        # Of whoever had approved.
        "RestartDecisionChain": "ContactUnapproved",
        # A live alert is told as it is: whether it is read or sleeps, its state says.
        "AcknowledgeAlert": "AlertUpdated",
        "SnoozeAlert": "AlertUpdated",
        # It ends by itself too, and to who watches that is the same.
        "CloseAlert": "AlertResolved",
    },
    apart={"guanxi.insight.v1.Rule.match_count": "in an event there is nobody for whom to count"},
)


@pytest.mark.parametrize("service", WORLDS)
async def test_a_change_takes_what_it_needs_is_made_once_and_told(
    service: str, databases: Databases
) -> None:
    async with WORLDS[service](databases) as world:
        assert await Changes(world, UNTOLD, TELLING).wrong() == {}


def test_every_service_that_changes_something_is_asked() -> None:
    packages = {file.package for file in load_catalogue().files.file}
    services = {name.split(".")[1] for name in packages if name.startswith("guanxi.")}
    changes = {service: changes_of(service) for service in services}
    assert {service for service, found in changes.items() if found} == set(WORLDS)
    assert {each.name for found in changes.values() for each in found} >= set(UNTOLD)
