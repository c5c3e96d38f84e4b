"""What every service does in the background for its store and its event log, beside what it is
there for."""

from services.chassis.events.erasing import Compaction
from services.chassis.events.log import EventLog
from services.chassis.events.sequencer import Sequencer
from services.chassis.process.server import Task
from services.chassis.settings import ServiceSettings
from services.chassis.store import Store
from services.chassis.store.purging import Purging

__all__ = ["upkeep"]


def upkeep(store: Store, log: EventLog, settings: ServiceSettings) -> list[Task]:
    """Gives events their positions, deletes expired request ids, compacts events past retention."""
    return [
        Sequencer(log).run,
        Purging(store).run,
        *Compaction.tasks(store, settings.event_retention_days),
    ]
