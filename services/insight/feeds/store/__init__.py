"""What is stored of reading the feeds: generations, rebuilds, cursors, who is aside or touched."""

from services.insight.feeds.store.aside import (
    forget_aside,
    names_aside,
    page_of_aside,
    put_back,
    set_aside,
    set_asides,
)
from services.insight.feeds.store.reading import (
    active_generation,
    applied_events,
    base_currency,
    forget_consumer,
    insert_rebuild,
    last_rebuild,
    page_of_parked,
    positions,
    prepare,
    save_rebuild,
    superseded_generations,
    use_generation,
)
from services.insight.feeds.store.touched import (
    current_mark,
    forget_older_touched,
    forget_touched,
    mark_touched,
    touched,
    touched_since,
)

__all__ = [
    "active_generation",
    "applied_events",
    "base_currency",
    "current_mark",
    "forget_aside",
    "forget_consumer",
    "forget_older_touched",
    "forget_touched",
    "insert_rebuild",
    "last_rebuild",
    "mark_touched",
    "names_aside",
    "page_of_aside",
    "page_of_parked",
    "positions",
    "prepare",
    "put_back",
    "save_rebuild",
    "set_aside",
    "set_asides",
    "superseded_generations",
    "touched",
    "touched_since",
    "use_generation",
]
