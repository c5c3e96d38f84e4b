"""What is stored of reading the feeds: generations, rebuilds, cursors, and who was set aside."""

from services.insight.feeds.store.aside import (
    forget_aside,
    names_aside,
    page_of_aside,
    put_back,
    set_aside,
    set_asides,
)
from services.insight.feeds.store.reading import (
    active_derivation,
    active_generation,
    applied_events,
    base_currency,
    forget_consumer,
    insert_rebuild,
    last_rebuild,
    newest_generation,
    page_of_parked,
    positions,
    prepare,
    save_rebuild,
    superseded_generations,
    use_generation,
)

__all__ = [
    "active_derivation",
    "active_generation",
    "applied_events",
    "base_currency",
    "forget_aside",
    "forget_consumer",
    "insert_rebuild",
    "last_rebuild",
    "names_aside",
    "newest_generation",
    "page_of_aside",
    "page_of_parked",
    "positions",
    "prepare",
    "put_back",
    "save_rebuild",
    "set_aside",
    "set_asides",
    "superseded_generations",
    "use_generation",
]
