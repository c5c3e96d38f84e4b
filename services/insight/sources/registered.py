"""All sources. A new kind of record is a file like its neighbours' and a place in this tuple."""

from typing import Any, Final

from services.chassis.events.derivation import Derivation
from services.insight.people.messages import USERS
from services.insight.sources.contacts import CONTACTS
from services.insight.sources.customers import CUSTOMERS
from services.insight.sources.orders import ORDERS
from services.insight.sources.source import Readers, Source
from services.insight.sources.touches import TOUCHES

__all__ = ["DERIVATION", "READERS", "SOURCES"]

SOURCES: Final[tuple[Source[Any, Any], ...]] = (CUSTOMERS, CONTACTS, ORDERS, TOUCHES)

READERS: Final = Readers(SOURCES)

# Another version where what is kept of events changes; a type of events that is read from now on
# makes another one by itself. Facts are computed anew by every run and need none.
DERIVATION: Final = Derivation(1, READERS.types | USERS.types)
