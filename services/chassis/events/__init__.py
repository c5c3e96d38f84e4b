"""Events between services: `EventLog`, `Sequencer` and `EventFeed` where they are made, `Puller`
and `Reaction` where they are read. Appending one is `WriteTransaction.emit`."""

from services.chassis.access.acting import actor_of
from services.chassis.events.caught_up import CaughtUp
from services.chassis.events.derivation import Derivation
from services.chassis.events.erasing import Compaction, erase, forget
from services.chassis.events.feed import EventFeed
from services.chassis.events.lag import Lag
from services.chassis.events.log import EventLog
from services.chassis.events.parking import ParkedEvent, list_parked, replay
from services.chassis.events.puller import Puller
from services.chassis.events.reaction import Reaction
from services.chassis.events.sequencer import Sequencer

__all__ = [
    "CaughtUp",
    "Compaction",
    "Derivation",
    "EventFeed",
    "EventLog",
    "Lag",
    "ParkedEvent",
    "Puller",
    "Reaction",
    "Sequencer",
    "actor_of",
    "erase",
    "forget",
    "list_parked",
    "replay",
]
