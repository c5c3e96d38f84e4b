"""Events between services: `EventLog`, `Sequencer` and `EventFeed` where they are made, `Puller`
and `Reaction` where they are read. Appending one is `WriteTransaction.emit`."""

from services.chassis.events.feed import EventFeed
from services.chassis.events.lag import Lag
from services.chassis.events.log import EventLog
from services.chassis.events.parking import ParkedEvent, list_parked, replay
from services.chassis.events.puller import Puller
from services.chassis.events.reaction import Reaction
from services.chassis.events.sequencer import Sequencer

__all__ = [
    "EventFeed",
    "EventLog",
    "Lag",
    "ParkedEvent",
    "Puller",
    "Reaction",
    "Sequencer",
    "list_parked",
    "replay",
]
