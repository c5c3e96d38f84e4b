"""How many files and connections the system lets this process have open."""

import resource

__all__ = ["allow_open_files"]


def allow_open_files(wanted: int) -> int:
    """Has the system allow so many, as far as it may be asked to; returns how many it allows.

    Many a system begins with 1,024 and gives more to whoever asks.
    """
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    if allowed == resource.RLIM_INFINITY or allowed >= wanted:
        return max(allowed, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return wanted
