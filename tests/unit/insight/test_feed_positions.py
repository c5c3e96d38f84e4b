"""How far a feed is read is a position in an epoch of its log."""

from services.insight.feeds.model import FeedPosition


def test_what_was_read_of_another_log_is_nothing_of_this_one() -> None:
    read = FeedPosition((900, 7, 0), ("before", "after", ""), parked=0)
    assert read.within("after") == (0, 7, 0)
